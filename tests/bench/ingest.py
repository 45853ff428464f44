"""Row 5: events per second from stored answer to updated milestone, against a plain insert of the same rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from tests import factories
from tests.bench.measurement import Row, measure_alternating, measure_seconds
from tracking.ingest.process import process_payload, process_payloads
from tracking.models import Event, Leg, Payload
from tracking.models.payloads import ReceivedVia

EVENTS_PER_ANSWER: Final = 20
ANSWER_COUNT: Final = 60
NUMBER_SEQUENCE: Final = count(100_000_000)
FIRST_EVENT_AT: Final = datetime(2026, 9, 1, 8, tzinfo=UTC)
SUB_STATUSES: Final = ("InTransit_PickedUp", "InTransit_Other", "InTransit_Departure", "InTransit_Arrival")


def build_answer(number: str) -> dict[str, Any]:
    """Return a 17TRACK answer with twenty events of one number, newest first."""
    events = [build_event(index) for index in reversed(range(EVENTS_PER_ANSWER))]
    provider = {"provider": {"key": 3011, "name": "China Post", "country": "CN"}, "events": events}
    info = {
        "latest_status": {"status": "InTransit"},
        "tracking": {"providers": [provider]},
        "shipping_info": SHIPPING_INFO,
    }
    return {"code": 0, "data": {"accepted": [{"number": number, "carrier": 3011, "track_info": info}], "rejected": []}}


SHIPPING_INFO: Final = {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "US"}}


def build_event(index: int) -> dict[str, Any]:
    """Return one event of an answer, about eight hours after the event before it."""
    occurred_at = FIRST_EVENT_AT + timedelta(hours=8 * index, minutes=index)
    local_time = (occurred_at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
    return {
        "time_iso": local_time,
        "time_utc": occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "time_raw": {"date": local_time[:10], "time": local_time[11:19], "timezone": "+08:00"},
        "description": f"Processed at facility {index}",
        "location": f"Shenzhen, hall {index}",
        "stage": None,
        "sub_status": SUB_STATUSES[index % 4],
        "address": {"country": "CN", "state": "Guangdong", "city": "Shenzhen", "coordinates": {}},
    }


def create_payloads() -> list[Payload]:
    """Return stored answers about parcels that have no events yet."""
    feed = factories.create_feed()
    payloads = []
    for _ in range(ANSWER_COUNT):
        number = f"LZ{next(NUMBER_SEQUENCE)}CN"
        leg = factories.create_leg(number, from_feed=feed, next_check_at=timezone.now())
        Leg.objects.filter(pk=leg.pk).update(registered_at=timezone.now())
        body = json.dumps(build_answer(number)).encode()
        payloads.append(Payload.objects.store(feed, body, ReceivedVia.POLL, timezone.now(), [number])[0])
    return [Payload.objects.select_related("carrier").get(pk=payload.pk) for payload in payloads]


def measure_ours() -> float:
    """Return the events stored per second when stored answers are processed."""
    payloads, before = create_payloads(), Event.objects.count()
    seconds = measure_seconds(lambda: process_payloads(payloads))
    stored = Event.objects.count() - before
    assert stored == ANSWER_COUNT * EVENTS_PER_ANSWER, stored
    return stored / seconds


def measure_plain_insert() -> float:
    """Return the rows inserted per second by one `INSERT .. unnest .. ON CONFLICT` of twenty rows per transaction."""
    process_payload(create_payloads()[0])
    columns = [field.column for field in Event._meta.concrete_fields if not field.primary_key]
    types = {field.column: field.db_type(connection) for field in Event._meta.concrete_fields}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM tracking_event ORDER BY id DESC LIMIT {EVENTS_PER_ANSWER}")
        rows = cursor.fetchall()
    fingerprint_at = columns.index("fingerprint")
    arrays = ", ".join(f"%s::{(types[name] or '').partition('(')[0]}[]" for name in columns)
    into = f"INSERT INTO tracking_event ({', '.join(columns)})"
    statement = f"{into} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    batches = []
    for _ in range(ANSWER_COUNT):
        unique = [(*row[:fingerprint_at], f"{next(NUMBER_SEQUENCE):032d}", *row[fingerprint_at + 1 :]) for row in rows]
        batches.append([list(column) for column in zip(*unique, strict=True)])

    def insert_all() -> None:
        for batch in batches:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, batch)

    return ANSWER_COUNT * EVENTS_PER_ANSWER / measure_seconds(insert_all)


def ingest_row() -> Row:
    """Measure row 5."""
    stored, inserted = measure_alternating(measure_ours, measure_plain_insert)
    details = {
        "events_per_second": round(stored),
        "insert_rows_per_second": round(inserted),
        "an answer without new events": f"{unchanged_answer_ms():.2f} ms",
    }
    return Row(5, "events stored / unnest insert", stored / inserted, 0.6, True, details)


def unchanged_answer_ms() -> float:
    """Return the milliseconds per answer when every event of it is stored already."""
    payloads = create_payloads()
    for payload in payloads:
        process_payload(payload)
    return measure_seconds(lambda: process_payloads(payloads)) / len(payloads) * 1000
