"""Webhooks that are too large are refused while they arrive, by a real ASGI server; others are taken."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import httpx
import pytest
from django.db import connection

from tests import factories
from tests.test_server_errors import is_up
from tests.test_start import PROJECT_ROOT, free_port
from tests.test_worker import wait_until
from tracking.models import Payload
from tracking.webhooks import MAX_BODY_BYTES

pytestmark = pytest.mark.django_db(transaction=True)
CHUNK: Final = b" " * 65536
MAX_CHUNKS: Final = 60 * 16
"""60 MiB."""


@pytest.fixture(scope="module")
def asgi_server(django_db_setup: None) -> Iterator[tuple[str, int]]:
    """Run granian with the ASGI application on the test's database; yield its address."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "asginl", "--port", str(port), "tracking.asgi:application"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DATABASE_URL": url_of_test_database()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_up(port), seconds=60)
        yield "127.0.0.1", port
    finally:
        server.terminate()
        server.wait(10)


def url_of_test_database() -> str:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].replace("/postgres?", f"/{name}?")


def read_answer(client: socket.socket) -> bytes:
    """Return what the server has sent when it closes the connection or resets it."""
    client.settimeout(10)
    answer = b""
    with suppress(ConnectionResetError):
        while part := client.recv(4096):
            answer += part
    return answer


def test_a_chunked_body_is_refused_after_1_mib_and_not_read_to_its_end(asgi_server: tuple[str, int]) -> None:
    factories.create_feed()
    head = b"POST /hooks/17track/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent_chunks = 0
    with socket.create_connection(asgi_server, timeout=10) as client:
        client.sendall(head)
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent_chunks < MAX_CHUNKS and not select.select([client], [], [], 0)[0]:
                client.sendall(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))
                sent_chunks += 1
        answer = read_answer(client)

    assert answer.startswith(b"HTTP/1.1 413 ") and answer.endswith(b"larger than 1 MiB\n")
    assert sent_chunks * len(CHUNK) < 16 * 1024 * 1024
    assert Payload.objects.count() == 0


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(asgi_server: tuple[str, int]) -> None:
    head = b"POST /hooks/17track/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
    with socket.create_connection(asgi_server, timeout=10) as client:
        client.sendall(head)

        assert read_answer(client).startswith(b"HTTP/1.1 413 ")


def test_signed_chunked_bodies_within_the_limit_are_stored(asgi_server: tuple[str, int]) -> None:
    factories.create_feed()
    url = f"http://{asgi_server[0]}:{asgi_server[1]}/hooks/17track/"
    for size in (0, 1000, MAX_BODY_BYTES):
        body = factories.build_push_body("LZ000000015CN")
        body += b" " * (size - len(body))

        chunks = (body[start : start + 10_000] for start in range(0, len(body), 10_000))
        response = httpx.post(url, content=chunks, headers={"sign": factories.sign_body(body)})

        assert response.status_code == 202 and "content-length" not in response.request.headers
        assert bytes(Payload.objects.latest("pk").body) == body
    assert Payload.objects.count() == 3
