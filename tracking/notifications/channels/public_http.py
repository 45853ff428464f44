"""POST to URLs from untrusted users: public hosts only, no redirects, ten seconds at most (SSRF protection).

The host is resolved once and the connection goes to the IP address that was checked, so DNS rebinding gains nothing.
TLS certificates are verified against the host name.
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
"""For a whole call: a server that sends a byte now and then must not block a worker."""
MAX_RESPONSE_BYTES: Final = 2_000
MAX_URL_LENGTH: Final = 2_000
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
HOST_PATTERN: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]+")
RETRY_STATUSES: Final = (408, 425, 429)
CALL_DEADLINE: ContextVar[float] = ContextVar("CALL_DEADLINE")


class PrivateHostError(Exception):
    """The host resolves to an address that is not public."""


class PublicHttpResponse(NamedTuple):
    """A response: status, the beginning of its body, and its `Retry-After` if there is one."""

    status: int
    text: str
    retry_after: timedelta | None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> PublicHttpResponse:
    """Post once and return the response, whatever its status; raise a `DeliveryError` if there is none."""
    CALL_DEADLINE.set(time.monotonic() + CALL_TIMEOUT_SECONDS)
    timeouts = {
        "connect": CONNECT_TIMEOUT_SECONDS,
        "read": CALL_TIMEOUT_SECONDS,
        "write": CALL_TIMEOUT_SECONDS,
        "pool": CONNECT_TIMEOUT_SECONDS,
    }
    try:
        with connection_pool().stream(
            "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
        ) as response:
            return read_response(response)
    except PrivateHostError as error:
        raise MessageRejectedError("the host is not a public one") from error
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
        raise TemporaryDeliveryError(f"no connection: {type(error).__name__}") from error
    except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as error:
        raise MessageRejectedError(f"it cannot be posted: {type(error).__name__}") from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as error:
        raise UnconfirmedDeliveryError(f"no answer: {type(error).__name__}") from error


def read_response(response: httpcore.Response) -> PublicHttpResponse:
    """Return a response with the first 300 bytes of its body; an endless body is not read to its end."""
    body = b""
    for piece in response.iter_stream():
        body += piece
        if len(body) > MAX_RESPONSE_BYTES:
            break
    header = next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")
    retry_after = timedelta(seconds=parse_retry_after(header)) if header else None
    return PublicHttpResponse(response.status, body[:300].decode("utf-8", "replace"), retry_after)


def raise_if_temporary(response: PublicHttpResponse) -> None:
    """Raise `TemporaryDeliveryError` if the status says that the other side is busy or broken."""
    if response.status in RETRY_STATUSES or response.status >= 500:
        raise TemporaryDeliveryError(f"{response.status}: {response.text}", response.retry_after)


def clean_url(typed: str) -> str:
    """Return a URL in the form that is stored, ASCII only; raise `InvalidContactAddressError`."""
    url = parse_url(typed)
    if not is_allowed_scheme(url.scheme):
        raise InvalidContactAddressError(_("The address must begin with https://."))
    if not settings.PUSH_LOCAL and not may_be_public(url.host):
        raise InvalidContactAddressError(_("The address must be reachable from the internet."))
    return str(url.copy_with(fragment=None))


def parse_url(typed: str) -> httpx.URL:
    """Return a typed URL that has a host, no password and a valid port; raise `InvalidContactAddressError`."""
    try:
        url = httpx.URL(typed.strip())
    except (httpx.InvalidURL, UnicodeError) as error:
        raise InvalidContactAddressError(_("This is no web address.")) from error
    has_host = HOST_PATTERN.fullmatch(url.raw_host.decode()) and 0 < (url.port or 443) < 2**16
    if not has_host or url.userinfo or len(typed) > MAX_URL_LENGTH:
        raise InvalidContactAddressError(_("This is no web address."))
    return url


def is_allowed_scheme(scheme: str) -> bool:
    """Return whether a URL may be posted to by its scheme: https, or http on a developer's machine."""
    return scheme == "https" or (settings.PUSH_LOCAL and scheme == "http")


def may_be_public(host: str) -> bool:
    """Return whether a typed host may be public: an IP address is checked now, a name when the connection opens."""
    try:
        return is_public(host)
    except ValueError:
        return "." in host.strip(".")


def is_public(ip_address: str) -> bool:
    """Return whether an IP address is public; of an IPv6 address that embeds an IPv4 address, whether that one is."""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(ip_address.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        address = address.ipv4_mapped or address.sixtofour or translated or address
    return address.is_global and not address.is_multicast


@cache
def connection_pool() -> httpcore.ConnectionPool:
    """Return this process's connection pool: connections stay open for 20 seconds, for the next message."""
    return httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=20,
        max_keepalive_connections=10,
        keepalive_expiry=20,
        network_backend=PublicHostsBackend(),
    )


class PublicHostsBackend(httpcore.SyncBackend):
    """Resolves host names itself and connects to public IP addresses only."""

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        last_error: Exception = httpcore.ConnectError(f"{host} has no address")
        for ip_address in resolve_host(host, port):
            try:
                return DeadlineStream(super().connect_tcp(ip_address, port, *args, **kwargs))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last_error = error
        raise last_error


def resolve_host(host: str, port: int) -> Iterable[str]:
    """Return at most three IP addresses of a host; raise `PrivateHostError` if any of its addresses is not public."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    ip_addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    if not settings.PUSH_LOCAL and not all(is_public(ip_address) for ip_address in ip_addresses):
        raise PrivateHostError(host)
    return ip_addresses[:3]


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose reads end at `CALL_DEADLINE`: timeouts of httpcore count for each read, not for the call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        remaining = CALL_DEADLINE.get() - time.monotonic()
        if remaining <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return self.stream.read(max_bytes, min(remaining, timeout or remaining))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout)

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return DeadlineStream(self.stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
