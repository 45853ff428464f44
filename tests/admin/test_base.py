"""The parts that admin pages share."""

from __future__ import annotations

from pathlib import Path

from celery import Celery
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from tracking.admin.base import enqueue_tasks


def do_nothing() -> None:
    """Do nothing; the task is never run."""


def test_an_unreachable_broker_causes_a_warning_and_no_error(rf: RequestFactory, tmp_path: Path) -> None:
    request = rf.post("/desk/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    app = Celery(broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)

    enqueue_tasks(request, [app.task(do_nothing).si(), app.task(do_nothing).si()])

    [message] = get_messages(request)
    assert str(message).startswith("Saved, but the workers cannot be reached.")
