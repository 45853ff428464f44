"""Locks by which a worker runs one task of a kind at a time, so that slow work never occupies all its processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from celery.signals import worker_init
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from tracking.live import publish

log: Final = structlog.get_logger()


@contextmanager
def hold_worker_lock(worker: str, name: str, seconds: float) -> Iterator[bool]:
    """Try to take the lock `name` of a worker for the block, and yield whether it was free.

    It expires after `seconds`, in case the worker dies; `release_stale_locks` frees it sooner.
    """
    lock = publish.redis_client().lock(f"worker-lock:{worker}:{name}", timeout=seconds, blocking=False)
    acquired = bool(lock.acquire())
    try:
        yield acquired
    finally:
        if acquired:
            release(lock, name)


def release(lock: Lock, name: str) -> None:
    """Release a lock; one that has expired may already belong to another task and stays as it is."""
    try:
        lock.release()
    except LockNotOwnedError:
        log.warning("worker lock expired before its release", name=name)


def release_all(worker: str) -> int:
    """Release every lock of the worker of this name; return how many there were."""
    client = publish.redis_client()
    return sum(int(client.delete(key)) for key in client.scan_iter(f"worker-lock:{worker}:*"))


# Not in `tracking.celery`: that module loads before the models, which `live.publish` imports.
@worker_init.connect
def release_stale_locks(sender: Any, **_: Any) -> None:
    """Release the locks that a killed worker of the same name left behind, when its successor starts."""
    release_all(sender.hostname)
