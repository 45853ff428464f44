"""Row 5: events stored a second, from stored answer to moved milestone, against the barest insert of the same rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from tests import make
from tests.bench.machine import Row, by_turns, seconds
from tracking.ingest.read import read, read_all
from tracking.models import Event, Leg, Payload
from tracking.models.payloads import Arrival

EVENTS: Final = 20
ANSWERS: Final = 60
NUMBERS: Final = count(100_000_000)
FIRST: Final = datetime(2026, 9, 1, 8, tzinfo=UTC)
SUB_STATUSES: Final = ("InTransit_PickedUp", "InTransit_Other", "InTransit_Departure", "InTransit_Arrival")


def answer(number: str) -> dict[str, Any]:
    """Return a 17TRACK answer with twenty events under one number."""
    events = [event(index) for index in reversed(range(EVENTS))]
    provider = {"provider": {"key": 3011, "name": "China Post", "country": "CN"}, "events": events}
    info = {"latest_status": {"status": "InTransit"}, "tracking": {"providers": [provider]}, "shipping_info": SHIPPING}
    return {"code": 0, "data": {"accepted": [{"number": number, "carrier": 3011, "track_info": info}], "rejected": []}}


SHIPPING: Final = {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "US"}}


def event(index: int) -> dict[str, Any]:
    """Return one event of an answer, eight hours after the one before it."""
    at = FIRST + timedelta(hours=8 * index, minutes=index)
    local = (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")
    return {
        "time_iso": local,
        "time_utc": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "time_raw": {"date": local[:10], "time": local[11:19], "timezone": "+08:00"},
        "description": f"Processed at facility {index}",
        "location": f"Shenzhen, hall {index}",
        "stage": None,
        "sub_status": SUB_STATUSES[index % 4],
        "address": {"country": "CN", "state": "Guangdong", "city": "Shenzhen", "coordinates": {}},
    }


def prepared() -> list[Payload]:
    """Return stored answers about parcels that nothing was told of yet."""
    feed = make.feed()
    payloads = []
    for _ in range(ANSWERS):
        number = f"LZ{next(NUMBERS)}CN"
        leg = make.leg(number, source=feed, next_check_at=timezone.now())
        Leg.objects.filter(pk=leg.pk).update(registered_at=timezone.now())
        body = json.dumps(answer(number)).encode()
        payloads.append(Payload.objects.keep(feed, body, Arrival.POLL, timezone.now(), [number])[0])
    return [Payload.objects.select_related("carrier").get(pk=payload.pk) for payload in payloads]


def ours() -> float:
    """Return the events stored a second by reading stored answers."""
    payloads, before = prepared(), Event.objects.count()
    took = seconds(lambda: read_all(payloads))
    stored = Event.objects.count() - before
    assert stored == ANSWERS * EVENTS, stored
    return stored / took


def floor() -> float:
    """Return the rows inserted a second with one `INSERT .. unnest .. ON CONFLICT` of twenty rows a transaction."""
    read(prepared()[0])
    columns = [field.column for field in Event._meta.concrete_fields if not field.primary_key]
    types = {field.column: field.db_type(connection) for field in Event._meta.concrete_fields}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM tracking_event ORDER BY id DESC LIMIT {EVENTS}")
        rows = cursor.fetchall()
    mark = columns.index("fingerprint")
    arrays = ", ".join(f"%s::{(types[name] or '').partition('(')[0]}[]" for name in columns)
    into = f"INSERT INTO tracking_event ({', '.join(columns)})"
    statement = f"{into} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    batches = []
    for _ in range(ANSWERS):
        fresh = [(*row[:mark], f"{next(NUMBERS):032d}", *row[mark + 1 :]) for row in rows]
        batches.append([list(column) for column in zip(*fresh, strict=True)])

    def insert_all() -> None:
        for batch in batches:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, batch)

    return ANSWERS * EVENTS / seconds(insert_all)


def row() -> Row:
    """Measure the row."""
    stored, barest = by_turns(ours, floor)
    details = {
        "events_per_second": round(stored),
        "floor_rows_per_second": round(barest),
        "an answer that tells nothing new": f"{quiet():.2f} ms",
    }
    return Row(5, "events stored / unnest insert", stored / barest, 0.6, True, details)


def quiet() -> float:
    """Return the milliseconds that the same answer told again takes."""
    payloads = prepared()
    for payload in payloads:
        read(payload)
    return seconds(lambda: read_all(payloads)) / len(payloads) * 1000
