"""Values that a process builds from rows that seldom change, and rebuilds every few minutes.

`cachetools.TTLCache` would need a key, a lock and a wrapper, and cannot hand the previous value to its loader.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

CACHE_SECONDS: Final = 300.0
ValueT = TypeVar("ValueT")


class Cached(Generic[ValueT]):
    """A value built by `load`, which gets the previous value or None, so that it can keep what has not changed."""

    def __init__(self, load: Callable[[ValueT | None], ValueT], seconds: float = CACHE_SECONDS) -> None:
        self.load, self.seconds = load, seconds
        self.value: ValueT | None = None
        self.loaded_at = float("-inf")

    def get(self) -> ValueT:
        """Return the value, at most `seconds` old."""
        value = self.value  # other threads may invalidate it meanwhile
        if value is None or time.monotonic() - self.loaded_at > self.seconds:
            self.value = value = self.load(value)
            self.loaded_at = time.monotonic()
        return value

    def invalidate(self) -> None:
        """Rebuild the value when it is used next."""
        self.value = None
