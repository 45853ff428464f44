"""What a process remembers of rows that seldom change: read again every few minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

KEPT_SECONDS: Final = 300.0
T = TypeVar("T")


class Shelf(Generic[T]):
    """One thing made of rows by `read`, which is given what it made before, or None."""

    def __init__(self, read: Callable[[T | None], T]) -> None:
        self.read = read
        self.kept: T | None = None
        self.read_at = float("-inf")

    def current(self) -> T:
        """Return what the rows hold, as they were some minutes ago at the most."""
        if self.kept is None or time.monotonic() - self.read_at > KEPT_SECONDS:
            self.kept = self.read(self.kept)
            self.read_at = time.monotonic()
        return self.kept

    def forget(self) -> None:
        """Read the rows anew at the next look."""
        self.kept = None
