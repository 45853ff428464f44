"""Django's PostgreSQL backend with two changes to its pool (psycopg_pool), each for the time around a restart."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool, PoolTimeout


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is taken from the pool when it is needed, and checked before it is used."""

    pool: ConnectionPool[Any] | None  # a property of Django's backend that its stubs leave out

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(settings_dict, *args, **kwargs)
        if pool_options := settings_dict["OPTIONS"].get("pool"):
            pool_options["reconnect_failed"] = fail_waiting_clients

    def get_new_connection(self, conn_params: Any) -> psycopg.Connection[Any]:
        """Return a connection that works. When one of the pool does not, all idle ones are replaced.

        The pool's own `check` looks at one connection after the other and waits a second between two of them, so that
        the first requests after a restart would fail.
        """
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        if self.pool is not None and not is_alive(connection):
            self.pool.putconn(connection)
            self.pool.drain()
            connection = super().get_new_connection(conn_params)
        return connection


def is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the server still answers on a connection."""
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True


def fail_waiting_clients(pool: ConnectionPool[Any]) -> None:
    """Fail those who wait for a connection as soon as none can be made, not at their timeout (`reconnect_failed`)."""
    with pool._lock:
        waiting = list(pool._waiting)
        pool._waiting.clear()
    for client in waiting:
        client.fail(PoolTimeout("the database cannot be reached"))
