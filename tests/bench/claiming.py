"""Rows 10 and 12: claiming due legs among few and among many, and the legs that fit in one message."""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final
from unittest.mock import patch

from django.db import connection, transaction
from django.utils import timezone

from tests import factories
from tests.bench.measurement import ROUNDS, Row, measure_seconds
from tracking.models import Leg, Shipment
from tracking.polling import schedule
from tracking.tasks import LEGS_PER_MESSAGE, fetch_carrier_legs, fetch_due_legs

SMALL_COUNT: Final = 10_000
LARGE_COUNT: Final = 1_000_000
DUE_COUNT: Final = 500
INSERT_LEGS: Final = """
INSERT INTO tracking_leg
    (shipment_id, position, feed_id, number, number_key, feed_state, next_check_at, consecutive_failures, last_error,
     ignored_feeds, aliases, complete_answers)
SELECT %s, 0, %s, 'B' || n, 'B' || n, 'active', now() + interval '1 hour' + n * interval '1 second', 0, '',
       '[]', '[]', '{}'
FROM generate_series(%s::bigint, %s::bigint) AS n
"""


def fill_legs(total: int) -> None:
    """Insert legs that are not due yet, until there are `total`."""
    feed, shipment = factories.create_feed(), Shipment.objects.create(order=factories.create_order())
    with connection.cursor() as cursor:
        cursor.execute(INSERT_LEGS, [shipment.pk, feed.pk, Leg.objects.count(), total - 1])
        cursor.execute("ANALYZE tracking_leg")


def claim_once() -> float:
    """Return the milliseconds that claiming 500 due legs takes."""
    now = timezone.now()
    due = list(
        Leg.objects.filter(next_check_at__gt=now + timedelta(minutes=30)).values_list("pk", flat=True)[:DUE_COUNT]
    )
    Leg.objects.filter(pk__in=due).update(next_check_at=now - timedelta(seconds=1))
    claimed: dict[int, list[int]] = {}
    with transaction.atomic():
        seconds = measure_seconds(lambda: claimed.update(schedule.claim_due_legs(now)))
    assert sum(map(len, claimed.values())) == DUE_COUNT
    return seconds * 1000


def median_claim_ms(count: int) -> float:
    """Return the median milliseconds of a claim among `count` waiting legs."""
    Leg.objects.all().delete()
    fill_legs(count)
    claim_once()
    return statistics.median(claim_once() for _ in range(2 * ROUNDS))


def claim_row() -> Row:
    """Measure row 10."""
    few, many = median_claim_ms(SMALL_COUNT), median_claim_ms(LARGE_COUNT)
    Leg.objects.all().delete()
    details = {"at 10 thousand": f"{few:.2f} ms", "at 1 million": f"{many:.2f} ms"}
    return Row(10, "claim 500 due legs, at 1 million / 10 thousand", many / few, 1.3, False, details)


def legs_per_message_row() -> Row:
    """Measure row 12: how many legs a message of `fetch_due_legs` carries, for a thousand due legs of one feed."""
    Leg.objects.all().delete()
    fill_legs(1000)
    Leg.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    with patch.object(fetch_carrier_legs, "apply_async") as sent:
        legs = fetch_due_legs()
    per_leg = sent.call_count / legs
    details = {"legs": legs, "messages": sent.call_count}
    return Row(12, "legs per message", 1 / per_leg, LEGS_PER_MESSAGE, True, details)
