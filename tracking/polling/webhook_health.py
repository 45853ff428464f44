"""Feeds that push: how often they usually do, and when their silence means that we must ask ourselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F

from tracking.models import Carrier, Leg
from tracking.polling import schedule

GAP_SMOOTHING: Final = 0.1
"""How much the latest gap between two pushes counts in the usual one."""
SILENT_AFTER_GAPS: Final = 10
MIN_SILENCE: Final = timedelta(hours=2)
MAX_SILENCE: Final = timedelta(hours=24)
SILENT_AFTER_MISSES: Final = 3
log: Final = structlog.get_logger()


def record_webhook(carrier: Carrier, now: datetime) -> None:
    """Note that a feed pushed: it is not silent, and its usual gap moves a little towards this one."""
    last, usual = carrier.last_webhook_at, carrier.webhook_interval_seconds
    if last is not None:
        gap = (now - last).total_seconds()
        usual = gap if usual is None else usual + GAP_SMOOTHING * (gap - usual)
    Carrier.objects.filter(pk=carrier.pk).update(
        last_webhook_at=now, webhook_interval_seconds=usual, missed_webhooks=0, webhooks_silent_since=None
    )


def record_missed_webhook(carrier: Carrier) -> None:
    """Note that a question brought news which this feed should have pushed."""
    if carrier.last_webhook_at is not None:
        Carrier.objects.filter(pk=carrier.pk).update(missed_webhooks=F("missed_webhooks") + 1)


def has_gone_silent(carrier: Carrier, now: datetime) -> bool:
    """Tell whether a feed that pushed has stopped: far longer than its usual gap, or we found out by asking."""
    if carrier.last_webhook_at is None:
        return False
    usual = timedelta(seconds=carrier.webhook_interval_seconds or 0) * SILENT_AFTER_GAPS
    allowed = min(max(usual, MIN_SILENCE), MAX_SILENCE)
    return carrier.missed_webhooks >= SILENT_AFTER_MISSES or now - carrier.last_webhook_at > allowed


def detect_silent_feeds(now: datetime) -> list[Carrier]:
    """Find the feeds that went silent, have their parcels asked about again, and return them."""
    pushing = Carrier.objects.pollable(now).filter(webhooks_silent_since=None).exclude(last_webhook_at=None)
    silent = [carrier for carrier in pushing if has_gone_silent(carrier, now)]
    for carrier in silent:
        Carrier.objects.filter(pk=carrier.pk).update(webhooks_silent_since=now)
        moved = schedule.reschedule_sooner(Leg.objects.filter(feed=carrier), now)
        log.warning("feed went silent; asking instead", carrier=carrier.slug, legs=moved)
    return silent
