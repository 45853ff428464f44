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

from tracking.carriers.adapter import retry_after
from tracking.notifications.channels.channel import BadAddress, Doubtful, Later, Refused

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
"""For a whole call: who sends a byte now and then holds no worker up."""
READ_BYTES: Final = 2_000
LONGEST_ADDRESS: Final = 2_000
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]+")
BUSY: Final = (408, 425, 429)
UNTIL: ContextVar[float] = ContextVar("UNTIL")


class NotPublic(Exception):
    """The host leads into a private network."""


class Answer(NamedTuple):
    """What the other side said: its status, its first words, and how long it asks to wait if it does."""

    status: int
    said: str
    after: timedelta | None


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post once and return the answer, whatever its status. Raise `Later`, `Doubtful` or `Refused` where none came."""
    UNTIL.set(time.monotonic() + ANSWER_SECONDS)
    waits = {"connect": CONNECT_SECONDS, "read": ANSWER_SECONDS, "write": ANSWER_SECONDS, "pool": CONNECT_SECONDS}
    try:
        with line().stream(
            "POST", address, headers=list(headers.items()), content=body, extensions={"timeout": waits}
        ) as response:
            return answer_of(response)
    except NotPublic as trouble:
        raise Refused("the host is not a public one") from trouble
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as trouble:
        raise Later(f"no connection: {type(trouble).__name__}") from trouble
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as trouble:
        raise Refused(f"it cannot be posted: {type(trouble).__name__}") from trouble
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as trouble:
        raise Doubtful(f"no answer: {type(trouble).__name__}") from trouble


def answer_of(response: httpcore.Response) -> Answer:
    """Return an answer; of its body no more is read than an operator wants to see."""
    said = b""
    for piece in response.iter_stream():
        said += piece
        if len(said) > READ_BYTES:
            break
    wait = next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")
    after = timedelta(seconds=retry_after(wait)) if wait else None
    return Answer(response.status, said[:300].decode("utf-8", "replace"), after)


def later_if_busy(answer: Answer) -> None:
    """Raise `Later` where the other side is busy or broken."""
    if answer.status in BUSY or answer.status >= 500:
        raise Later(f"{answer.status}: {answer.said}", answer.after)


def clean(typed: str) -> str:
    """Return an address as it is kept, ASCII only; raise `BadAddress` where nothing may be posted to it."""
    try:
        address = httpx.URL(typed.strip())
    except (httpx.InvalidURL, UnicodeError) as trouble:
        raise BadAddress(_("This is no web address.")) from trouble
    named = HOST.fullmatch(address.raw_host.decode()) and 0 < (address.port or 443) < 2**16
    if not named or address.userinfo or len(typed) > LONGEST_ADDRESS:
        raise BadAddress(_("This is no web address."))
    if address.scheme != "https" and not (settings.PUSH_LOCAL and address.scheme == "http"):
        raise BadAddress(_("The address must begin with https://."))
    if not settings.PUSH_LOCAL and not may_be_public(address.host):
        raise BadAddress(_("The address must be reachable from the internet."))
    return str(address.copy_with(fragment=None))


def may_be_public(host: str) -> bool:
    """Tell whether a host as typed may be public: a number is judged at once, a name when the line is opened."""
    try:
        return is_public(host)
    except ValueError:
        return "." in host.strip(".")


def is_public(number: str) -> bool:
    """Tell whether an IP address, or the IPv4 address inside it, is one of the open internet."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None
        found = found.ipv4_mapped or found.sixtofour or inner or found
    return found.is_global and not found.is_multicast


@cache
def line() -> httpcore.ConnectionPool:
    """Return this process's lines: one to a host stays open for some seconds, for the next message."""
    return httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=20,
        max_keepalive_connections=10,
        keepalive_expiry=20,
        network_backend=PublicHosts(),
    )


class PublicHosts(httpcore.SyncBackend):
    """Connects to public addresses only."""

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        trouble: Exception = httpcore.ConnectError(f"{host} has no address")
        for number in numbers_of(host, port):
            try:
                return Hurried(super().connect_tcp(number, port, *args, **kwargs))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as missed:
                trouble = missed
        raise trouble


def numbers_of(host: str, port: int) -> Iterable[str]:
    """Return the IP addresses of a host. Raise `NotPublic` if one of them is not."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as trouble:
        raise httpcore.ConnectError(str(trouble)) from trouble
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not settings.PUSH_LOCAL and not all(is_public(number) for number in numbers):
        raise NotPublic(host)
    return numbers[:3]


class Hurried(httpcore.NetworkStream):
    """A stream that reads no longer than until the end of its call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = UNTIL.get() - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return self.stream.read(max_bytes, min(left, timeout or left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout)

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return Hurried(self.stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
