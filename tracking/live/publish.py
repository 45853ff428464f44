"""Ring and hear a shipment's bell: the open page learns within milliseconds that its parcel moved.

A bell carries no news, only the revision; the page then fetches itself through the normal view, in its own language.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import redis
import structlog
from django.conf import settings
from django.db import transaction

from tracking.models import Shipment

log: Final = structlog.get_logger()
CHANNEL_PREFIX: Final = "page-update:"
LAST_UPDATE_PREFIX: Final = "last-update:"
LAST_UPDATE_TTL_SECONDS: Final = 3600


@lru_cache(maxsize=1)
def redis_client() -> redis.Redis:
    """Return this process's connection pool to the bell."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def publish_after_commit(shipments: Iterable[Shipment]) -> None:
    """Ring once the changes can be seen: for each parcel's own page, and for its order's."""
    tokens = [token for shipment in shipments for token in (shipment.token, shipment.order.token)]
    if tokens:
        transaction.on_commit(lambda: publish(tokens))


def publish(tokens: Iterable[str]) -> None:
    """Ring for each page. A broker that is away costs the live update and nothing else: the page has a refresh link."""
    try:
        pipe = redis_client().pipeline(transaction=False)
        for token in tokens:
            pipe.set(f"{LAST_UPDATE_PREFIX}{token}", int(time.time() * 1000), ex=LAST_UPDATE_TTL_SECONDS)
            pipe.publish(f"{CHANNEL_PREFIX}{token}", "updated")
        pipe.execute()
    except redis.RedisError as trouble:
        log.warning("page update not published", error=str(trouble))
