"""The beat schedule names tasks that a worker really has, and a lost broker never stops a heartbeat's process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError

from tracking.celery import app, record_heartbeat

PROJECT_ROOT = Path(__file__).resolve().parent.parent
# In a process of its own: here other tests have imported task modules that a worker would have to discover.
LIST_TASKS_PROGRAM = """
import json
from tracking.celery import app
app.loader.import_default_modules()
print(json.dumps(list(app.tasks)))
"""


@pytest.fixture(scope="module")
def registered_tasks() -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", LIST_TASKS_PROGRAM], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout))


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_each_beat_entry_names_a_task_that_workers_register(entry: str, registered_tasks: set[str]) -> None:
    assert app.conf.beat_schedule[entry]["task"] in registered_tasks


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_the_key_of_a_beat_entry_is_the_name_of_its_task_in_words(entry: str) -> None:
    task_name = app.conf.beat_schedule[entry]["task"].rpartition(".")[2]

    assert entry == task_name.replace("_", " ")


def test_a_heartbeat_is_stored_as_the_current_time() -> None:
    record_heartbeat("worker")

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert abs(float(client.get("heartbeat:worker") or 0) - time.time()) < 5


def test_a_heartbeat_without_broker_is_dropped_without_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    record_heartbeat("worker")


def test_a_heartbeat_does_not_wait_for_a_broker_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        started = time.monotonic()

        record_heartbeat("worker")

    assert time.monotonic() - started < 4


def test_worker_and_beat_try_to_reach_a_lost_broker_for_ever_and_every_second() -> None:
    connection = app.connection_for_read("redis://127.0.0.1:1/0")
    intervals: list[float] = []

    with pytest.raises(BrokerError):
        connection.ensure_connection(errback=lambda _, interval: intervals.append(interval), max_retries=2)

    assert intervals == [1, 1]
    assert app.conf.broker_connection_max_retries is None
