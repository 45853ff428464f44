"""Work of which no more than one job at a time may run: on a whole site, or on one machine by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from tracking import live

log: Final = structlog.get_logger()


@contextmanager
def one_at_a_time(name: str, seconds: float) -> Iterator[bool]:
    """Tell whether it is our turn, and keep it for the block; a worker that dies gives it back after `seconds`."""
    lock = live.client().lock(f"turn:{name}", timeout=seconds, blocking=False)
    mine = bool(lock.acquire())
    try:
        yield mine
    finally:
        if mine:
            give_back(lock, name)


def give_back(lock: Lock, name: str) -> None:
    """End a turn; one that lasted too long has been given to another already."""
    try:
        lock.release()
    except LockNotOwnedError:
        log.warning("a turn took too long", name=name)
