"""A scan on its way through the real parts: web server, broker, worker, database."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis
from celery.contrib.testing.worker import start_worker
from celery.signals import task_retry
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from tests import factories
from tests.carrier_server import run_carrier_server
from tests.database_faults import unreachable_database
from tests.polling.test_fetch import accept_all
from tracking.celery import app
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.payloads import ReceivedVia
from tracking.tasks import fetch_due_legs, parse_payload
from tracking.worker_lock import hold_worker_lock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def wait_until(is_true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def is_queue_empty() -> bool:
    """Return whether no task waits and none is running."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return not client.llen("celery") and not client.hlen("unacked")


def test_the_same_webhook_a_hundred_times_at_once_stores_its_events_once(live_server: LiveServer) -> None:
    factories.create_leg("LZ000000015CN")
    events = [factories.build_event_json(f"2026-09-{day:02d}T10:00:00+08:00", text=f"Day {day}") for day in (6, 5, 4)]
    body = factories.build_push_body("LZ000000015CN", *events)
    url, headers = live_server.url + reverse("carrier_webhook", args=["17track"]), {"sign": factories.sign_body(body)}

    with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False):
        with ThreadPoolExecutor(20) as executor, httpx.Client(timeout=60) as client:
            statuses = list(
                executor.map(lambda _: client.post(url, content=body, headers=headers).status_code, range(100))
            )
        wait_until(is_queue_empty)

    assert statuses == [202] * 100
    assert Payload.objects.get().times_received == 100
    assert Event.objects.count() == 3


def test_a_due_leg_is_claimed_fetched_and_parsed_by_a_worker() -> None:
    with (
        run_carrier_server(accept_all) as server,
        start_worker(app, pool="threads", concurrency=2, perform_ping_check=False),
    ):
        factories.create_leg(
            "LZ000000015CN", from_feed=factories.create_feed(base_url=server.url), next_check_at=factories.RECEIVED_AT
        )
        fetch_due_legs.delay()
        wait_until(lambda: Event.objects.count() == 1 and is_queue_empty())

    assert Leg.objects.get().registered_at is not None
    assert Carrier.objects.get(slug="17track").last_success_at is not None


def test_a_task_without_a_database_is_retried_soon_after_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.create_leg("LZ000000015CN")
    body = factories.build_push_body("LZ000000015CN", factories.build_event_json("2026-09-04T11:30:00+08:00"))
    payload, _ = Payload.objects.store(Carrier.objects.get(slug="17track"), body, ReceivedVia.WEBHOOK, timezone.now())
    retried_tasks: list[str] = []

    def note_retry(sender: Any, **_: Any) -> None:
        retried_tasks.append(sender.name)

    task_retry.connect(note_retry)
    with start_worker(app, pool="threads", concurrency=1, perform_ping_check=False):
        with unreachable_database(monkeypatch):
            parse_payload.delay(payload.pk)
            wait_until(lambda: len(retried_tasks) > 0)
        back_at = time.monotonic()
        wait_until(lambda: Event.objects.count() == 1)

    assert set(retried_tasks) == {"tracking.tasks.parse_payload"}
    assert time.monotonic() - back_at < 10


@pytest.mark.parametrize("name", [name for name in app.tasks if name.startswith("tracking.")])
def test_each_task_is_retried_a_bounded_number_of_times_without_a_database(name: str) -> None:
    task: Any = app.tasks[name]

    assert set(task.autoretry_for) >= {OperationalError, InterfaceError}
    assert 1 <= task.max_retries <= 8 and task.retry_backoff and task.retry_jitter


def test_a_worker_that_starts_releases_the_locks_of_its_killed_predecessor() -> None:
    with (
        hold_worker_lock("email@here", "email", 50) as acquired,
        start_worker(app, pool="solo", perform_ping_check=False, hostname="email@here"),
        hold_worker_lock("email@here", "email", 50) as acquired_again,
    ):
        assert (acquired, acquired_again) == (True, True)
