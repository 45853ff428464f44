"""The Celery application: how jobs travel, and what beat starts when."""

import os
import time
from datetime import timedelta
from importlib import import_module
from typing import Any

import redis
from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, before_task_publish, heartbeat_sent, setup_logging, worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

TASK_TIME_LIMIT_SECONDS = 300

# Beat alone needs the schedule and the broker's address, and none of the tables: 40 MB less without them.
IS_BEAT_ONLY = os.environ.get("CELERY_BEAT_ALONE") == "1"
app = Celery("tracking", fixups=[] if IS_BEAT_ONLY else None)
app.conf.update(
    broker_connection_retry_on_startup=True,
    # The broker hands a job out again after this long without an answer: it must outlive the longest job.
    broker_transport_options={
        "visibility_timeout": 4 * TASK_TIME_LIMIT_SECONDS,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=TASK_TIME_LIMIT_SECONDS,
    task_soft_time_limit=TASK_TIME_LIMIT_SECONDS - 30,
    task_serializer="json",
    accept_content=["json"],
    worker_send_task_events=False,
    enable_utc=True,
    timezone="UTC",
    beat_schedule={
        "ask carriers for the parcels that are due": {
            "task": "tracking.tasks.fetch_due_legs",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "notice feeds that stopped pushing": {
            "task": "tracking.tasks.detect_silent_feeds",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "see which feeds are crowded": {
            "task": "tracking.tasks.update_load_factors",
            "schedule": timedelta(minutes=10),
            "options": {"expires": 600},
        },
        "learn when news comes": {
            "task": "tracking.tasks.train_hazards",
            "schedule": crontab(hour="3", minute="17"),
        },
        "make the forecasts that are due": {
            "task": "tracking.forecast_tasks.make_due_forecasts",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "learn how long parcels take": {
            "task": "tracking.forecast_tasks.train_prediction_models",
            "schedule": crontab(hour="2", minute="41"),
        },
        "see what silence has changed": {
            "task": "tracking.tasks.update_due_alerts",
            "schedule": timedelta(minutes=15),
            "options": {"expires": 900},
        },
        "learn how long stages take": {
            "task": "tracking.tasks.update_dwell_limits",
            "schedule": crontab(hour="3", minute="37"),
        },
        "pass answers on to carriers": {
            "task": "tracking.tasks.forward_answers",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "send the notices that are due": {
            "task": "tracking.tasks.enqueue_due_deliveries",
            "schedule": timedelta(seconds=2),
            "options": {"expires": 2},
        },
        "translate words that nobody knows": {
            "task": "tracking.tasks.translate_unknown_texts",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "erase notices that are history": {
            "task": "tracking.tasks.erase_old_notices",
            "schedule": crontab(hour="4", minute="7"),
        },
        "erase papers that have expired": {
            "task": "tracking.tasks.erase_expired_papers",
            "schedule": crontab(minute="23"),
        },
        "read what was stored but not read": {
            "task": "tracking.tasks.parse_stale_payloads",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
    },
)
if not IS_BEAT_ONLY:
    app.autodiscover_tasks(["tracking"])
    app.autodiscover_tasks(["tracking"], related_name="reckoning")


@app.on_configure.connect
def configure_broker_url(sender: Celery, **_: Any) -> None:
    """Take the broker's address from Django's settings, once they can be read."""
    sender.conf["broker_url"] = settings.BROKER_URL


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Let Django's LOGGING stand: with a receiver here Celery installs none of its own."""


@worker_init.connect
def release_stale_locks(sender: Any, **_: Any) -> None:
    """A worker that was killed may have kept turns; the one that stands in for it begins without waiting for them."""
    # Only workers have tables, and with them the line to Redis; beat loads this file alone.
    import_module("tracking.worker_lock").forget_turns(sender.hostname)


def record_heartbeat(name: str, seconds: int = 3600) -> None:
    """Note in Redis that the process called `name` was alive just now."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(f"alive:{name}", time.time(), ex=seconds)


@heartbeat_sent.connect
def record_worker_heartbeat(**_: Any) -> None:
    """A worker's own heartbeat, every two seconds."""
    record_heartbeat("worker")


@beat_init.connect
def connect_beat_heartbeat(**_: Any) -> None:
    """In beat's own process: each job it sends marks it alive."""
    before_task_publish.connect(record_beat_heartbeat, weak=False)
    record_beat_heartbeat()


def record_beat_heartbeat(**_: Any) -> None:
    """Beat sent a job."""
    record_heartbeat("beat")
