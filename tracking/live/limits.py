"""How many live streams one client and one process may hold, so that idle streams never stop the rest of the site."""

from __future__ import annotations

import resource
from collections import Counter
from contextlib import suppress
from typing import Final

RESERVED_DESCRIPTORS: Final = 256
"""Left for pages, database, broker and static files when all streams are open."""
RESERVED_REQUESTS: Final = 256
"""Left for pages of the requests that the server handles at once."""
DESCRIPTORS_WITHOUT_HARD_LIMIT: Final = 10_240  # OPEN_MAX of macOS, which refuses a soft limit above it


def raise_descriptor_limit() -> int:
    """Raise this process's limit of open files to its hard limit where that is allowed, and return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS_WITHOUT_HARD_LIMIT if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else soft


def default_process_limit(descriptors: int, requests: int) -> int:
    """Return how many streams a process may hold that can open `descriptors` files and handle `requests` at once."""
    return max(0, min(descriptors - RESERVED_DESCRIPTORS, requests - RESERVED_REQUESTS))


class StreamSlots:
    """Counts the open streams of a process, in all and by client, and has no slot for those beyond its limits."""

    def __init__(self, per_client: int, per_process: int) -> None:
        self.per_client, self.per_process = per_client, per_process
        self.by_client: Counter[str] = Counter()

    def take(self, client: str) -> bool:
        """Take a slot for `client` and return whether there was one. An unknown client ('') has no limit of its own."""
        is_full = self.by_client.total() >= self.per_process
        if is_full or (client and self.by_client[client] >= self.per_client):
            return False
        self.by_client[client] += 1
        return True

    def release(self, client: str) -> None:
        """Give back a slot that `client` took."""
        self.by_client[client] -= 1
        if not self.by_client[client]:
            del self.by_client[client]
