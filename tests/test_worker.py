"""The journey of a scan through the real parts: web server, broker, worker, database."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import redis
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests import make
from tests.carrier import serving
from tests.polling.test_fetch import good
from tracking.celery import app
from tracking.models import Carrier, Event, Leg, Payload
from tracking.tasks import refresh_due

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def eventually(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def idle() -> bool:
    """Tell whether no job waits and none is being done."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return not client.llen("celery") and not client.hlen("unacked")


def test_the_same_webhook_a_hundred_times_at_once_gives_its_events_once(live_server: LiveServer) -> None:
    make.leg("LZ000000015CN")
    events = [make.event(f"2026-09-{day:02d}T10:00:00+08:00", words=f"Day {day}") for day in (6, 5, 4)]
    body = make.push("LZ000000015CN", *events)
    url, headers = live_server.url + reverse("webhook", args=["17track"]), {"sign": make.sign(body)}

    with start_worker(app, pool="threads", concurrency=4, perform_ping_check=False):
        with ThreadPoolExecutor(20) as crowd, httpx.Client(timeout=60) as client:
            answers = list(crowd.map(lambda _: client.post(url, content=body, headers=headers).status_code, range(100)))
        eventually(idle)

    assert answers == [202] * 100
    assert Payload.objects.get().times_received == 100
    assert Event.objects.count() == 3


def test_a_due_leg_is_claimed_asked_and_read_by_a_worker() -> None:
    with serving(good) as server, start_worker(app, pool="threads", concurrency=2, perform_ping_check=False):
        make.leg("LZ000000015CN", source=make.feed(base_url=server.url), next_check_at=make.HEARD)
        refresh_due.delay()
        eventually(lambda: Event.objects.count() == 1 and idle())

    assert Leg.objects.get().registered_at is not None
    assert Carrier.objects.get(slug="17track").last_success_at is not None
