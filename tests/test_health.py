"""Liveness and readiness: /readyz names each part that is missing."""

from __future__ import annotations

import time

import pytest
import redis
from django.conf import settings
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def record_heartbeat(name: str, seconds_ago: float = 0) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(f"heartbeat:{name}", time.time() - seconds_ago)


def test_healthz_answers_while_the_process_does(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_the_site_is_ready_when_all_parts_answer(client: Client) -> None:
    record_heartbeat("worker")
    record_heartbeat("beat")

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["ready"] is True


@pytest.mark.parametrize(("name", "age"), [("worker", 60), ("beat", 120), ("worker", None), ("beat", None)])
def test_a_worker_or_beat_without_heartbeat_is_named(client: Client, name: str, age: float | None) -> None:
    for process in ("worker", "beat"):
        if process != name:
            record_heartbeat(process)
    if age is not None:
        record_heartbeat(name, age)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert [part for part, check in response.json().items() if part != "ready" and not check["ok"]] == [name]


def test_a_broker_that_cannot_be_reached_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["broker"]["ok"] is False
