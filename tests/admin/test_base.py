"""What the desk's pages share."""

from __future__ import annotations

from pathlib import Path

from celery import Celery
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from tracking.admin.base import enqueue_tasks


def do_nothing() -> None:
    """Do nothing; nobody will ask."""


def test_a_queue_that_is_away_is_told_and_costs_nothing_else(rf: RequestFactory, tmp_path: Path) -> None:
    request = rf.post("/desk/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    away = Celery(broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)

    enqueue_tasks(request, [away.task(do_nothing).si(), away.task(do_nothing).si()])

    [message] = get_messages(request)
    assert str(message).startswith("Saved, but the workers cannot be reached.")
