"""Which client a request comes from, as limits count it: shared by live streams and pages."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


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
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
