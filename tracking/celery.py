"""The Celery application: delivery options and the beat schedule."""

import os
import time
from datetime import timedelta
from typing import Any

import redis
import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, before_task_publish, heartbeat_sent, setup_logging
from django.conf import settings

from tracking.broker import RecoveringAMQP, install_recovering_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

TASK_TIME_LIMIT_SECONDS = 300
HEARTBEAT_TIMEOUT_SECONDS = 1.0
log = structlog.get_logger()

# A process that only runs beat needs the schedule and the broker's address; without the models it takes 40 MB less.
IS_BEAT_ONLY = os.environ.get("CELERY_BEAT_ALONE") == "1"
install_recovering_transport()
app = Celery(
    "tracking",
    amqp=RecoveringAMQP,
    fixups=[] if IS_BEAT_ONLY else None,
    task_cls=None if IS_BEAT_ONLY else "tracking.protection.database_tasks:DatabaseTask",
)
app.conf.update(
    # Worker and beat wait for a lost broker however long it is away.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Redis delivers a message again when it is not acknowledged within this time: keep it above the task time limit.
    broker_transport_options={
        "visibility_timeout": 4 * TASK_TIME_LIMIT_SECONDS,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
    },
    # Celery would close the pool of connections before and after each task; `database_tasks` returns connections to it.
    CELERY_DB_REUSE_MAX=2**62,
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
        "fetch due legs": {
            "task": "tracking.tasks.fetch_due_legs",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "detect silent feeds": {
            "task": "tracking.tasks.detect_silent_feeds",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "update load factors": {
            "task": "tracking.tasks.update_load_factors",
            "schedule": timedelta(minutes=10),
            "options": {"expires": 600},
        },
        "train hazards": {
            "task": "tracking.tasks.train_hazards",
            "schedule": crontab(hour="3", minute="17"),
        },
        "train correction horizons": {
            "task": "tracking.tasks.train_correction_horizons",
            "schedule": crontab(hour="3", minute="27"),
        },
        "make due forecasts": {
            "task": "tracking.forecast_tasks.make_due_forecasts",
            "schedule": timedelta(seconds=5),
            "options": {"expires": 5},
        },
        "train prediction models": {
            "task": "tracking.forecast_tasks.train_prediction_models",
            "schedule": crontab(hour="2", minute="41"),
        },
        "update due alerts": {
            "task": "tracking.tasks.update_due_alerts",
            "schedule": timedelta(minutes=15),
            "options": {"expires": 900},
        },
        "update due statuses": {
            "task": "tracking.tasks.update_due_statuses",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "update dwell limits": {
            "task": "tracking.tasks.update_dwell_limits",
            "schedule": crontab(hour="3", minute="37"),
        },
        "forward answers": {
            "task": "tracking.tasks.forward_answers",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "enqueue due deliveries": {
            "task": "tracking.tasks.enqueue_due_deliveries",
            "schedule": timedelta(seconds=1),
            "options": {"expires": 1},
        },
        "translate unknown texts": {
            "task": "tracking.tasks.translate_unknown_texts",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "erase old notices": {
            "task": "tracking.tasks.erase_old_notices",
            "schedule": crontab(hour="4", minute="7"),
        },
        "check waiting papers": {
            "task": "tracking.tasks.check_waiting_papers",
            "schedule": timedelta(seconds=30),
            "options": {"expires": 30},
        },
        "erase expired papers": {
            "task": "tracking.tasks.erase_expired_papers",
            "schedule": crontab(minute="23"),
        },
        "restart demo orders": {
            "task": "tracking.demo_tasks.restart_demo_orders",
            "schedule": timedelta(minutes=1),
            "options": {"expires": 60},
        },
        "parse stale payloads": {
            "task": "tracking.tasks.parse_stale_payloads",
            "schedule": timedelta(seconds=15),
            "options": {"expires": 15},
        },
    },
)
if not IS_BEAT_ONLY:
    app.autodiscover_tasks(["tracking"])
    app.autodiscover_tasks(["tracking"], related_name="forecast_tasks")
    app.autodiscover_tasks(["tracking"], related_name="demo_tasks")


@app.on_configure.connect
def configure_broker_url(sender: Celery, **_: Any) -> None:
    """Set the broker URL from Django's settings, once they can be loaded."""
    sender.conf["broker_url"] = settings.BROKER_URL


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Keep Django's LOGGING: Celery sets up its own only where this signal has no receiver."""


def record_heartbeat(name: str, seconds: int = 3600) -> None:
    """Store the current time in Redis as the last sign of life of the process `name`; it expires after `seconds`.

    While the broker is away nothing is stored: the loop of the worker, which calls this, must not wait or fail.
    """
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=HEARTBEAT_TIMEOUT_SECONDS,
            socket_connect_timeout=HEARTBEAT_TIMEOUT_SECONDS,
        ) as client:
            client.set(f"heartbeat:{name}", time.time(), ex=seconds)
    except redis.RedisError as error:
        log.warning("heartbeat not recorded", process=name, error=str(error))


@heartbeat_sent.connect
def record_worker_heartbeat(**_: Any) -> None:
    """Record the heartbeat that a Celery worker sends every two seconds."""
    record_heartbeat("worker")


@beat_init.connect
def connect_beat_heartbeat(**_: Any) -> None:
    """Record a heartbeat of beat now and with each task that it publishes."""
    before_task_publish.connect(record_beat_heartbeat, weak=False)
    record_beat_heartbeat()


def record_beat_heartbeat(**_: Any) -> None:
    """Record a heartbeat of beat."""
    record_heartbeat("beat")
