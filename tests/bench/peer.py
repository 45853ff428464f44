"""Row 6: events stored a second against karrio's poller, on the same answers and the same PostgreSQL server.

Both read twenty-event answers of DHL's unified API about parcels that nothing is known of, sixty a round, by turns.
Ours are read from stored payloads, parsed, deduplicated, stored as rows, and the milestone moved, in the groups of the
worker; karrio's are read from memory, parsed, compared, and saved as one JSON cell a parcel, in the batches of its
worker. The row is measured where KARRIO_PYTHON names a Python that has karrio_server and karrio.dhl-universal.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection
from django.utils import timezone

from tests import make
from tests.bench.machine import Row, by_turns, seconds
from tests.bench.storing import ANSWERS, EVENTS, NUMBERS
from tracking.ingest.read import read_all
from tracking.models import Event, Payload
from tracking.models.payloads import Arrival

POLLER: Final = Path(__file__).with_name("peer_poller.py")
TARGET: Final = 5.0


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
    """Have karrio's poller ready, on a database of its own beside ours."""
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
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_"))}
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
                    log.flush()
                    raise SystemExit(f"karrio did not start: {Path(log.name).read_text(encoding='utf-8')[-2000:]}")
                yield peer
            finally:
                peer.terminate()


def theirs(peer: subprocess.Popen[str]) -> float:
    """Return the events that karrio's poller stores a second."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write(json.dumps(answers()) + "\n")
    peer.stdin.flush()
    while not (line := peer.stdout.readline().strip()):
        if peer.poll() is not None:
            raise SystemExit("karrio's poller ended before it answered")
    return float(line)


def row() -> Row | None:
    """Measure the row, or return None without a peer."""
    python = os.environ.get("KARRIO_PYTHON")
    if not python:
        return None
    with karrio(python) as peer:
        stored, peers = by_turns(ours, lambda: theirs(peer))
    details = {"events_per_second": round(stored), "karrio_events_per_second": round(peers)}
    return Row(6, "events stored / karrio's poller", stored / peers, TARGET, True, details)
