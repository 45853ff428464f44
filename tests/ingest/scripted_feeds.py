"""Feeds whose answers a test makes up, and readers of the legs and events that come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from unittest.mock import patch

from django.db.models import F

from tests import factories
from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment
from tracking.carriers.registry import ADAPTERS
from tracking.ingest.loaded import NewEvent
from tracking.ingest.process import process_payload, process_payloads
from tracking.models import Carrier, Event, Leg, Order, Payload, Shipment
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.timeline import merge_duplicates, sort_scans

PARSED_ANSWERS: dict[bytes, ParsedAnswer] = {}
FEED_SLUGS = ("wide", "wider", "alpha", "beta", "gamma", "delta")
ALPHA, BETA = ("alpha", "AA00000001"), ("beta", "BB00000002")
"""Carrier and number of a first and a second leg."""
_bodies = count(1)


class ScriptedAdapter(Adapter):
    """A feed whose bodies parse into the answers in `PARSED_ANSWERS`."""

    version = "1"
    base_url = "http://127.0.0.1"

    def __init__(self, slug: str) -> None:
        self.slug, self.name, self.is_aggregator = slug, slug.title(), slug.startswith("wide")  # type: ignore[misc]

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        return PARSED_ANSWERS[body]

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        raise NotImplementedError

    async def probe(self, client: CarrierClient) -> str:
        raise NotImplementedError


@contextmanager
def scripted_feeds() -> Iterator[None]:
    """Register two aggregators, `wide` and `wider`, and four carriers with feeds of their own."""
    with patch.dict(ADAPTERS, {slug: ScriptedAdapter(slug) for slug in FEED_SLUGS}):
        yield


def scripted_payload(
    feed: Carrier, *shipments: ParsedShipment, received_via: ReceivedVia = ReceivedVia.POLL
) -> Payload:
    """Return a stored, unprocessed payload that parses into these shipments."""
    body = f"body {next(_bodies)}".encode()
    PARSED_ANSWERS[body] = ParsedAnswer(shipments)
    return factories.create_payload(body, feed, received_via=received_via)


def process_answer(
    feed: Carrier, *shipments: ParsedShipment, received_via: ReceivedVia = ReceivedVia.POLL
) -> list[NewEvent]:
    """Process a payload of this feed with these shipments; return the new events."""
    return process_payload(scripted_payload(feed, *shipments, received_via=received_via))


def process_unparsed() -> None:
    """Process payloads, as the periodic task does, until none is unparsed."""
    while payloads := list(Payload.objects.filter(status=PayloadStatus.STORED).select_related("carrier")):
        process_payloads(payloads)


def leg_chain(shipment: Shipment) -> list[tuple[str, str]]:
    """Return carrier and number of each leg, in travel order."""
    legs = Leg.objects.filter(shipment=shipment).select_related("carrier").order_by("position", "pk")
    return [(leg.carrier.slug if leg.carrier else "", leg.number) for leg in legs]


def timeline_rows(shipment: Shipment) -> list[list[tuple[str, str, str, str]]]:
    """Return the timeline's rows: scan, carrier, number and feed of each event that was merged into a row."""
    events = Event.objects.filter(shipment=shipment).select_related("leg__carrier", "feed")
    rows = merge_duplicates(sort_scans(events.annotate(leg_position=F("leg__position"))))  # type: ignore[type-var]
    return [[describe_event(event) for event in row] for row in rows]


def describe_event(event: Event) -> tuple[str, str, str, str]:
    """Return scan, carrier and number of the leg, and the feed that reported it."""
    assert event.feed is not None
    carrier = event.leg.carrier.slug if event.leg.carrier else ""
    return event.scan, carrier, event.leg.number, event.feed.slug


def parsed_leg(carrier: str, number: str) -> ParsedLeg:
    """Return one carrier's leg as an answer reports it."""
    return ParsedLeg(carrier, carrier.title(), number)


def aggregator() -> Carrier:
    """Return the feed of the aggregator `wide`."""
    return factories.create_feed("wide")


def parsed_scan(name: str, day: int, leg: int = 0, text: str = "", minute: int = 0, country: str = "") -> ParsedScan:
    """Return a scan shortly after 10:00 UTC on a day in September; `leg` is the index of its leg."""
    return factories.build_scan(
        name, f"2026-09-{day:02d}T10:{minute:02d}:00Z", leg_index=leg, text=text, country=country or None
    )


def parsed_shipment(
    *scans: ParsedScan, number: str = "AA00000001", legs: tuple[tuple[str, str], ...] = ()
) -> ParsedShipment:
    """Return a parsed shipment with these legs, each a carrier and a number; by default one leg of `alpha`."""
    parsed_legs = tuple(parsed_leg(*leg) for leg in legs or (("alpha", number),))
    return factories.build_shipment(*scans, number=number, legs=parsed_legs)


def polled_leg(number: str = "AA00000001", order: Order | None = None) -> Leg:
    """Create a leg that is polled at the aggregator."""
    return factories.create_leg(number, from_feed=aggregator(), for_order=order)
