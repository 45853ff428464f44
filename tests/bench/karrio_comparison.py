"""Row 6: events stored a second against karrio's poller, on the same answers and the same PostgreSQL server.

In each round both sides get twenty new events of each of sixty parcels, alternating, in answers of DHL's unified API.
Neither makes a call, and neither stores the raw answer in the measured time.

- Ours: parse answers in memory, compare the scans with the stored events, store one row per event, update the milestone
  and publish the page update, in the worker's batches.
- Karrio's: parse answers in memory, compare them with the tracker, save one JSON column per tracker and queue a webhook
  notice for each, in its worker's batches of ten.

Left out in karrio's favour: the threads and pauses of its calls, and its log of each call, which is on by default.
`README.md` in this folder says how to install karrio.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.utils import timezone

from tests import factories
from tests.bench.ingest import ANSWER_COUNT, EVENTS_PER_ANSWER, NUMBER_SEQUENCE
from tests.bench.karrio_environment import create_karrio_environment, karrio_python
from tests.bench.measurement import NotMeasuredError, Row, measure_alternating, measure_seconds
from tracking.ingest.process import process_payloads
from tracking.models import Event, Payload
from tracking.models.payloads import ReceivedVia

POLLER_SCRIPT: Final = Path(__file__).with_name("karrio_poller.py")
TARGET: Final = 5.0


def build_dhl_answer(number: str) -> str:
    """Return DHL's answer about a number with twenty events, newest first."""
    events = [build_dhl_event(index) for index in reversed(range(EVENTS_PER_ANSWER))]
    ends = {"origin": {"address": {"countryCode": "CN"}}, "destination": {"address": {"countryCode": "US"}}}
    shipment = {"id": number, "service": "express", **ends, "status": events[0], "events": events}
    return json.dumps({"shipments": [shipment]})


def build_dhl_event(index: int) -> dict[str, object]:
    """Return one event, eight hours after the event before it."""
    day, hour = divmod(8 * index, 24)
    return {
        "timestamp": f"2026-09-{1 + day:02d}T{hour:02d}:05:00",
        "location": {"address": {"countryCode": "CN", "addressLocality": "SHENZHEN"}},
        "statusCode": "transit",
        "status": "TRANSIT",
        "description": f"Processed at facility {index}",
    }


def build_answers() -> dict[str, str]:
    """Return new tracking numbers with DHL's answers about them."""
    return {number: build_dhl_answer(number) for number in (f"10{next(NUMBER_SEQUENCE)}" for _ in range(ANSWER_COUNT))}


def measure_ours() -> float:
    """Return the events we store per second when stored answers are processed."""
    feed = factories.create_feed("dhl")
    payload_ids: list[int] = []
    for number, body in build_answers().items():
        factories.create_leg(number, from_feed=feed, registered_at=timezone.now())
        payload_ids.append(Payload.objects.store(feed, body.encode(), ReceivedVia.POLL, timezone.now(), [number])[0].pk)
    payloads = [Payload.objects.select_related("carrier").get(pk=payload_id) for payload_id in payload_ids]
    before = Event.objects.count()
    seconds = measure_seconds(lambda: process_payloads(payloads))
    stored = Event.objects.count() - before
    assert stored == ANSWER_COUNT * EVENTS_PER_ANSWER, stored
    return stored / seconds


@contextmanager
def run_karrio(python: str) -> Iterator[subprocess.Popen[str]]:
    """Start karrio's poller on its own database on our server. Raise `NotMeasuredError` if it does not start."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open(Path(folder) / "karrio.log", "w", encoding="utf-8") as log,
        subprocess.Popen(
            [python, str(POLLER_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env=create_karrio_environment(folder),
        ) as poller,
    ):
        try:
            assert poller.stdout is not None
            if poller.stdout.readline().strip() != "ready":
                output = Path(log.name).read_text(encoding="utf-8").strip()[-2000:]
                raise NotMeasuredError(f"karrio did not start: {output}")
            yield poller
        finally:
            poller.terminate()


def measure_karrio(poller: subprocess.Popen[str]) -> float:
    """Return the events that karrio's poller stores per second. Raise `SystemExit` if it did not store all of them."""
    assert poller.stdin is not None
    assert poller.stdout is not None
    poller.stdin.write(json.dumps(build_answers()) + "\n")
    poller.stdin.flush()
    while not (line := poller.stdout.readline().strip()):
        if poller.poll() is not None:
            raise SystemExit("karrio's poller ended before it answered")
    stored, seconds = json.loads(line)
    if stored != ANSWER_COUNT * EVENTS_PER_ANSWER:
        raise SystemExit(f"karrio's poller stored {stored} events of {ANSWER_COUNT * EVENTS_PER_ANSWER}")
    return float(stored / seconds)


def karrio_row() -> Row:
    """Measure row 6, or raise `NotMeasuredError` if karrio is not installed."""
    with run_karrio(karrio_python()) as poller:
        ours, karrios = measure_alternating(measure_ours, lambda: measure_karrio(poller))
    details = {"events_per_second": round(ours), "karrio_events_per_second": round(karrios)}
    return Row(6, "events stored / karrio's poller", ours / karrios, TARGET, True, details)
