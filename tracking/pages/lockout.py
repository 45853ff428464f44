"""Lock out guessing: count failed identity checks by client IP and by order number."""

from __future__ import annotations

import hashlib
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from tracking.models.fields import number_key

WINDOW_SECONDS: Final = 15 * 60
MAX_FAILURES_BY_IP: Final = 30
MAX_FAILURES_BY_ORDER: Final = 10


def client_ip(request: HttpRequest) -> str:
    """Return the client's IP: as the outermost trusted proxy saw it, or the peer's without a proxy."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted: int = settings.TRUSTED_PROXIES
    # Counted from the right: a client can put any address at the left of this header.
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def lockout_limits(request: HttpRequest, number: str) -> dict[str, int]:
    """Return the cache keys of the counters of an attempt, each with the failures it allows."""
    return {
        f"lockout:ip:{keyed_digest(client_ip(request))}": MAX_FAILURES_BY_IP,
        f"lockout:order:{keyed_digest(number_key(number))}": MAX_FAILURES_BY_ORDER,
    }


def is_locked_out(request: HttpRequest, number: str) -> bool:
    """Return whether this client or order number is locked out, even for a correct attempt."""
    limits = lockout_limits(request, number)
    counts = cache.get_many(limits)
    return any(counts.get(key, 0) >= limit for key, limit in limits.items())


def record_failure(request: HttpRequest, number: str) -> None:
    """Count a failed attempt."""
    for key in lockout_limits(request, number):
        cache.add(key, 0, WINDOW_SECONDS)
        cache.incr(key)


def keyed_digest(value: str) -> str:
    """Return a keyed digest, so that the cache holds no addresses and no order numbers."""
    return hashlib.blake2s(value.encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=12).hexdigest()
