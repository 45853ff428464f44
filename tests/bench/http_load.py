"""Serve pages with granian's WSGI server, as production does, and count how many it answers per second.

The client is a plain socket: a client library would spend as much time on an empty page as the server does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from django.db import connection

from tests.bench.measurement import NotMeasuredError
from tracking.supervisor import die_with_parent

PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
CONNECTIONS: Final = 4
SECONDS: Final = 2.0
START_SECONDS: Final = 60.0
BROWSER_HEADERS: Final = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "de-DE,de;q=0.9"}


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url() -> str:
    """Return the URL of the database that this process has open."""
    connection.ensure_connection()
    assert connection.connection is not None
    server = connection.connection.info
    place = urlencode({"host": server.host, "port": server.port})
    return f"postgresql://{quote(server.user)}:{quote(server.password)}@/{server.dbname}?{place}"


@contextmanager
def serve_wsgi(
    application: str, environment: Mapping[str, str], *, python: str = sys.executable, folder: Path = PROJECT_ROOT
) -> Iterator[int]:
    """Serve a WSGI application in one process, and yield its port once it accepts connections."""
    port = free_port()
    command = [python, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--http", "1", "--log-level", "error"]
    command += ["--host", "127.0.0.1", "--port", str(port), application]
    with subprocess.Popen(command, cwd=folder, env=dict(environment), preexec_fn=die_with_parent) as server:
        try:
            wait_until_up(server, port)
            yield port
        finally:
            server.terminate()


@contextmanager
def serve_site(**variables: str) -> Iterator[int]:
    """Serve the site on this process's database and broker, with more environment variables; yield its port."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.bench.page_settings",
        "LOG_LEVEL": "ERROR",
        **variables,
    }
    with serve_wsgi("tracking.wsgi:application", environment) as port:
        yield port


def wait_until_up(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a server accepts connections; raise `NotMeasuredError` if it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise NotMeasuredError("its server did not start")


def build_request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return a GET request that keeps its connection."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class KeptConnection:
    """A connection over which one request after the other is sent."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def fetch(self, request: bytes) -> tuple[bytes, bytes]:
        """Send a request; return the header and the body of its answer. Raise `RuntimeError` unless it is 200."""
        self.socket.sendall(request)
        received = self.socket.recv(262_144)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self.receive()
        header = received[:end].lower()
        if b" 200 " not in header[:16]:
            raise RuntimeError(f"the server answered {received[:200]!r}")
        length = int(header.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        while len(received) < end + 4 + length:
            received += self.receive()
        return header, received[end + 4 :]

    def receive(self) -> bytes:
        """Return more of the answer; raise `RuntimeError` when the server closed the connection."""
        part = self.socket.recv(262_144)
        if not part:
            raise RuntimeError("the server closed the connection")
        return part


def fetch_body(port: int, path: str, headers: Mapping[str, str] = BROWSER_HEADERS) -> bytes:
    """Return the body of a page as it was sent, usually compressed."""
    with closing(KeptConnection(port)) as kept:
        return kept.fetch(build_request(path, headers))[1]


def requests_per_second(
    port: int, path: str, headers: Mapping[str, str] = BROWSER_HEADERS, seconds: float = SECONDS
) -> float:
    """Return how many times a page is answered per second, over a few connections that are kept."""
    request, deadline = build_request(path, headers), time.perf_counter() + seconds

    def count_answers(_index: int) -> int:
        answers = 0
        with closing(KeptConnection(port)) as kept:
            while time.perf_counter() < deadline:
                kept.fetch(request)
                answers += 1
        return answers

    started_at = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        total = sum(threads.map(count_answers, range(CONNECTIONS)))
    return total / (time.perf_counter() - started_at)
