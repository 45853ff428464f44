"""A carrier's health: when it fails it is left alone for a while, longer each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import QuerySet

from tracking.carriers.adapter import CarrierTrouble, Refused, Throttled
from tracking.models import Carrier

FAILURES_TO_OPEN: Final = 3
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
log: Final = structlog.get_logger()


def note_success(carrier: Carrier, now: datetime) -> None:
    """Note a good answer: the circuit closes."""
    Carrier.objects.filter(pk=carrier.pk).update(last_success_at=now, failures=0, closed_until=None, last_error="")


def close(carriers: QuerySet[Carrier]) -> int:
    """Let resting feeds be asked again at once; return how many."""
    return Carrier.objects.filter(pk__in=carriers.values("pk")).update(closed_until=None, failures=0)


def note_trouble(carrier: Carrier, trouble: CarrierTrouble, now: datetime) -> datetime | None:
    """Note a failure and return until when this carrier must not be asked; None while it still may be."""
    carrier.refresh_from_db(fields=["failures"])
    failures = carrier.failures + (0 if isinstance(trouble, Throttled) else 1)
    until = pause(trouble, failures, now)
    Carrier.objects.filter(pk=carrier.pk).update(
        failures=failures, last_error=str(trouble)[:2000], last_error_at=now, closed_until=until
    )
    log.warning("carrier trouble", carrier=carrier.slug, error=str(trouble), failures=failures, not_asked_until=until)
    return until


def pause(trouble: CarrierTrouble, failures: int, now: datetime) -> datetime | None:
    """Return until when to leave a carrier alone: as long as it asks, or doubling with each failure in a row."""
    if isinstance(trouble, Throttled):
        return now + timedelta(seconds=trouble.seconds)
    if isinstance(trouble, Refused):
        return now + LONGEST_PAUSE
    if failures < FAILURES_TO_OPEN:
        return None
    return now + min(FIRST_PAUSE * (1 << min(failures - FAILURES_TO_OPEN, 10)), LONGEST_PAUSE)
