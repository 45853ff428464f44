"""Tell open pages through Redis that their shipment or order has changed.

The message only names the parcel that changed: the page fetches it through its normal view, in its reader's language.
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
    """Return the Redis client of this process, with its connection pool."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def publish_after_commit(shipments: Iterable[Shipment]) -> None:
    """Publish an update after commit for each shipment's page and for its order's page."""
    updates = [(page, shipment.token) for shipment in shipments for page in (shipment.token, shipment.order.token)]
    if updates:
        transaction.on_commit(lambda: publish(updates))


def publish(updates: Iterable[tuple[str, str]]) -> None:
    """Publish for each page token the token of the parcel that changed.

    Without Redis only the live update is lost: pages have a refresh link.
    """
    try:
        pipe = redis_client().pipeline(transaction=False)
        for page, parcel in updates:
            # The stream compares this time with that of the page, in case the update came before the page subscribed.
            pipe.set(f"{LAST_UPDATE_PREFIX}{page}", int(time.time() * 1000), ex=LAST_UPDATE_TTL_SECONDS)
            pipe.publish(f"{CHANNEL_PREFIX}{page}", parcel)
        pipe.execute()
    except redis.RedisError as error:
        log.warning("page update not published", error=str(error))
