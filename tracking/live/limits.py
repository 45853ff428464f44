"""How many live streams one client and one process may hold, so that idle streams never stop the rest of the site."""

from __future__ import annotations

import ipaddress
import resource
from collections import Counter
from collections.abc import Iterable
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


def find_client_address(forwarded_for: str, peer: str, trusted_proxies: int) -> str:
    """Return the client's IP: as the outermost trusted proxy saw it, or the peer's without a proxy."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    # Counted from the right: a client can put any address at the left of X-Forwarded-For.
    return hops[-trusted_proxies] if trusted_proxies and len(hops) >= trusted_proxies else peer


def join_forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return all X-Forwarded-For headers of a request as one, '' where there is none."""
    return ",".join(value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")


def client_network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 address, as one line has a whole /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))


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
