"""Is this process alive, and is there what it needs?"""

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
    """Answer 200 while this process can answer at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker, worker and beat are all there, else 503; the body says which is not."""
    checks = {"database": check_database(), **check_broker_and_workers()}
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


def check_database() -> dict[str, object]:
    """Ask the database for one row."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as trouble:
        return {"ok": False, "error": type(trouble).__name__}
    return {"ok": True}


def check_broker_and_workers() -> dict[str, dict[str, object]]:
    """Ask the broker, and read from it when worker and beat were last alive (seconds ago)."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            marks = client.mget([f"heartbeat:{name}" for name in MAX_HEARTBEAT_AGE_SECONDS])
    except redis.RedisError as trouble:
        away = {"ok": False, "error": type(trouble).__name__}
        return {"broker": away, **{name: {"ok": False, "error": "unknown"} for name in MAX_HEARTBEAT_AGE_SECONDS}}
    ages = {name: heartbeat_age(mark) for name, mark in zip(MAX_HEARTBEAT_AGE_SECONDS, marks, strict=True)}
    return {"broker": {"ok": True}, **{name: check_heartbeat(name, seconds) for name, seconds in ages.items()}}


def heartbeat_age(heartbeat: bytes | None) -> float | None:
    """Return how many seconds ago a mark was set; None for never."""
    return round(time.time() - float(heartbeat), 1) if heartbeat else None


def check_heartbeat(name: str, age_seconds: float | None) -> dict[str, object]:
    """Judge the age of a heartbeat."""
    return {"ok": age_seconds is not None and age_seconds < MAX_HEARTBEAT_AGE_SECONDS[name], "seconds_ago": age_seconds}
