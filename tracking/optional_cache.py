"""Django's Redis cache, without which pages are slower but never fail: while Redis is away every key is missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

RETRY_AFTER_SECONDS: Final = 5.0
"""How long Redis is left alone after a failure, so that not each page waits for its timeout."""
log: Final = structlog.get_logger()
AnswerT = TypeVar("AnswerT")


class KeptClient(RedisCacheClient):
    """Django's client with one Redis client for all calls, on one server: making one takes longer than a call."""

    kept: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if self.kept is None:
            self.kept = super().get_client(key, write=write)
        return self.kept


class OptionalRedisCache(RedisCache):
    """A cache that logs failures of Redis and answers as if it were empty. Keys live for `TIMEOUT` at most."""

    unavailable_until = 0.0
    """A time of `time.monotonic`, for all threads of the process."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    def attempt(self, call: Callable[[], AnswerT], fallback: AnswerT) -> AnswerT:
        """Return the answer of Redis, or `fallback` while it cannot be reached."""
        if time.monotonic() < OptionalRedisCache.unavailable_until:
            return fallback
        try:
            return call()
        except RedisError as error:
            OptionalRedisCache.unavailable_until = time.monotonic() + RETRY_AFTER_SECONDS
            log.warning("cache not used: cannot reach Redis", error=str(error))
            return fallback

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> Any:
        """Return the seconds that a key lives: never longer than the cache's own timeout."""
        longest = self.default_timeout
        wanted = longest if timeout is DEFAULT_TIMEOUT or timeout is None else timeout
        return super().get_backend_timeout(wanted if longest is None or wanted is None else min(wanted, longest))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self.attempt(lambda: super(OptionalRedisCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self.attempt(lambda: super(OptionalRedisCache, self).set(key, value, timeout, version), None)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self.attempt(lambda: super(OptionalRedisCache, self).delete(key, version), False)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return self.attempt(lambda: super(OptionalRedisCache, self).has_key(key, version), False)
