"""A limit on the requests that a web process works on or lets wait; more are refused at once, not left to queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.db import close_old_connections

from tracking.protection.standalone_pages import STANDALONE_POLICY, busy_page_for

WEBHOOK_THREADS: Final = 2
STREAM_LOOKUP_THREADS: Final = 2
BUSY_RETRY_AFTER_SECONDS: Final = 2
BUSY_TEXT: Final = b"too many requests at work, please try again\n"
BUSY_REQUEST_HEADERS: Final = ("ACCEPT", "ACCEPT_LANGUAGE", "COOKIE")
"""The headers that decide how `busy_answer` looks, in the order of its arguments and with WSGI's names."""
HEALTH_PATH: Final = "/healthz"
"""Not limited: a process that is busy lives."""


class RequestSlots:
    """Counts the requests at work in a process, for any number of threads."""

    def __init__(self, limit: int) -> None:
        self.limit, self.taken = limit, 0
        self.lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Return whether the next request would be refused."""
        return self.taken >= self.limit

    def take(self) -> bool:
        """Take a slot and return whether there was one."""
        with self.lock:
            if self.is_full:
                return False
            self.taken += 1
            return True

    def release(self) -> None:
        """Give a slot back."""
        with self.lock:
            self.taken -= 1


def request_threads() -> int:
    """Return how many threads may serve pages, so that all threads of a process find a connection in its pool."""
    size: int = settings.DATABASE_POOL_SIZE
    return max(1, size - WEBHOOK_THREADS - STREAM_LOOKUP_THREADS)


WsgiApplication = Callable[[dict[str, Any], Any], Any]


class LimitedWsgi:
    """A WSGI application that works on `threads` requests at a time, lets others wait, and refuses those beyond."""

    def __init__(self, application: WsgiApplication, slots: RequestSlots, threads: int) -> None:
        self.application, self.slots = application, slots
        self.running = threading.BoundedSemaphore(threads)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request, or 503 with `Retry-After` when there are too many."""
        if environ.get("PATH_INFO") == HEALTH_PATH:
            return self.application(environ, start_response)
        if not self.slots.take():
            headers, body = busy_answer(*(environ.get(f"HTTP_{name}", "") for name in BUSY_REQUEST_HEADERS))
            start_response("503 Service Unavailable", [(name.title(), value) for name, value in headers])
            return [body]
        try:
            with self.running:
                return run_request(self.application, environ, start_response)
        finally:
            self.slots.release()


def run_request(application: WsgiApplication, environ: dict[str, Any], start_response: Any) -> Any:
    """Run a request in this thread, which holds no connection of the database's pool afterwards."""
    try:
        return application(environ, start_response)
    finally:
        close_old_connections()


def busy_answer(accept: str, accept_language: str, cookie: str) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of the answer 503 for a request that is one too many: a page for browsers, else text."""
    page = busy_page_for(accept, accept_language, cookie)
    headers = [
        ("content-type", "text/html; charset=utf-8" if page else "text/plain"),
        ("content-length", str(len(page or BUSY_TEXT))),
        ("cache-control", "no-store"),
        ("retry-after", str(BUSY_RETRY_AFTER_SECONDS)),
    ]
    if page:
        headers.append(("content-security-policy", STANDALONE_POLICY))
    return headers, page or BUSY_TEXT
