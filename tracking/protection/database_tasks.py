"""How Celery tasks use the database: retried soon while it is away, each connection given back after its task."""

from __future__ import annotations

from typing import Any

from celery.contrib.django.task import DjangoTask
from celery.signals import task_postrun, task_prerun
from django.db import InterfaceError, OperationalError, close_old_connections


class DatabaseTask(DjangoTask):  # type: ignore[type-arg] # not generic at run time
    """A task that runs again when the database could not do its work: after up to 1 second, 2, 4, ... up to 30.

    After `max_retries`, about two minutes on average, it fails; sweeps such as `parse_stale_payloads` take over.
    """

    abstract = True
    autoretry_for = (OperationalError, InterfaceError)
    max_retries = 8
    retry_backoff = 1
    retry_backoff_max = 30
    retry_jitter = True


def return_connection(sender: Any, **_: Any) -> None:
    """Give this thread's connection back to the pool, as Django does around each request."""
    if not sender.request.is_eager:
        close_old_connections()


task_prerun.connect(return_connection, dispatch_uid="return connection before")
task_postrun.connect(return_connection, dispatch_uid="return connection after")
