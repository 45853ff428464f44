"""Posting to addresses that strangers name: to public hosts only, never along a redirect, never for long.

The host is looked up once, and the line goes to the very address that was judged: a name that answers differently the
second time gains nothing. Certificates are checked against the name.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from tracking.carriers.adapter import parse_retry_after
from tracking.notifications.channels.channel import (
    InvalidContactAddressError,
    MessageRejectedError,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)

CONNECT_TIMEOUT_SECONDS: Final = 5.0
CALL_TIMEOUT_SECONDS: Final = 10.0
"""For a whole call: who sends a byte now and then holds no worker up."""
MAX_RESPONSE_BYTES: Final = 2_000
MAX_URL_LENGTH: Final = 2_000
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
HOST_PATTERN: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]+")
RETRY_STATUSES: Final = (408, 425, 429)
CALL_DEADLINE: ContextVar[float] = ContextVar("UNTIL")


class PrivateHostError(Exception):
    """The host leads into a private network."""


class PublicHttpResponse(NamedTuple):
    """What the other side said: its status, its first words, and how long it asks to wait if it does."""

    status: int
    text: str
    retry_after: timedelta | None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> PublicHttpResponse:
    """Post once and return the answer, whatever its status. Raise `Later`, `Doubtful` or `Refused` where none came."""
    CALL_DEADLINE.set(time.monotonic() + CALL_TIMEOUT_SECONDS)
    waits = {
        "connect": CONNECT_TIMEOUT_SECONDS,
        "read": CALL_TIMEOUT_SECONDS,
        "write": CALL_TIMEOUT_SECONDS,
        "pool": CONNECT_TIMEOUT_SECONDS,
    }
    try:
        with connection_pool().stream(
            "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": waits}
        ) as response:
            return read_response(response)
    except PrivateHostError as trouble:
        raise MessageRejectedError("the host is not a public one") from trouble
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as trouble:
        raise TemporaryDeliveryError(f"no connection: {type(trouble).__name__}") from trouble
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as trouble:
        raise MessageRejectedError(f"it cannot be posted: {type(trouble).__name__}") from trouble
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as trouble:
        raise UnconfirmedDeliveryError(f"no answer: {type(trouble).__name__}") from trouble


def read_response(response: httpcore.Response) -> PublicHttpResponse:
    """Return an answer; of its body no more is read than an operator wants to see."""
    said = b""
    for piece in response.iter_stream():
        said += piece
        if len(said) > MAX_RESPONSE_BYTES:
            break
    wait = next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")
    after = timedelta(seconds=parse_retry_after(wait)) if wait else None
    return PublicHttpResponse(response.status, said[:300].decode("utf-8", "replace"), after)


def raise_if_temporary(response: PublicHttpResponse) -> None:
    """Raise `Later` where the other side is busy or broken."""
    if response.status in RETRY_STATUSES or response.status >= 500:
        raise TemporaryDeliveryError(f"{response.status}: {response.text}", response.retry_after)


def clean_url(typed: str) -> str:
    """Return an address as it is kept, ASCII only; raise `BadAddress` where nothing may be posted to it."""
    try:
        address = httpx.URL(typed.strip())
    except (httpx.InvalidURL, UnicodeError) as trouble:
        raise InvalidContactAddressError(_("This is no web address.")) from trouble
    named = HOST_PATTERN.fullmatch(address.raw_host.decode()) and 0 < (address.port or 443) < 2**16
    if not named or address.userinfo or len(typed) > MAX_URL_LENGTH:
        raise InvalidContactAddressError(_("This is no web address."))
    if address.scheme != "https" and not (settings.PUSH_LOCAL and address.scheme == "http"):
        raise InvalidContactAddressError(_("The address must begin with https://."))
    if not settings.PUSH_LOCAL and not may_be_public(address.host):
        raise InvalidContactAddressError(_("The address must be reachable from the internet."))
    return str(address.copy_with(fragment=None))


def may_be_public(host: str) -> bool:
    """Tell whether a host as typed may be public: a number is judged at once, a name when the line is opened."""
    try:
        return is_public(host)
    except ValueError:
        return "." in host.strip(".")


def is_public(ip_address: str) -> bool:
    """Tell whether an IP address, or the IPv4 address inside it, is one of the open internet."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(ip_address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or inner or found
    return found.is_global and not found.is_multicast


@cache
def connection_pool() -> httpcore.ConnectionPool:
    """Return this process's lines: one to a host stays open for some seconds, for the next message."""
    return httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=20,
        max_keepalive_connections=10,
        keepalive_expiry=20,
        network_backend=PublicHostsBackend(),
    )


class PublicHostsBackend(httpcore.SyncBackend):
    """Connects to public addresses only."""

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        trouble: Exception = httpcore.ConnectError(f"{host} has no address")
        for number in resolve_host(host, port):
            try:
                return DeadlineStream(super().connect_tcp(number, port, *args, **kwargs))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as missed:
                trouble = missed
        raise trouble


def resolve_host(host: str, port: int) -> Iterable[str]:
    """Return the IP addresses of a host. Raise `NotPublic` if one of them is not."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as trouble:
        raise httpcore.ConnectError(str(trouble)) from trouble
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not settings.PUSH_LOCAL and not all(is_public(number) for number in numbers):
        raise PrivateHostError(host)
    return numbers[:3]


class DeadlineStream(httpcore.NetworkStream):
    """A stream that reads no longer than until the end of its call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = CALL_DEADLINE.get() - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return self.stream.read(max_bytes, min(left, timeout or left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout)

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return DeadlineStream(self.stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
