"""Feeds for tests that tell what a test has them tell, and what a shipment has come to in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from unittest.mock import patch

from django.db.models import F

from tests import make
from tracking.carriers.adapter import Adapter, Line
from tracking.carriers.parsed import Reading, ToldLeg, ToldParcel
from tracking.carriers.registry import ADAPTERS
from tracking.ingest.loaded import NewEvent
from tracking.ingest.read import read, read_all
from tracking.models import Carrier, Event, Leg, Payload, Shipment
from tracking.models.payloads import Arrival
from tracking.timeline import in_order, told_once

READINGS: dict[bytes, Reading] = {}
NAMES = ("wide", "wider", "alpha", "beta", "gamma", "delta")
_bodies = count(1)


class Scripted(Adapter):
    """A feed whose messages mean what a test says."""

    version = "1"
    base_url = "http://127.0.0.1"

    def __init__(self, slug: str) -> None:
        self.slug, self.name, self.aggregates = slug, slug.title(), slug.startswith("wide")  # type: ignore[misc]

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        return READINGS[body]

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        raise NotImplementedError

    async def probe(self, line: Line) -> str:
        raise NotImplementedError


@contextmanager
def scripted_feeds() -> Iterator[None]:
    """Have two aggregators, `wide` and `wider`, and four carriers with feeds of their own."""
    with patch.dict(ADAPTERS, {slug: Scripted(slug) for slug in NAMES}):
        yield


def message(feed: Carrier, *parcels: ToldParcel, arrival: Arrival = Arrival.POLL) -> Payload:
    """Return a stored message that tells of these parcels; nobody has read it."""
    body = f"message {next(_bodies)}".encode()
    READINGS[body] = Reading(parcels)
    return make.payload(body, feed, arrival=arrival)


def tell(feed: Carrier, *parcels: ToldParcel, arrival: Arrival = Arrival.POLL) -> list[NewEvent]:
    """Have a message of this feed read."""
    return read(message(feed, *parcels, arrival=arrival))


def read_forgotten() -> None:
    """Read what waits to be read, as beat does until nothing does."""
    while waiting := list(Payload.objects.forgotten(make.HEARD + timedelta(days=1)).select_related("carrier")):
        read_all(waiting)


def legs_of(shipment: Shipment) -> list[tuple[str, str]]:
    """Return the chain: carrier and number of each leg in travel order."""
    legs = Leg.objects.filter(shipment=shipment).select_related("carrier").order_by("position", "pk")
    return [(leg.carrier.slug if leg.carrier else "", leg.number) for leg in legs]


def rows_of(shipment: Shipment) -> list[list[tuple[str, str, str, str]]]:
    """Return the reader's rows: scan, carrier, number and feed of each telling."""
    told = {"leg_position": F("leg__position"), "teller": F("payload__carrier")}
    events = Event.objects.filter(shipment=shipment).select_related("leg__carrier", "payload__carrier")
    rows = told_once(in_order(events.annotate(**told)))  # type: ignore[type-var]
    return [[telling_of(event) for event in row] for row in rows]


def telling_of(event: Event) -> tuple[str, str, str, str]:
    """Return who told what of whose leg."""
    assert event.payload is not None
    carrier = event.leg.carrier.slug if event.leg.carrier else ""
    return event.scan, carrier, event.leg.number, event.payload.carrier.slug


def leg_told(carrier: str, number: str) -> ToldLeg:
    """Return one carrier's leg as an answer tells it."""
    return ToldLeg(carrier, carrier.title(), number)
