"""Liveness (/healthz) and readiness (/readyz) of the site, for load balancers and supervisors."""

from __future__ import annotations

import time
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

MAX_HEARTBEAT_AGE_SECONDS: Final = {"worker": 15.0, "beat": 30.0}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process handles requests."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker, worker and beat all work, else 503; the JSON body names what does not."""
    checks = {"database": check_database(), **check_broker_and_workers()}
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


def check_database() -> dict[str, object]:
    """Check that the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def check_broker_and_workers() -> dict[str, dict[str, object]]:
    """Check the broker, and the heartbeats of worker and beat that it holds."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            heartbeats = client.mget([f"heartbeat:{name}" for name in MAX_HEARTBEAT_AGE_SECONDS])
    except redis.RedisError as error:
        broker: dict[str, object] = {"ok": False, "error": type(error).__name__}
        return {"broker": broker, **{name: {"ok": False, "error": "unknown"} for name in MAX_HEARTBEAT_AGE_SECONDS}}
    ages = dict(zip(MAX_HEARTBEAT_AGE_SECONDS, map(heartbeat_age, heartbeats), strict=True))
    return {"broker": {"ok": True}, **{name: check_heartbeat(name, seconds) for name, seconds in ages.items()}}


def heartbeat_age(heartbeat: bytes | None) -> float | None:
    """Return the age in seconds of a stored heartbeat; None where there is none."""
    return round(time.time() - float(heartbeat), 1) if heartbeat else None


def check_heartbeat(name: str, age_seconds: float | None) -> dict[str, object]:
    """Return whether a heartbeat is recent enough for its process, and its age."""
    return {"ok": age_seconds is not None and age_seconds < MAX_HEARTBEAT_AGE_SECONDS[name], "seconds_ago": age_seconds}
