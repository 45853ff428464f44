"""While the database cannot be reached, pages and hooks answer 503 with `Retry-After`; other failures remain 500."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.db import OperationalError, ProgrammingError, connection, connections
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests import factories
from tests.database_faults import close_pool, unreachable_database
from tests.test_start import PROJECT_ROOT, free_port
from tests.test_worker import wait_until
from tracking import webhooks
from tracking.models import Payload
from tracking.protection.server_errors import is_database_unavailable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
PAGE, HOOK = "/parcels/unknown-parcel-token-24c/", "/hooks/17track/"
TEXT_OF_503 = "Your parcels keep moving, and nothing you sent is lost."


def post_hook(site: str, body: bytes) -> httpx.Response:
    return httpx.post(f"{site}{HOOK}", content=body, headers={"sign": factories.sign_body(body)})


def assert_answers_503(site: str) -> None:
    """Check that a page and a hook answer 503 in their forms, and that what needs no database still works."""
    page, hook = httpx.get(f"{site}{PAGE}"), post_hook(site, factories.build_push_body("LZ000000015CN"))

    assert (page.status_code, hook.status_code) == (503, 503)
    assert (page.headers["Retry-After"], hook.headers["Retry-After"]) == ("10", "10")
    assert TEXT_OF_503 in page.text and page.headers["Content-Type"].startswith("text/html")
    assert hook.text == "not stored: database unavailable\n" and hook.headers["Content-Type"] == "text/plain"
    assert httpx.get(f"{site}/healthz").status_code == 200
    assert httpx.get(f"{site}/").status_code == 200


def test_an_unreachable_database_answers_503_and_requests_pass_again_after_it(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.create_feed()
    with unreachable_database(monkeypatch):
        assert_answers_503(live_server.url)

    assert httpx.get(f"{live_server.url}{PAGE}").status_code == 404
    assert post_hook(live_server.url, factories.build_push_body("LZ000000015CN")).status_code == 202
    assert Payload.objects.count() == 1


@contextmanager
def exhausted_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use up what the database gives its clients: the only connection of a role, or SQLite's only write lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE few_connections LOGIN CONNECTION LIMIT 1")
            cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO few_connections")
            cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO few_connections")
        monkeypatch.setitem(connection.settings_dict, "USER", "few_connections")
    else:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "init_command", "PRAGMA busy_timeout=10")
    close_pool()
    holder = connections.create_connection("default")
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT 1" if holder.vendor == "postgresql" else "BEGIN IMMEDIATE")
        yield
    finally:
        holder.close()
        monkeypatch.undo()
        close_pool()


@pytest.fixture
def drop_role() -> Iterator[None]:
    """Drop the role that `exhausted_database` created."""
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            wait_until(lambda: count_connections("few_connections") == 0)
            cursor.execute("DROP OWNED BY few_connections")
            cursor.execute("DROP ROLE few_connections")


def count_connections(role: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [role])
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("drop_role")
def test_a_hook_that_gets_no_connection_or_lock_answers_503_until_there_is_one(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.create_feed()
    body = factories.build_push_body("LZ000000015CN")
    with exhausted_database(monkeypatch):
        refused = post_hook(live_server.url, body)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    wait_until(lambda: post_hook(live_server.url, body).status_code == 202)
    assert Payload.objects.count() == 1


@pytest.mark.parametrize("interface", ["wsgi", "asginl"])
def test_both_kinds_of_servers_answer_503(interface: str) -> None:
    port = free_port()
    module = "wsgi" if interface == "wsgi" else "asgi"
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            interface,
            "--port",
            str(port),
            f"tracking.{module}:application",
        ],
        cwd=PROJECT_ROOT,
        env={**os.environ, "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_up(port), seconds=60)
        assert_answers_503(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(10)


def is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("error", [ZeroDivisionError(), ProgrammingError("no such column")])
def test_any_other_error_remains_500(error: Exception, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    factories.create_feed()
    client.raise_request_exception = False
    monkeypatch.setattr(webhooks, "store_payloads", fail)
    body = factories.build_push_body("LZ000000015CN")

    response = client.post(
        reverse("carrier_webhook", args=["17track"]),
        body,
        "application/json",
        headers={"sign": factories.sign_body(body)},
    )

    assert response.status_code == 500 and "Retry-After" not in response


def test_a_missing_table_is_an_error_of_ours() -> None:
    with pytest.raises((OperationalError, ProgrammingError)) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM no_such_table")

    assert not is_database_unavailable(raised.value)
