"""What a process remembers of rows that seldom change: read again every few minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

CACHE_SECONDS: Final = 300.0
ValueT = TypeVar("ValueT")


class Cached(Generic[ValueT]):
    """One thing made of rows by `read`, which is given what it made before, or None."""

    def __init__(self, load: Callable[[ValueT | None], ValueT]) -> None:
        self.load = load
        self.value: ValueT | None = None
        self.loaded_at = float("-inf")

    def get(self) -> ValueT:
        """Return what the rows hold, as they were some minutes ago at the most."""
        if self.value is None or time.monotonic() - self.loaded_at > CACHE_SECONDS:
            self.value = self.load(self.value)
            self.loaded_at = time.monotonic()
        return self.value

    def invalidate(self) -> None:
        """Read the rows anew at the next look."""
        self.value = None
