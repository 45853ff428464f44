"""Work of which a worker does no more than one job at a time, so that slow work never takes all of its hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from tracking.live import publish

log: Final = structlog.get_logger()


@contextmanager
def hold_worker_lock(worker: str, name: str, seconds: float) -> Iterator[bool]:
    """Tell whether it is our turn, and keep it for the block.

    A worker that dies gives it back after `seconds`, or when a worker of its name starts.
    """
    lock = publish.redis_client().lock(f"turn:{worker}:{name}", timeout=seconds, blocking=False)
    mine = bool(lock.acquire())
    try:
        yield mine
    finally:
        if mine:
            release(lock, name)


def release(lock: Lock, name: str) -> None:
    """End a turn; one that lasted too long has been given to another already."""
    try:
        lock.release()
    except LockNotOwnedError:
        log.warning("a turn took too long", name=name)


def release_all(worker: str) -> int:
    """Give back what a dead worker of this name had; return how many turns that were."""
    client = publish.redis_client()
    return sum(int(client.delete(key)) for key in client.scan_iter(f"turn:{worker}:*"))
