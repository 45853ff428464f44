"""Work that arrives in many requests and is cheaper together: one thread does all of it that waits, again and again.

A database transaction, a task in the broker and a turn of the interpreter then serve many requests, so that a burst of
webhooks makes the batches larger and not the answers late.
"""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

MAX_BATCH: Final = 32
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
Waiting = tuple[ItemT, "asyncio.Future[ResultT]", asyncio.AbstractEventLoop]
log: Final = structlog.get_logger()


class Batches(Generic[ItemT, ResultT]):
    """Runs `handle` on items in a thread of its own; `handle` gets a batch and returns a result for each item."""

    def __init__(self, handle: Callable[[Sequence[ItemT]], list[ResultT]], name: str) -> None:
        self.handle, self.name = handle, name
        self.waiting: queue.SimpleQueue[Waiting[ItemT, ResultT]] = queue.SimpleQueue()
        self.start_lock = threading.Lock()
        self.thread: threading.Thread | None = None

    async def run(self, item: ItemT) -> ResultT:
        """Have an item handled and return its result; raise what `handle` raised for it."""
        self.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[ResultT] = loop.create_future()
        self.waiting.put((item, future, loop))
        return await future

    def start(self) -> None:
        """Start the thread with the first item, which comes after a server has forked."""
        with self.start_lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, name=self.name, daemon=True)
                self.thread.start()

    def work(self) -> None:
        """Handle what waits, for ever."""
        while True:
            batch = [self.waiting.get()]
            with suppress(queue.Empty):
                while len(batch) < MAX_BATCH:
                    batch.append(self.waiting.get_nowait())
            close_old_connections()
            try:
                results = self.handle_batch([item for item, _, _ in batch])
            finally:
                close_old_connections()
            for (_, future, loop), result in zip(batch, results, strict=True):
                # Its loop is closed when the server stops while a request is at work.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(settle, future, result)

    def handle_batch(self, items: Sequence[ItemT]) -> Sequence[ResultT | Exception]:
        """Return the result or the error of each item. When a batch fails, its items are handled one by one."""
        try:
            return self.handle(items)
        except (InterfaceError, OperationalError) as error:  # the database is away: for all of them
            return [error] * len(items)
        except Exception as error:
            log.exception("batch failed", name=self.name, size=len(items))
            return [error] if len(items) == 1 else [self.handle_batch([item])[0] for item in items]


def settle(future: asyncio.Future[ResultT], result: ResultT | Exception) -> None:
    """Set the result or error of a future, unless its request has been cancelled."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


class GroupedCalls(Generic[ItemT]):
    """Calls `handle`, in a thread of its own, with all items that wait; then rests for `interval_seconds`."""

    def __init__(self, handle: Callable[[list[ItemT]], None], interval_seconds: float) -> None:
        self.handle, self.interval_seconds = handle, interval_seconds
        self.items: list[ItemT] = []
        self.lock = threading.Lock()
        self.has_items = threading.Event()
        self.thread: threading.Thread | None = None
        atexit.register(self.flush)

    def add(self, items: Sequence[ItemT]) -> None:
        """Have `handle` called with these items soon; never wait for it."""
        with self.lock:
            self.items.extend(items)
            if self.thread is None:
                self.thread = threading.Thread(target=self.work, daemon=True)
                self.thread.start()
        self.has_items.set()

    def work(self) -> None:
        """Handle what waits, for ever."""
        while True:
            self.has_items.wait()
            self.has_items.clear()
            try:
                self.flush()
            except Exception:
                log.exception("grouped call failed")
            time.sleep(self.interval_seconds)

    def flush(self) -> None:
        """Call `handle` with the items that wait."""
        with self.lock:
            items, self.items = self.items, []
        if items:
            self.handle(items)
