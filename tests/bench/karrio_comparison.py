"""Row 6: events stored a second against karrio's poller, on the same answers and the same PostgreSQL server.

Both are told twenty events of each of sixty parcels a round, by turns, in answers of DHL's unified API; neither knows
an event of them before. Neither makes a call, and neither keeps the raw answer in the measured time.

- Ours, measured: answers in memory that are stored already are parsed, their scans compared with what is known, one row
  stored an event, the milestone moved, the shipment's bell rung, in the groups of the worker.
- Karrio's, measured: answers in memory are parsed, compared with the tracker, saved as one JSON cell a tracker, and a
  webhook notice queued for each, in the batches of ten of its worker.

Left out in the peer's favour: the threads and the pauses of its calls, and its record of each call, which is on by
default. `README.md` beside this says how to have a peer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection
from django.utils import timezone

from tests import factories
from tests.bench.ingest import ANSWER_COUNT, EVENTS_PER_ANSWER, NUMBER_SEQUENCE
from tests.bench.measurement import NotMeasuredError, Row, measure_alternating, measure_seconds
from tracking.ingest.process import process_payloads
from tracking.models import Event, Payload
from tracking.models.payloads import ReceivedVia

POLLER_SCRIPT: Final = Path(__file__).with_name("peer_poller.py")
TARGET: Final = 5.0
EXCLUDED_VARIABLE_PREFIXES: Final = ("DJANGO_", "DATABASE_", "REDIS_")


def build_dhl_answer(number: str) -> str:
    """Return DHL's answer about a number, the newest of twenty events first."""
    events = [build_dhl_event(index) for index in reversed(range(EVENTS_PER_ANSWER))]
    ends = {"origin": {"address": {"countryCode": "CN"}}, "destination": {"address": {"countryCode": "US"}}}
    shipment = {"id": number, "service": "express", **ends, "status": events[0], "events": events}
    return json.dumps({"shipments": [shipment]})


def build_dhl_event(index: int) -> dict[str, object]:
    """Return one event, eight hours after the one before it."""
    day, hour = divmod(8 * index, 24)
    return {
        "timestamp": f"2026-09-{1 + day:02d}T{hour:02d}:05:00",
        "location": {"address": {"countryCode": "CN", "addressLocality": "SHENZHEN"}},
        "statusCode": "transit",
        "status": "TRANSIT",
        "description": f"Processed at facility {index}",
    }


def build_answers() -> dict[str, str]:
    """Return fresh numbers with their answers."""
    return {number: build_dhl_answer(number) for number in (f"10{next(NUMBER_SEQUENCE)}" for _ in range(ANSWER_COUNT))}


def measure_ours() -> float:
    """Return the events stored a second by reading stored answers."""
    feed = factories.create_feed("dhl")
    payloads: list[int] = []
    for number, body in build_answers().items():
        factories.create_leg(number, from_feed=feed, registered_at=timezone.now())
        payloads.append(Payload.objects.store(feed, body.encode(), ReceivedVia.POLL, timezone.now(), [number])[0].pk)
    waiting = [Payload.objects.select_related("carrier").get(pk=payload) for payload in payloads]
    before = Event.objects.count()
    took = measure_seconds(lambda: process_payloads(waiting))
    stored = Event.objects.count() - before
    assert stored == ANSWER_COUNT * EVENTS_PER_ANSWER, stored
    return stored / took


@contextmanager
def run_karrio(python: str) -> Iterator[subprocess.Popen[str]]:
    """Have karrio's poller ready, on a database of its own beside ours, or raise `NotMeasuredError`."""
    if shutil.which(python) is None:
        raise NotMeasuredError(f"KARRIO_PYTHON names no program: {python}")
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS karrio_peer")
        cursor.execute("CREATE DATABASE karrio_peer")
    assert connection.connection is not None
    told = connection.connection.info
    with tempfile.TemporaryDirectory() as folder:
        place = {
            "DATABASE_ENGINE": "postgresql",
            "DATABASE_NAME": "karrio_peer",
            "DATABASE_HOST": told.host,
            "DATABASE_PORT": str(told.port),
            "DATABASE_USERNAME": told.user,
            "DATABASE_PASSWORD": told.password,
            "WORK_DIR": folder,
            "LOG_DIR": folder,
        }
        keep = {name: value for name, value in os.environ.items() if not name.startswith(EXCLUDED_VARIABLE_PREFIXES)}
        with (
            open(Path(folder) / "peer.log", "w", encoding="utf-8") as log,
            subprocess.Popen(
                [python, str(POLLER_SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder,
                env={**keep, **place},
            ) as peer,
        ):
            try:
                assert peer.stdout is not None
                if peer.stdout.readline().strip() != "ready":
                    said = Path(log.name).read_text(encoding="utf-8").strip()[-2000:]
                    raise NotMeasuredError(f"karrio did not start: {said}")
                yield peer
            finally:
                peer.terminate()


def measure_karrio(peer: subprocess.Popen[str]) -> float:
    """Return the events that karrio's poller stores a second; raise SystemExit where it did not store them all."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(json.dumps(build_answers()) + "\n")
    peer.stdin.flush()
    while not (line := peer.stdout.readline().strip()):
        if peer.poll() is not None:
            raise SystemExit("karrio's poller ended before it answered")
    stored, took = json.loads(line)
    if stored != ANSWER_COUNT * EVENTS_PER_ANSWER:
        raise SystemExit(f"karrio's poller stored {stored} events of {ANSWER_COUNT * EVENTS_PER_ANSWER}")
    return float(stored / took)


def karrio_row() -> Row:
    """Measure the row, or raise `NotMeasuredError` without a peer."""
    python = os.environ.get("KARRIO_PYTHON")
    if not python:
        raise NotMeasuredError("set KARRIO_PYTHON, see tests/bench/README.md")
    with run_karrio(python) as peer:
        stored, peers = measure_alternating(measure_ours, lambda: measure_karrio(peer))
    details = {"events_per_second": round(stored), "karrio_events_per_second": round(peers)}
    return Row(6, "events stored / karrio's poller", stored / peers, TARGET, True, details)
