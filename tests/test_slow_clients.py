"""Connections that send nothing, half a header or a trickling body end soon; slow but steady clients are served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import httpx
import pytest

from tests import factories
from tests.test_body_limits import url_of_test_database
from tests.test_server_errors import is_up
from tests.test_start import PROJECT_ROOT, free_port
from tests.test_worker import wait_until
from tracking.management.commands.start import GRANIAN_DEFAULTS, web_environment
from tracking.models import Payload

pytestmark = pytest.mark.django_db(transaction=True)
HEADER_SECONDS: Final = 1.0
BODY_SECONDS: Final = 1.0
BYTES_PER_SECOND: Final = 1000
SLOW_HEADERS: Final = {
    "nothing": (b"", b""),
    "half a header": (b"GET / HTTP/1.1\r\nHost: local", b""),
    "a trickling header": (b"GET / HTTP/1.1\r\n", b"X-Slow: 1\r\n"),
}
POST_HEAD: Final = b"POST /hooks/17track/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
SLOW_BODIES: Final = {"no body": (POST_HEAD, b""), "a trickling body": (POST_HEAD, b"a")}


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[int]:
    """Run granian as `make start` does, with shorter limits; yield its port."""
    port = free_port()
    limits = {
        "GRANIAN_HTTP1_HEADER_READ_TIMEOUT": str(int(HEADER_SECONDS * 1000)),
        "BODY_SECONDS": str(BODY_SECONDS),
        "BODY_BYTES_PER_SECOND": str(BYTES_PER_SECOND),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asginl", "--port", str(port), "tracking.asgi:application"],
        cwd=PROJECT_ROOT,
        env={**os.environ, **web_environment(), **limits, "DATABASE_URL": url_of_test_database()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_up(port), seconds=60)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def send_slowly(port: int, first: bytes, trickle: bytes) -> tuple[float, bytes]:
    """Send `first`, then `trickle` every 0.2 s; return after how many seconds the server ended it, and its answer."""
    answer, started = b"", time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as client, suppress(ConnectionResetError, BrokenPipeError):
        client.sendall(first)
        client.settimeout(0.2)
        while time.monotonic() - started < 15:
            try:
                part = client.recv(4096)
            except TimeoutError:
                client.sendall(trickle)
            else:
                answer += part
                if not part:
                    break
    return time.monotonic() - started, answer


def send_all_slowly(port: int, clients: dict[str, tuple[bytes, bytes]]) -> Iterator[tuple[str, float, bytes]]:
    """Send what each client sends, all at once; yield who it was, after how many seconds it ended, and the answer."""
    with ThreadPoolExecutor(len(clients)) as executor:
        outcomes = executor.map(lambda client: send_slowly(port, *client), clients.values())
        for name, (seconds, answer) in zip(clients, outcomes, strict=True):
            yield name, seconds, answer


def test_connections_without_a_whole_header_are_closed(server: int) -> None:
    for name, seconds, answer in send_all_slowly(server, SLOW_HEADERS):
        assert HEADER_SECONDS * 0.8 < seconds < HEADER_SECONDS + 3, name
        assert answer == b"", name


def test_bodies_that_do_not_arrive_are_answered_408(server: int) -> None:
    for name, seconds, answer in send_all_slowly(server, SLOW_BODIES):
        assert BODY_SECONDS * 0.8 < seconds < BODY_SECONDS + 3, name
        assert answer.startswith(b"HTTP/1.1 408 "), name


def test_a_slow_but_steady_body_is_taken_though_it_needs_longer_than_the_limit(server: int) -> None:
    factories.create_feed()
    body = factories.build_push_body("LZ000000015CN")
    body += b" " * (5000 - len(body))

    def send_steadily() -> Iterator[bytes]:
        for start in range(0, len(body), 500):
            time.sleep(0.2)
            yield body[start : start + 500]

    started = time.monotonic()
    url, headers = f"http://127.0.0.1:{server}/hooks/17track/", {"sign": factories.sign_body(body)}
    response = httpx.post(url, content=send_steadily(), headers=headers, timeout=20)

    assert response.status_code == 202
    assert time.monotonic() - started > BODY_SECONDS * 1.5
    assert bytes(Payload.objects.get().body) == body


def test_options_of_granian_in_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    assert web_environment().keys() == {*GRANIAN_DEFAULTS, "GRANIAN_BACKPRESSURE"}

    monkeypatch.setenv("GRANIAN_HTTP", "auto")

    assert "GRANIAN_HTTP" not in web_environment()
