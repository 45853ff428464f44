"""A real ASGI server with the whole site on the database of the running test, and clients of several addresses."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connection

from tests.test_start import free_port
from tests.test_worker import wait_until

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_CLIENT = "127.0.0.1"
OTHER_CLIENT = "127.0.0.2"


def database_url() -> str:
    """Return the URL of the database that the running test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def run_asgi_server(max_descriptors: int = 4096, **environment: str) -> Iterator[int]:
    """Serve the site with granian, with at most `max_descriptors` open files, and yield the port."""
    port = free_port()
    granian = [sys.executable, "-m", "granian", "--interface", "asginl", "--port", str(port), "--log-level", "error"]
    # It would wait for open streams to end.
    granian += ["--workers-kill-timeout", "1"]
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit -n {max_descriptors} && exec "$@"', "sh", *granian, "tracking.asgi:application"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), **environment},
    )
    try:
        wait_until(lambda: is_up(port), seconds=60)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def is_up(port: int) -> bool:
    """Return whether the server answers."""
    with suppress(OSError):
        return fetch_status(port, "/healthz") == 200
    return False


def open_request(port: int, path: str, client: str = FIRST_CLIENT, **headers: str) -> http.client.HTTPResponse:
    """Send a request from the address `client` and return the response; its body is unread, its connection open."""
    requester = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(client, 0))
    requester.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return requester.getresponse()


def fetch_status(port: int, path: str, client: str = FIRST_CLIENT) -> int:
    """Return the status of a whole answer."""
    with open_request(port, path, client) as response:
        response.read()
        return response.status
