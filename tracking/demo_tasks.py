"""The Celery task of the demo. Web processes do not import this module: they need none of the demo's orders."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracking.demo.restarts import restart_ended_orders, restart_held_orders


@shared_task
def restart_demo_orders() -> int:
    """Let the demo orders start again whose time is over; return how many. Without a demo nothing is looked for."""
    if not settings.DEMO:
        return 0
    now = timezone.now()
    return restart_held_orders(now) + restart_ended_orders(now)
