"""Rows 10 and 12: claiming due legs among few and among many, and the messages that a claim costs."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final
from unittest.mock import patch

from django.db import connection, transaction
from django.utils import timezone

from tests import make
from tests.bench.machine import ROUNDS, Row, seconds
from tracking.models import Leg, Shipment
from tracking.polling import schedule
from tracking.tasks import LEGS_PER_MESSAGE, ask_carrier, refresh_due

FEW: Final = 10_000
MANY: Final = 1_000_000
DUE: Final = 500
INSERT_LEGS: Final = """
INSERT INTO tracking_leg
    (shipment_id, position, source_id, number, number_key, tracker, next_check_at, failures, trouble,
     distrusts, heard)
SELECT %s, 0, %s, 'B' || at, 'B' || at, 'active', now() + interval '1 hour' + at * interval '1 second', 0, '',
       '[]', '[]'
FROM generate_series(%s::bigint, %s::bigint) AS at
"""


def fill(until: int) -> None:
    """Make waiting legs until there are that many."""
    feed, shipment = make.feed(), Shipment.objects.create(order=make.order())
    with connection.cursor() as cursor:
        cursor.execute(INSERT_LEGS, [shipment.pk, feed.pk, Leg.objects.count(), until - 1])
        cursor.execute("ANALYZE tracking_leg")


def claim_once() -> float:
    """Return the milliseconds that claiming 500 due legs takes."""
    now = timezone.now()
    due = list(Leg.objects.filter(next_check_at__gt=now + timedelta(minutes=30)).values_list("pk", flat=True)[:DUE])
    Leg.objects.filter(pk__in=due).update(next_check_at=now - timedelta(seconds=1))
    claimed: dict[int, list[int]] = {}
    with transaction.atomic():
        took = seconds(lambda: claimed.update(schedule.claim(now)))
    assert sum(map(len, claimed.values())) == DUE
    return took * 1000


def claimed_among(count: int) -> float:
    """Return the median milliseconds of a claim when that many legs wait."""
    Leg.objects.all().delete()
    fill(count)
    claim_once()
    return statistics.median(claim_once() for _ in range(2 * ROUNDS))


def row() -> Row:
    """Measure row 10."""
    few, many = claimed_among(FEW), claimed_among(MANY)
    Leg.objects.all().delete()
    details = {"at 10 thousand": f"{few:.2f} ms", "at 1 million": f"{many:.2f} ms"}
    return Row(10, "claim 500 due legs, at 1 million / 10 thousand", many / few, 1.3, False, details)


def messages_row() -> Row:
    """Count row 12: the messages that beat's job sends for a thousand due legs of one feed."""
    Leg.objects.all().delete()
    fill(1000)
    Leg.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    with patch.object(ask_carrier, "apply_async") as sent:
        legs = refresh_due()
    per_leg = sent.call_count / legs
    details = {"legs": legs, "messages": sent.call_count}
    return Row(12, "legs per message", 1 / per_leg, LEGS_PER_MESSAGE, True, details)
