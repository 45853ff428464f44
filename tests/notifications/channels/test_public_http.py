"""URLs from untrusted users: only public hosts are reached, whatever the trick."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.notifications.channels.http_receiver import HttpReceiver
from tests.test_start import free_port
from tracking.notifications.channels import public_http
from tracking.notifications.channels.channel import (
    InvalidContactAddressError,
    MessageRejectedError,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_http, "CALL_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(public_http, "CONNECT_TIMEOUT_SECONDS", 0.5)


def post_json(url: str) -> public_http.PublicHttpResponse:
    return public_http.post(url, b"{}", {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "ip_address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"),
    ],
)
def test_private_address_is_not_public_in_any_notation(ip_address: str) -> None:
    assert not public_http.is_public(ip_address)


@pytest.mark.parametrize("ip_address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_public_address_is_public(ip_address: str) -> None:
    assert public_http.is_public(ip_address)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "https://",
            "https:///x",
            "javascript:alert(1)",
        ),
        *("https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://intranet/", "https://10.0.0.8:8443/x"),
        *(
            "https://me:secret@example.com/",
            "https://exa mple.com/",
            "https://example.com:99999/",
            "file:///etc/passwd",
        ),
        "https://example.com/" + "x" * 2000,
    ],
)
def test_forbidden_url_is_refused_when_typed(settings: Any, typed: str) -> None:
    settings.PUSH_LOCAL = False

    with pytest.raises(InvalidContactAddressError):
        public_http.clean_url(typed)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        (" https://example.com/hook?a=1#part ", "https://example.com/hook?a=1"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("HTTPS://EXAMPLE.com:8443/x", "https://example.com:8443/x"),
    ],
)
def test_url_is_stored_in_ascii_without_fragment(settings: Any, typed: str, cleaned: str) -> None:
    settings.PUSH_LOCAL = False

    assert public_http.clean_url(typed) == cleaned


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_host_that_resolves_to_this_machine_is_not_reached(settings: Any, receiver: HttpReceiver, host: str) -> None:
    settings.PUSH_LOCAL = False
    port = receiver.url.rpartition(":")[2]

    with pytest.raises((MessageRejectedError, TemporaryDeliveryError)):
        post_json(f"http://{host}:{port}/")

    assert receiver.requests == []


def test_dns_rebinding_is_refused(settings: Any, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: a name server that answers first with a public and then with a private address."""
    settings.PUSH_LOCAL = False
    answers = [["1.1.1.1"], ["127.0.0.1"]]
    lookups: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        lookups.append(host)
        ip_addresses = answers[len(lookups) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip_address, port)) for ip_address in ip_addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert list(public_http.resolve_host("rebinds.example", 443)) == ["1.1.1.1"]
    with pytest.raises(public_http.PrivateHostError):
        public_http.resolve_host("rebinds.example", 443)


def test_host_with_one_private_address_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUSH_LOCAL = False
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip_address, 443)) for ip_address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)

    with pytest.raises(public_http.PrivateHostError):
        public_http.resolve_host("two.example", 443)


def test_redirect_is_not_followed(receiver: HttpReceiver) -> None:
    receiver.responses = [(307, {"Location": f"{receiver.url}/inside"}, b"")]

    assert post_json(f"{receiver.url}/out").status == 307
    assert [call.path for call in receiver.requests] == ["/out"]


def test_connection_is_reused(receiver: HttpReceiver) -> None:
    for _ in range(3):
        post_json(receiver.url)

    assert len({call.client_port for call in receiver.requests}) == 1


@pytest.mark.usefixtures("short_timeouts")
@pytest.mark.parametrize("failure", ["drop", "hang", "drip", "noise"])
def test_missing_answer_is_unconfirmed(receiver: HttpReceiver, failure: str) -> None:
    receiver.responses = [failure]
    started = time.monotonic()

    with pytest.raises(UnconfirmedDeliveryError):
        post_json(receiver.url)

    assert time.monotonic() - started < 3


def test_only_the_beginning_of_an_endless_answer_is_read(receiver: HttpReceiver) -> None:
    receiver.responses = ["endless"]

    response = post_json(receiver.url)

    assert (response.status, response.text) == (200, "x" * 300)


def test_unreachable_host_is_a_temporary_error() -> None:
    with pytest.raises(TemporaryDeliveryError) as caught:
        post_json(f"http://127.0.0.1:{free_port()}/")

    assert type(caught.value) is TemporaryDeliveryError


def test_unknown_host_is_a_temporary_error() -> None:
    with pytest.raises(TemporaryDeliveryError) as caught:
        post_json("http://nobody.invalid/")

    assert type(caught.value) is TemporaryDeliveryError


@pytest.mark.parametrize("address", ["gopher://example.com/", "/x"])
def test_url_of_another_protocol_is_rejected(address: str) -> None:
    with pytest.raises(MessageRejectedError):
        post_json(address)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("in 90 seconds", 90),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", 60),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(receiver: HttpReceiver, header: str, seconds: int) -> None:
    if header == "in 90 seconds":
        header = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    receiver.responses = [(429, {"Retry-After": header}, b"slow down")]

    with pytest.raises(TemporaryDeliveryError, match="429: slow down") as caught:
        public_http.raise_if_temporary(post_json(receiver.url))

    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == pytest.approx(seconds, abs=30)


def write_self_signed_certificate(folder: Path) -> Path:
    """Write a key and a self-signed certificate to a file; return its path."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    path = folder / "certificate.pem"
    private_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private_key + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def untrusted_https_port(tmp_path: Path) -> Iterator[int]:
    """Run an HTTPS server with a self-signed certificate; yield its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_self_signed_certificate(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_untrusted_certificate_is_a_temporary_error(untrusted_https_port: int) -> None:
    with pytest.raises(TemporaryDeliveryError) as caught:
        post_json(f"https://localhost:{untrusted_https_port}/")

    assert type(caught.value) is TemporaryDeliveryError
