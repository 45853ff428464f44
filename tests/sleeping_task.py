"""A Celery task for workers that tests run in a process of their own: `celery worker --include tests.sleeping_task`."""

from __future__ import annotations

import time

from celery import shared_task


@shared_task
def sleep(seconds: float) -> None:
    """Stay at work for some seconds."""
    time.sleep(seconds)
