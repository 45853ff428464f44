"""The pool of PostgreSQL connections: bounded, and working again at once after a restart of the server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from tests.backing_services import start_postgresql_server
from tests.test_worker import wait_until
from tracking.protection.server_errors import is_database_unavailable
from tracking.settings.environment import env

pytestmark = pytest.mark.django_db(transaction=True)
SIZE = 4


@pytest.fixture(scope="module")
def server_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Run a PostgreSQL server, whatever database the other tests use; yield Django's settings for it."""
    server = start_postgresql_server(tmp_path_factory.mktemp("pool") / "postgresql")
    yield {**env.db_url_config(server.get_uri()), "ENGINE": "tracking.postgresql", "CONN_MAX_AGE": 0}
    server.cleanup()


@pytest.fixture
def connections(server_settings: dict[str, Any]) -> Iterator[ConnectionHandler]:
    """Return connections through a new pool of at most `SIZE`, with the options of the site."""
    pool = {**settings.DATABASE_POOL_OPTIONS, "max_size": SIZE, "timeout": 2}
    options = {**server_settings.get("OPTIONS", {}), "pool": pool}
    handler = ConnectionHandler({"default": server_settings, "pooled": {**server_settings, "OPTIONS": options}})
    yield handler
    handler["pooled"].close()
    handler["pooled"].close_pool()  # type: ignore[attr-defined]


def query_backend(connections: ConnectionHandler, barrier: Barrier) -> int:
    """Return the server's process id of a connection, which is held until all others of the barrier hold theirs."""
    with use_connection(connections) as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        barrier.wait(30)
        return int(cursor.fetchone()[0])


@contextmanager
def use_connection(connections: ConnectionHandler) -> Iterator[Any]:
    """Yield a cursor, and give the connection back as at the end of a request."""
    try:
        with connections["pooled"].cursor() as cursor:
            yield cursor
    finally:
        connections["pooled"].close_if_unusable_or_obsolete()


def query_together(connections: ConnectionHandler, count: int) -> set[int]:
    """Use `count` connections at once and return the process ids of their servers."""
    barrier = Barrier(count)
    with ThreadPoolExecutor(count) as executor:
        return set(executor.map(lambda _: query_backend(connections, barrier), range(count)))


def test_after_a_restart_the_first_queries_work_at_once(connections: ConnectionHandler) -> None:
    dead = query_together(connections, SIZE)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [list(dead)])
    connections["default"].close()

    alive = query_together(connections, SIZE)

    assert len(dead) == len(alive) == SIZE and not dead & alive


def test_connections_are_used_again_by_other_threads(connections: ConnectionHandler) -> None:
    first = query_together(connections, SIZE)

    assert len(first) == SIZE
    assert all(query_together(connections, 2) <= first for _ in range(20))


def test_an_exhausted_pool_counts_as_an_unavailable_database_until_a_connection_is_free(
    connections: ConnectionHandler,
) -> None:
    barrier = Barrier(SIZE + 1)
    with ThreadPoolExecutor(SIZE) as executor:
        holders = [executor.submit(query_backend, connections, barrier) for _ in range(SIZE)]
        wait_until(lambda: barrier.n_waiting == SIZE, 5)
        with pytest.raises(OperationalError) as raised, use_connection(connections):
            pass
        barrier.wait(30)
        assert len({holder.result() for holder in holders}) == SIZE

    assert is_database_unavailable(raised.value)
    assert len(query_together(connections, SIZE)) == SIZE
