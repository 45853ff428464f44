"""Row 15: one sweep of the parcels whose alert check is due, among few and among many parcels."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from tests import factories
from tests.bench.claiming import LARGE_COUNT, SMALL_COUNT
from tests.bench.measurement import ROUNDS, Row, measure_seconds
from tracking.ingest import alerts
from tracking.models import Shipment

INSERT_SHIPMENTS: Final = """
INSERT INTO tracking_shipment
    (token, order_id, origin_country, milestone, overlay, journey, journeys, problem_scan, last_scan, activity_factor,
     carrier_date_source, has_statements, has_other_parcel, has_only_earlier_use, is_untracked,
     is_cancelled_by_operator, revision, created_at, alerts_due_at)
SELECT 'S' || n, %s, '', 'pending', '', 'outbound', '[]', '', '', 1, '', false, false, false, false, false, 0, now(),
    now() + interval '1 hour' + n * interval '1 second'
FROM generate_series(%s::bigint, %s::bigint) AS n
"""


def fill_shipments(total: int) -> None:
    """Insert parcels whose check is not due yet, until there are `total`."""
    order = factories.create_order(placed_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SHIPMENTS, [order.pk, Shipment.objects.count(), total - 1])
        cursor.execute("ANALYZE tracking_shipment")


def sweep_once() -> float:
    """Return the milliseconds that one sweep of 500 due parcels takes."""
    now = timezone.now()
    waiting = Shipment.objects.filter(alerts_due_at__gt=now + timedelta(minutes=30))
    due = list(waiting.values_list("pk", flat=True)[: alerts.BATCH_SIZE])
    Shipment.objects.filter(pk__in=due).update(alerts_due_at=now - timedelta(seconds=1))
    checked: list[int] = []
    seconds = measure_seconds(lambda: checked.append(alerts.check_due_alerts(now)))
    assert checked == [alerts.BATCH_SIZE]
    return seconds * 1000


def median_sweep_ms(count: int) -> float:
    """Return the median milliseconds of a sweep among `count` open parcels."""
    Shipment.objects.all().delete()
    fill_shipments(count)
    sweep_once()
    return statistics.median(sweep_once() for _ in range(2 * ROUNDS))


def alert_sweep_row() -> Row:
    """Measure row 15."""
    few, many = median_sweep_ms(SMALL_COUNT), median_sweep_ms(LARGE_COUNT)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_shipment CASCADE")
    details = {"at 10 thousand": f"{few:.1f} ms", "at 1 million": f"{many:.1f} ms"}
    return Row(15, "check 500 due parcels, 1 million / 10 thousand", many / few, 1.3, False, details)
