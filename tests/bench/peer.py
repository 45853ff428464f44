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

from tests import make
from tests.bench.machine import NotMeasuredError, Row, by_turns, seconds
from tests.bench.storing import ANSWERS, EVENTS, NUMBERS
from tracking.ingest.read import read_all
from tracking.models import Event, Payload
from tracking.models.payloads import Arrival

POLLER: Final = Path(__file__).with_name("peer_poller.py")
TARGET: Final = 5.0
OURS_ALONE: Final = ("DJANGO_", "DATABASE_", "REDIS_")


def answer(number: str) -> str:
    """Return DHL's answer about a number, the newest of twenty events first."""
    events = [event(index) for index in reversed(range(EVENTS))]
    ends = {"origin": {"address": {"countryCode": "CN"}}, "destination": {"address": {"countryCode": "US"}}}
    shipment = {"id": number, "service": "express", **ends, "status": events[0], "events": events}
    return json.dumps({"shipments": [shipment]})


def event(index: int) -> dict[str, object]:
    """Return one event, eight hours after the one before it."""
    day, hour = divmod(8 * index, 24)
    return {
        "timestamp": f"2026-09-{1 + day:02d}T{hour:02d}:05:00",
        "location": {"address": {"countryCode": "CN", "addressLocality": "SHENZHEN"}},
        "statusCode": "transit",
        "status": "TRANSIT",
        "description": f"Processed at facility {index}",
    }


def answers() -> dict[str, str]:
    """Return fresh numbers with their answers."""
    return {number: answer(number) for number in (f"10{next(NUMBERS)}" for _ in range(ANSWERS))}


def ours() -> float:
    """Return the events stored a second by reading stored answers."""
    feed = make.feed("dhl")
    payloads: list[int] = []
    for number, body in answers().items():
        make.leg(number, source=feed, registered_at=timezone.now())
        payloads.append(Payload.objects.keep(feed, body.encode(), Arrival.POLL, timezone.now(), [number])[0].pk)
    waiting = [Payload.objects.select_related("carrier").get(pk=payload) for payload in payloads]
    before = Event.objects.count()
    took = seconds(lambda: read_all(waiting))
    stored = Event.objects.count() - before
    assert stored == ANSWERS * EVENTS, stored
    return stored / took


@contextmanager
def karrio(python: str) -> Iterator[subprocess.Popen[str]]:
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
        keep = {name: value for name, value in os.environ.items() if not name.startswith(OURS_ALONE)}
        with (
            open(Path(folder) / "peer.log", "w", encoding="utf-8") as log,
            subprocess.Popen(
                [python, str(POLLER)],
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


def theirs(peer: subprocess.Popen[str]) -> float:
    """Return the events that karrio's poller stores a second; raise SystemExit where it did not store them all."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(json.dumps(answers()) + "\n")
    peer.stdin.flush()
    while not (line := peer.stdout.readline().strip()):
        if peer.poll() is not None:
            raise SystemExit("karrio's poller ended before it answered")
    stored, took = json.loads(line)
    if stored != ANSWERS * EVENTS:
        raise SystemExit(f"karrio's poller stored {stored} events of {ANSWERS * EVENTS}")
    return float(stored / took)


def row() -> Row:
    """Measure the row, or raise `NotMeasuredError` without a peer."""
    python = os.environ.get("KARRIO_PYTHON")
    if not python:
        raise NotMeasuredError("set KARRIO_PYTHON, see tests/bench/README.md")
    with karrio(python) as peer:
        stored, peers = by_turns(ours, lambda: theirs(peer))
    details = {"events_per_second": round(stored), "karrio_events_per_second": round(peers)}
    return Row(6, "events stored / karrio's poller", stored / peers, TARGET, True, details)
