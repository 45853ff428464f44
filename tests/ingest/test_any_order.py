"""A chain told by several sources comes out the same in any order of arrival: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from os import environ
from random import Random
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.ingest.scripted_feeds import (
    FEED_SLUGS,
    leg_chain,
    parsed_leg,
    process_unread,
    scripted_feeds,
    scripted_payload,
    timeline_rows,
)
from tracking.carriers.parsed import ParsedScan, ParsedShipment
from tracking.ingest.process import process_payloads
from tracking.models import Event, Leg, Payload, Shipment
from tracking.models.payloads import PayloadStatus

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FIRST_NUMBER = "N0000000000"
CARRIERS = FEED_SLUGS[2:]
PHASES = (
    ("origin.picked_up", "origin.facility_arrived", "export.customs_presented"),
    ("linehaul.departed", "linehaul.transit_arrived", "import.customs_held"),
    ("import.customs_released", "lastmile.facility_arrived", "lastmile.facility_departed"),
    ("lastmile.delivery_office_arrived", "delivery.out_for_delivery", "delivery.delivered"),
)
FeedAnswer = tuple[str, ParsedShipment]
"""A feed's slug and what one of its messages says."""


class Chain(NamedTuple):
    """Legs with the numbers that their carriers use, and who tells of them."""

    numbers: tuple[str, ...]
    aggregators: tuple[str, ...]
    direct_legs: frozenset[int]
    names_next_number: bool
    """Whether the last scan of a leg names the number of the next."""
    lends_first_number: bool
    """Whether aggregators at first tell a carrier without its own number."""
    omits_zone: bool
    """Whether the second aggregator tells clocks without a zone."""


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    length = draw(st.integers(2, 4))
    own = [draw(st.booleans()) for _ in range(length - 1)]
    numbers = (FIRST_NUMBER, *(f"N000000000{place}" if has else FIRST_NUMBER for place, has in enumerate(own, start=1)))
    asked_directly = [place for place, number in enumerate(numbers) if place and number != FIRST_NUMBER]
    return Chain(
        numbers,
        draw(st.sampled_from([("wide",), ("wide", "wider")])),
        frozenset(draw(st.sets(st.sampled_from(asked_directly)))) if asked_directly else frozenset(),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def chain_scans(chain: Chain, position: int, feed: str, leg: int) -> list[ParsedScan]:
    """Return all that a feed tells of one leg; each feed has its own codes, words, minutes and precision."""
    zone = "" if feed == "wider" and chain.omits_zone else "+02:00"
    lag = {"wide": 2, "wider": 4}.get(feed, 0) if zone else 2
    told = []
    for hour, name in enumerate(PHASES[position]):
        clock = f"2026-09-{2 + 4 * position:02d}T{8 + 3 * hour:02d}:{lag:02d}"
        last = hour == len(PHASES[position]) - 1 and position + 1 < len(chain.numbers)
        onward = f" Next tracking number: {chain.numbers[position + 1]}" if chain.names_next_number and last else ""
        seconds = "" if feed == "wider" else ":00"
        told.append(
            factories.build_scan(
                name, f"{clock}{seconds}{zone}", leg_index=leg, code=f"{feed}-{hour}", text=f"{feed}{onward}"
            )
        )
    return told


def chain_answers(chain: Chain) -> list[FeedAnswer]:
    """Return the messages of a chain's life: each feed tells more each time, an aggregator at last the end alone."""
    found: list[FeedAnswer] = []
    legs = range(len(chain.numbers))
    for feed in chain.aggregators:
        found += [
            (feed, aggregator_answer(chain, feed, legs[: upto + 1], scans)) for upto in legs for scans in (1, 2, 3)
        ]
        found.append((feed, aggregator_answer(chain, feed, legs[-1:], 3)))
        if chain.lends_first_number:
            found += [
                (feed, aggregator_answer(chain, feed, legs[: upto + 1], 1, with_first_number=True)) for upto in legs
            ]
            found.append((feed, aggregator_answer(chain, feed, legs[-1:], 2, with_first_number=True)))
    for place in chain.direct_legs:
        for upto in (1, 3):
            leg = parsed_leg(CARRIERS[place], chain.numbers[place])
            scans = chain_scans(chain, place, CARRIERS[place], 0)[:upto]
            found.append((CARRIERS[place], ParsedShipment(chain.numbers[place], (leg,), tuple(scans))))
    return found


def aggregator_answer(
    chain: Chain, feed: str, legs: Sequence[int], scan_count: int, with_first_number: bool = False
) -> ParsedShipment:
    """Return what an aggregator says of the number asked: these legs, the last one with `upto` scans."""
    told = [parsed_leg(CARRIERS[place], FIRST_NUMBER if with_first_number else chain.numbers[place]) for place in legs]
    scans: list[ParsedScan] = []
    for leg, place in enumerate(legs):
        every = chain_scans(chain, place, feed, leg)
        scans += every[:scan_count] if place == legs[-1] else every
    return ParsedShipment(FIRST_NUMBER, tuple(told), tuple(scans), origin="CN")


def process_in_order(chain: Chain, answers: Sequence[FeedAnswer], batch_size: int) -> dict[str, Any]:
    """Tell a new shipment all this, some messages at a time, and return what it comes to; nothing stays behind."""
    with transaction.atomic():
        for place in chain.direct_legs:
            factories.create_feed(CARRIERS[place])
        shipment = factories.create_leg(
            FIRST_NUMBER, from_feed=factories.create_feed("wide"), for_order=factories.create_order(country="US")
        ).shipment
        messages = [scripted_payload(factories.create_feed(feed), parcel) for feed, parcel in answers]
        for start in range(0, len(messages), batch_size):
            process_payloads(messages[start : start + batch_size])
        process_unread()
        outcome = final_state(shipment)
        transaction.set_rollback(True)
    return outcome


def final_state(shipment: Shipment) -> dict[str, Any]:
    """Return all that must not depend on the order of arrival."""
    shipment.refresh_from_db()
    events = Event.objects.filter(shipment=shipment)
    return {
        "legs": leg_chain(shipment),
        "events": sorted(events.values_list("leg__carrier__slug", "leg__number", "payload__carrier__slug", "code")),
        "rows": timeline_rows(shipment),
        "stands": (shipment.milestone, shipment.overlay, shipment.delivered_at, shipment.last_scan),
        "waiting": Payload.objects.filter(status=PayloadStatus.UNMATCHED).count(),
        "unasked": Leg.objects.filter(
            shipment=shipment, reported_by=None, next_check_at=None, last_answer_at=None
        ).count(),
    }


class AnyOrder(TestCase):
    """Messages of several sources about one parcel, however they arrive."""

    def setUp(self) -> None:
        feeds = scripted_feeds()
        feeds.__enter__()
        self.addCleanup(feeds.__exit__, None, None, None)

    @settings(max_examples=int(environ.get("N", "40")), deadline=None)
    @given(chains(), st.integers(0, 2**32), st.integers(1, 5))
    def test_a_chain_comes_out_the_same(self, chain: Chain, seed: int, batch_size: int) -> None:
        told = chain_answers(chain)
        shuffled = [*told, *Random(seed).sample(told, len(told) // 2)]
        Random(seed).shuffle(shuffled)

        usual, mixed = process_in_order(chain, told, 1), process_in_order(chain, shuffled, batch_size)

        assert mixed == usual
        assert usual["legs"] == list(zip(CARRIERS, chain.numbers, strict=False))
        assert len(usual["rows"]) == 3 * len(chain.numbers)
        assert usual["waiting"] == usual["unasked"] == 0
        for place, rows in enumerate(zip(*[iter(usual["rows"])] * 3, strict=True)):
            tellers = {*chain.aggregators, *({CARRIERS[place]} if place in chain.direct_legs else ())}
            assert [{telling[3] for telling in row} for row in rows] == [tellers] * 3
