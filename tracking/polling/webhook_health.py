"""Feeds that push: how often they usually do, and when their silence means that we must ask ourselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F

from tracking.models import Carrier, Leg
from tracking.polling import schedule

USUAL_SHARE: Final = 0.1
"""How much the latest gap between two pushes counts in the usual one."""
GAPS_TO_SILENCE: Final = 10
SHORTEST_SILENCE: Final = timedelta(hours=2)
LONGEST_SILENCE: Final = timedelta(hours=24)
MISSES_TO_SILENCE: Final = 3
log: Final = structlog.get_logger()


def note_push(carrier: Carrier, now: datetime) -> None:
    """Note that a feed pushed: it is not silent, and its usual gap moves a little towards this one."""
    last, usual = carrier.last_webhook_at, carrier.push_gap_seconds
    if last is not None:
        gap = (now - last).total_seconds()
        usual = gap if usual is None else usual + USUAL_SHARE * (gap - usual)
    Carrier.objects.filter(pk=carrier.pk).update(
        last_webhook_at=now, push_gap_seconds=usual, missed_pushes=0, silent_since=None
    )


def note_missed(carrier: Carrier) -> None:
    """Note that a question brought news which this feed should have pushed."""
    if carrier.last_webhook_at is not None:
        Carrier.objects.filter(pk=carrier.pk).update(missed_pushes=F("missed_pushes") + 1)


def has_gone_silent(carrier: Carrier, now: datetime) -> bool:
    """Tell whether a feed that pushed has stopped: far longer than its usual gap, or we found out by asking."""
    if carrier.last_webhook_at is None:
        return False
    usual = timedelta(seconds=carrier.push_gap_seconds or 0) * GAPS_TO_SILENCE
    allowed = min(max(usual, SHORTEST_SILENCE), LONGEST_SILENCE)
    return carrier.missed_pushes >= MISSES_TO_SILENCE or now - carrier.last_webhook_at > allowed


def watch(now: datetime) -> list[Carrier]:
    """Find the feeds that went silent, have their parcels asked about again, and return them."""
    pushing = Carrier.objects.answering(now).filter(silent_since=None).exclude(last_webhook_at=None)
    silent = [carrier for carrier in pushing if has_gone_silent(carrier, now)]
    for carrier in silent:
        Carrier.objects.filter(pk=carrier.pk).update(silent_since=now)
        moved = schedule.rethink(Leg.objects.filter(source=carrier), now)
        log.warning("feed went silent; asking instead", carrier=carrier.slug, legs=moved)
    return silent
