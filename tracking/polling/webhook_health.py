"""The health of webhooks: how often a feed usually sends them, and when it has gone silent and must be polled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.db.models import F

from tracking.models import Carrier, Leg
from tracking.polling import schedule

GAP_SMOOTHING: Final = 0.1
"""The weight of the latest gap between two webhooks in their moving average."""
SILENT_AFTER_GAPS: Final = 10
MIN_SILENCE: Final = timedelta(hours=2)
MAX_SILENCE: Final = timedelta(hours=24)
SILENT_AFTER_MISSES: Final = 3
"""How many times polling may find events that the feed should have sent before the feed counts as silent."""
RECORD_INTERVAL: Final = timedelta(seconds=5)
"""Far below the silence that counts: a busy feed does not need its row updated with every webhook."""
NEVER: Final = datetime.min.replace(tzinfo=UTC)
RECORDED_AT: Final[dict[int, datetime]] = {}
log: Final = structlog.get_logger()


def record_webhook(carrier: Carrier, now: datetime) -> None:
    """Record a webhook: the feed is not silent, and its usual gap moves a little towards the latest one."""
    last_at, usual_seconds = carrier.last_webhook_at, carrier.webhook_interval_seconds
    if last_at is not None:
        gap = (now - last_at).total_seconds()
        usual_seconds = gap if usual_seconds is None else usual_seconds + GAP_SMOOTHING * (gap - usual_seconds)
    Carrier.objects.filter(pk=carrier.pk).update(
        last_webhook_at=now, webhook_interval_seconds=usual_seconds, missed_webhooks=0, webhooks_silent_since=None
    )


def record_webhooks(carrier_ids: Iterable[int], now: datetime) -> None:
    """Record that feeds sent webhooks, each feed at most once every `RECORD_INTERVAL` in this process."""
    due = [key for key in carrier_ids if abs(now - RECORDED_AT.get(key, NEVER)) >= RECORD_INTERVAL]
    for carrier in Carrier.objects.filter(pk__in=due) if due else ():
        record_webhook(carrier, now)
        RECORDED_AT[carrier.pk] = now


def record_missed_webhook(carrier: Carrier) -> None:
    """Record that polling found events that this feed should have sent, if it ever sent webhooks at all."""
    if carrier.last_webhook_at is not None:
        Carrier.objects.filter(pk=carrier.pk).update(missed_webhooks=F("missed_webhooks") + 1)


def has_gone_silent(carrier: Carrier, now: datetime) -> bool:
    """Return whether a feed has stopped sending webhooks, by its usual gap or by events that only polling found."""
    if carrier.last_webhook_at is None:
        return False
    tolerated = timedelta(seconds=carrier.webhook_interval_seconds or 0) * SILENT_AFTER_GAPS
    allowed = min(max(tolerated, MIN_SILENCE), MAX_SILENCE)
    return carrier.missed_webhooks >= SILENT_AFTER_MISSES or now - carrier.last_webhook_at > allowed


def detect_silent_feeds(now: datetime) -> list[Carrier]:
    """Find the feeds that went silent, poll their legs sooner, and return the feeds."""
    sending = Carrier.objects.pollable(now).filter(webhooks_silent_since=None).exclude(last_webhook_at=None)
    silent = [carrier for carrier in sending if has_gone_silent(carrier, now)]
    for carrier in silent:
        # Before rescheduling, which reads it: a call costs less once the feed no longer sends webhooks.
        Carrier.objects.filter(pk=carrier.pk).update(webhooks_silent_since=now)
        moved = schedule.reschedule_sooner(Leg.objects.filter(feed=carrier), now)
        log.warning("feed went silent; polling instead", carrier=carrier.slug, legs=moved)
    return silent
