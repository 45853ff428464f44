"""Run karrio's tracker poller: reads a line of answers, writes a line with the number of saved events and the seconds.

It runs outside this project's environment: `karrio_comparison.py` starts it with the interpreter that KARRIO_PYTHON
names. A round creates trackers in transit without events and runs the poller's batch step on them, ten at a time, as
karrio's worker does. The carrier's answers are prepared, so no network is used. Three of karrio's costs are left out:
the thread of each call, the pause between two batches (`TRACKER_BATCH_DELAY`), and the log of each call
(`PERSIST_SDK_TRACING`).
"""

import json
import os
import sys
import time

os.environ.update(
    DJANGO_SETTINGS_MODULE="karrio.server.settings",
    SECRET_KEY="only for a measurement, not a secret at all",
    DEBUG_MODE="False",
    LOG_LEVEL="ERROR",
    PERSIST_SDK_TRACING="False",
    USE_HTTPS="False",
    TRACKER_BATCH_DELAY="0",
)
# Karrio prints to stdout, which carries our protocol.
REAL_STDOUT, sys.stdout = sys.stdout, sys.stderr

import django

django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from karrio.core.utils import DP, Deserializable
from karrio.mappers.dhl_universal import proxy
from karrio.server.events.task_definitions.base import tracking
from karrio.server.manager.models import Tracking
from karrio.server.providers.models import CarrierConnection

PREPARED_ANSWERS: dict[str, str] = {}


def fetch_prepared_answer(_: object, request: object) -> object:
    """Return the prepared answer for each number, deserialized as karrio's own proxy does."""
    bodies = [PREPARED_ANSWERS[query["trackingNumber"]] for query in request.serialize()]
    return Deserializable(bodies, lambda texts: [DP.to_dict(text) for text in texts])


def run_round(connection: CarrierConnection, answers: dict[str, str]) -> tuple[int, float]:
    """Poll new trackers once; return the number of events stored for them, and the seconds it took."""
    PREPARED_ANSWERS.clear()
    PREPARED_ANSWERS.update(answers)
    snapshot = {
        "connection_id": connection.pk,
        "connection_type": "account",
        "carrier_code": connection.carrier_code,
        "carrier_id": connection.carrier_id,
        "carrier_name": connection.carrier_code,
    }
    trackers = [
        Tracking.objects.create(
            tracking_number=number, carrier=snapshot, delivered=False, status="in_transit", events=[], test_mode=False,
            created_by=connection.created_by,
        )
        for number in answers
    ]  # fmt: skip
    started_at = time.perf_counter()
    tracking.process_carrier_trackers([tracker.pk for tracker in trackers])
    seconds = time.perf_counter() - started_at
    saved = Tracking.objects.filter(pk__in=[tracker.pk for tracker in trackers])
    return sum(len(tracker.events or []) for tracker in saved), seconds


def main() -> None:
    """Prepare the database, then run one round for each line of answers on stdin."""
    call_command("migrate", verbosity=0)
    proxy.Proxy.get_tracking = fetch_prepared_answer
    user = get_user_model().objects.create_user(email="nobody@example.com", password="unused")
    connection = CarrierConnection.objects.create(
        carrier_code="dhl_universal",
        carrier_id="dhl",
        credentials={"consumer_key": "none", "consumer_secret": "none"},
        active=True,
        test_mode=False,
        created_by=user,
        capabilities=["tracking"],
    )
    print("ready", file=REAL_STDOUT, flush=True)
    for line in sys.stdin:
        print(json.dumps(run_round(connection, json.loads(line))), file=REAL_STDOUT, flush=True)


main()
