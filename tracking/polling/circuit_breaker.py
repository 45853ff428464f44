"""A circuit breaker for each carrier: after repeated failures, calls pause, longer each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import QuerySet

from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.models import Carrier

FAILURES_TO_OPEN: Final = 3
MIN_PAUSE: Final = timedelta(minutes=1)
MAX_PAUSE: Final = timedelta(hours=1)
log: Final = structlog.get_logger()


def record_success(carrier: Carrier, now: datetime) -> None:
    """Record a successful call: close the circuit and clear the last error."""
    Carrier.objects.filter(pk=carrier.pk).update(
        last_success_at=now, consecutive_failures=0, circuit_open_until=None, last_error=""
    )


def close_circuits(carriers: QuerySet[Carrier]) -> int:
    """Let these carriers be polled again at once, whatever paused them; return how many there are."""
    return Carrier.objects.filter(pk__in=carriers.values("pk")).update(circuit_open_until=None, consecutive_failures=0)


def record_failure(carrier: Carrier, error: CarrierError, now: datetime) -> datetime | None:
    """Record a failed call and return until when calls pause, or None while the carrier may still be called."""
    # Other workers count failures of the same carrier: the count in memory may be old.
    carrier.refresh_from_db(fields=["consecutive_failures"])
    failures = carrier.consecutive_failures + (0 if isinstance(error, RateLimitedError) else 1)
    until = paused_until(error, failures, now)
    Carrier.objects.filter(pk=carrier.pk).update(
        consecutive_failures=failures, last_error=str(error)[:2000], last_error_at=now, circuit_open_until=until
    )
    log.warning("carrier call failed", carrier=carrier.slug, error=str(error), failures=failures, paused_until=until)
    return until


def paused_until(error: CarrierError, failures: int, now: datetime) -> datetime | None:
    """Return until when to pause calls: for as long as the carrier asks, else doubling with each failure in a row.

    A rejected request (wrong credentials, say) pauses for `MAX_PAUSE` at once, since a retry would be rejected too.
    None means no pause.
    """
    if isinstance(error, RateLimitedError):
        return now + timedelta(seconds=error.retry_after_seconds)
    if isinstance(error, RequestRejectedError):
        return now + MAX_PAUSE
    if failures < FAILURES_TO_OPEN:
        return None
    return now + min(MIN_PAUSE * (1 << min(failures - FAILURES_TO_OPEN, 10)), MAX_PAUSE)
