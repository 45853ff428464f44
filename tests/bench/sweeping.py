"""Row 15: looking at parcels whose next look for alarms is due, among few and among many."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from tests import make
from tests.bench.claiming import FEW, MANY
from tests.bench.machine import ROUNDS, Row, seconds
from tracking.ingest import alerts
from tracking.models import Shipment

INSERT_SHIPMENTS: Final = """
INSERT INTO tracking_shipment
    (token, order_id, origin_country, milestone, overlay, last_scan, liveliness, carrier_date_source, revision,
     created_at, look_at)
SELECT 'S' || at, %s, '', 'pending', '', '', 1, '', 0, now(), now() + interval '1 hour' + at * interval '1 second'
FROM generate_series(%s::bigint, %s::bigint) AS at
"""


def fill(until: int) -> None:
    """Make waiting parcels until there are that many."""
    order = make.order(placed_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SHIPMENTS, [order.pk, Shipment.objects.count(), until - 1])
        cursor.execute("ANALYZE tracking_shipment")


def sweep_once() -> float:
    """Return the milliseconds that one sweep of 500 due parcels takes."""
    now = timezone.now()
    ahead = Shipment.objects.filter(look_at__gt=now + timedelta(minutes=30))
    due = list(ahead.values_list("pk", flat=True)[: alerts.AT_ONCE])
    Shipment.objects.filter(pk__in=due).update(look_at=now - timedelta(seconds=1))
    looked: list[int] = []
    took = seconds(lambda: looked.append(alerts.sweep(now)))
    assert looked == [alerts.AT_ONCE]
    return took * 1000


def swept_among(count: int) -> float:
    """Return the median milliseconds of a sweep when that many parcels are open."""
    Shipment.objects.all().delete()
    fill(count)
    sweep_once()
    return statistics.median(sweep_once() for _ in range(2 * ROUNDS))


def row() -> Row:
    """Measure row 15."""
    few, many = swept_among(FEW), swept_among(MANY)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_shipment CASCADE")
    details = {"at 10 thousand": f"{few:.1f} ms", "at 1 million": f"{many:.1f} ms"}
    return Row(15, "look at 500 due parcels, 1 million / 10 thousand", many / few, 1.3, False, details)
