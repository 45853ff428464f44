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

from tests import make
from tests.ingest.telling import NAMES, leg_told, legs_of, message, read_forgotten, rows_of, scripted_feeds
from tracking.carriers.parsed import ToldParcel, ToldScan
from tracking.ingest.read import read_all
from tracking.models import Event, Leg, Payload, Shipment
from tracking.models.payloads import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.database]

FIRST = "N0000000000"
CARRIERS = NAMES[2:]
PHASES = (
    ("origin.picked_up", "origin.facility_arrived", "export.customs_presented"),
    ("linehaul.departed", "linehaul.transit_arrived", "import.customs_held"),
    ("import.customs_released", "lastmile.facility_arrived", "lastmile.facility_departed"),
    ("lastmile.delivery_office_arrived", "delivery.out_for_delivery", "delivery.delivered"),
)
Telling = tuple[str, ToldParcel]
"""A feed's slug and what one of its messages says."""


class Chain(NamedTuple):
    """Legs with the numbers that their carriers use, and who tells of them."""

    numbers: tuple[str, ...]
    aggregators: tuple[str, ...]
    direct: frozenset[int]
    named: bool
    """Whether the last scan of a leg names the number of the next."""
    late: bool
    """Whether aggregators at first tell a carrier without its own number."""
    undated: bool
    """Whether the second aggregator tells clocks without a zone."""


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    length = draw(st.integers(2, 4))
    own = [draw(st.booleans()) for _ in range(length - 1)]
    numbers = (FIRST, *(f"N000000000{place}" if has else FIRST for place, has in enumerate(own, start=1)))
    asked_directly = [place for place, number in enumerate(numbers) if place and number != FIRST]
    return Chain(
        numbers,
        draw(st.sampled_from([("wide",), ("wide", "wider")])),
        frozenset(draw(st.sets(st.sampled_from(asked_directly)))) if asked_directly else frozenset(),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def scans_of(chain: Chain, place: int, feed: str, leg: int) -> list[ToldScan]:
    """Return all that a feed tells of one leg; each feed has its own codes, words, minutes and precision."""
    zone = "" if feed == "wider" and chain.undated else "+02:00"
    lag = {"wide": 2, "wider": 4}.get(feed, 0) if zone else 2
    told = []
    for hour, name in enumerate(PHASES[place]):
        clock = f"2026-09-{2 + 4 * place:02d}T{8 + 3 * hour:02d}:{lag:02d}"
        last = hour == len(PHASES[place]) - 1 and place + 1 < len(chain.numbers)
        onward = f" Next tracking number: {chain.numbers[place + 1]}" if chain.named and last else ""
        seconds = "" if feed == "wider" else ":00"
        told.append(make.scan(name, f"{clock}{seconds}{zone}", leg=leg, code=f"{feed}-{hour}", words=f"{feed}{onward}"))
    return told


def tellings(chain: Chain) -> list[Telling]:
    """Return the messages of a chain's life: each feed tells more each time, an aggregator at last the end alone."""
    found: list[Telling] = []
    legs = range(len(chain.numbers))
    for feed in chain.aggregators:
        found += [(feed, answer(chain, feed, legs[: upto + 1], scans)) for upto in legs for scans in (1, 2, 3)]
        found.append((feed, answer(chain, feed, legs[-1:], 3)))
        if chain.late:
            found += [(feed, answer(chain, feed, legs[: upto + 1], 1, lent=True)) for upto in legs]
            found.append((feed, answer(chain, feed, legs[-1:], 2, lent=True)))
    for place in chain.direct:
        for upto in (1, 3):
            leg = leg_told(CARRIERS[place], chain.numbers[place])
            scans = scans_of(chain, place, CARRIERS[place], 0)[:upto]
            found.append((CARRIERS[place], ToldParcel(chain.numbers[place], (leg,), tuple(scans))))
    return found


def answer(chain: Chain, feed: str, legs: Sequence[int], upto: int, lent: bool = False) -> ToldParcel:
    """Return what an aggregator says of the number asked: these legs, the last one with `upto` scans."""
    told = [leg_told(CARRIERS[place], FIRST if lent else chain.numbers[place]) for place in legs]
    scans: list[ToldScan] = []
    for leg, place in enumerate(legs):
        every = scans_of(chain, place, feed, leg)
        scans += every[:upto] if place == legs[-1] else every
    return ToldParcel(FIRST, tuple(told), tuple(scans), origin="CN")


def told_in(chain: Chain, order: Sequence[Telling], together: int) -> dict[str, Any]:
    """Tell a new shipment all this, some messages at a time, and return what it comes to; nothing stays behind."""
    with transaction.atomic():
        for place in chain.direct:
            make.feed(CARRIERS[place])
        shipment = make.leg(FIRST, source=make.feed("wide"), of=make.order(country="US")).shipment
        messages = [message(make.feed(feed), parcel) for feed, parcel in order]
        for start in range(0, len(messages), together):
            read_all(messages[start : start + together])
        read_forgotten()
        outcome = come_to(shipment)
        transaction.set_rollback(True)
    return outcome


def come_to(shipment: Shipment) -> dict[str, Any]:
    """Return all that must not depend on the order of arrival."""
    shipment.refresh_from_db()
    events = Event.objects.filter(shipment=shipment)
    return {
        "legs": legs_of(shipment),
        "events": sorted(events.values_list("leg__carrier__slug", "leg__number", "payload__carrier__slug", "code")),
        "rows": rows_of(shipment),
        "stands": (shipment.milestone, shipment.overlay, shipment.delivered_at, shipment.last_scan),
        "waiting": Payload.objects.filter(outcome=Outcome.WAITING).count(),
        "unasked": Leg.objects.filter(shipment=shipment, told_by=None, next_check_at=None, last_answer_at=None).count(),
    }


class AnyOrder(TestCase):
    """Messages of several sources about one parcel, however they arrive."""

    def setUp(self) -> None:
        feeds = scripted_feeds()
        feeds.__enter__()
        self.addCleanup(feeds.__exit__, None, None, None)

    @settings(max_examples=int(environ.get("N", "40")), deadline=None)
    @given(chains(), st.integers(0, 2**32), st.integers(1, 5))
    def test_a_chain_comes_out_the_same(self, chain: Chain, seed: int, together: int) -> None:
        told = tellings(chain)
        shuffled = [*told, *Random(seed).sample(told, len(told) // 2)]
        Random(seed).shuffle(shuffled)

        usual, mixed = told_in(chain, told, 1), told_in(chain, shuffled, together)

        assert mixed == usual
        assert usual["legs"] == list(zip(CARRIERS, chain.numbers, strict=False))
        assert len(usual["rows"]) == 3 * len(chain.numbers)
        assert usual["waiting"] == usual["unasked"] == 0
        for place, rows in enumerate(zip(*[iter(usual["rows"])] * 3, strict=True)):
            tellers = {*chain.aggregators, *({CARRIERS[place]} if place in chain.direct else ())}
            assert [{telling[3] for telling in row} for row in rows] == [tellers] * 3
