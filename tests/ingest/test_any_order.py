"""A chain of legs reported by several feeds comes out the same in any order of arrival: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.examples import scale_examples
from tests.ingest.scripted_feeds import (
    FEED_SLUGS,
    leg_chain,
    parsed_leg,
    process_unparsed,
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
"""A feed's slug and what one of its answers reports."""


class Chain(NamedTuple):
    """Legs with the numbers that their carriers use, and the feeds that report them."""

    numbers: tuple[str, ...]
    aggregators: tuple[str, ...]
    direct_legs: frozenset[int]
    names_next_number: bool
    """Whether the last scan of a leg names the number of the next."""
    repeats_first_number: bool
    """Whether aggregators at first report every carrier under the first number."""
    omits_zone: bool
    """Whether the second aggregator reports local times without a zone."""


@st.composite
def chains(draw: st.DrawFn) -> Chain:
    length = draw(st.integers(2, 4))
    has_own_number = [draw(st.booleans()) for _ in range(length - 1)]
    numbers = (
        FIRST_NUMBER,
        *(f"N000000000{leg}" if is_own else FIRST_NUMBER for leg, is_own in enumerate(has_own_number, start=1)),
    )
    pollable = [leg for leg, number in enumerate(numbers) if leg and number != FIRST_NUMBER]
    return Chain(
        numbers,
        draw(st.sampled_from([("wide",), ("wide", "wider")])),
        frozenset(draw(st.sets(st.sampled_from(pollable)))) if pollable else frozenset(),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def chain_scans(chain: Chain, position: int, feed: str, leg: int) -> list[ParsedScan]:
    """Return all scans that a feed reports of one leg; each feed has its own codes, texts, minutes and precision."""
    zone = "" if feed == "wider" and chain.omits_zone else "+02:00"
    minute = {"wide": 2, "wider": 4}.get(feed, 0) if zone else 2
    scans = []
    for hour, name in enumerate(PHASES[position]):
        local_time = f"2026-09-{2 + 4 * position:02d}T{8 + 3 * hour:02d}:{minute:02d}"
        names_next = chain.names_next_number and hour == len(PHASES[position]) - 1 and position + 1 < len(chain.numbers)
        hint = f" Next tracking number: {chain.numbers[position + 1]}" if names_next else ""
        seconds = "" if feed == "wider" else ":00"
        scans.append(
            factories.build_scan(
                name, f"{local_time}{seconds}{zone}", leg_index=leg, code=f"{feed}-{hour}", text=f"{feed}{hint}"
            )
        )
    return scans


def chain_answers(chain: Chain) -> list[FeedAnswer]:
    """Return all answers about a chain: each one reports more, and an aggregator's last one only the last leg."""
    answers: list[FeedAnswer] = []
    legs = range(len(chain.numbers))
    for feed in chain.aggregators:
        answers += [
            (feed, aggregator_answer(chain, feed, legs[: last + 1], scan_count))
            for last in legs
            for scan_count in (1, 2, 3)
        ]
        answers.append((feed, aggregator_answer(chain, feed, legs[-1:], 3)))
        if chain.repeats_first_number:
            answers += [
                (feed, aggregator_answer(chain, feed, legs[: last + 1], 1, with_first_number=True)) for last in legs
            ]
            answers.append((feed, aggregator_answer(chain, feed, legs[-1:], 2, with_first_number=True)))
    for position in chain.direct_legs:
        carrier, number = CARRIERS[position], chain.numbers[position]
        for scan_count in (1, 3):
            scans = chain_scans(chain, position, carrier, 0)[:scan_count]
            answers.append((carrier, ParsedShipment(number, (parsed_leg(carrier, number),), tuple(scans))))
    return answers


def aggregator_answer(
    chain: Chain, feed: str, legs: Sequence[int], scan_count: int, with_first_number: bool = False
) -> ParsedShipment:
    """Return an aggregator's answer about the first number: these legs, the last one with only `scan_count` scans."""
    numbers = [FIRST_NUMBER if with_first_number else chain.numbers[position] for position in legs]
    parsed_legs = [parsed_leg(CARRIERS[position], number) for position, number in zip(legs, numbers, strict=True)]
    scans: list[ParsedScan] = []
    for leg, position in enumerate(legs):
        leg_scans = chain_scans(chain, position, feed, leg)
        scans += leg_scans[:scan_count] if position == legs[-1] else leg_scans
    return ParsedShipment(FIRST_NUMBER, tuple(parsed_legs), tuple(scans), origin="CN")


def final_state_after(chain: Chain, answers: Sequence[FeedAnswer], batch_size: int) -> dict[str, Any]:
    """Process the answers for a new shipment in batches and return its final state; roll everything back."""
    with transaction.atomic():
        for position in chain.direct_legs:
            factories.create_feed(CARRIERS[position])
        shipment = factories.create_leg(
            FIRST_NUMBER, from_feed=factories.create_feed("wide"), for_order=factories.create_order(country="US")
        ).shipment
        payloads = [scripted_payload(factories.create_feed(feed), parsed) for feed, parsed in answers]
        for start in range(0, len(payloads), batch_size):
            process_payloads(payloads[start : start + batch_size])
        process_unparsed()
        state = final_state(shipment)
        transaction.set_rollback(True)
    return state


def final_state(shipment: Shipment) -> dict[str, Any]:
    """Return all that must not depend on the order of arrival."""
    shipment.refresh_from_db()
    events = Event.objects.filter(shipment=shipment)
    return {
        "legs": leg_chain(shipment),
        "events": sorted(events.values_list("leg__carrier__slug", "leg__number", "payload__carrier__slug", "code")),
        "rows": timeline_rows(shipment),
        "status": (shipment.milestone, shipment.overlay, shipment.delivered_at, shipment.last_scan),
        "unmatched": Payload.objects.filter(status=PayloadStatus.UNMATCHED).count(),
        "never polled": Leg.objects.filter(
            shipment=shipment, reported_by=None, next_check_at=None, last_answer_at=None
        ).count(),
    }


class ReportedScan(NamedTuple):
    """A scan of one feed: when it was made, and its wordings, each with the answer from which on it is used."""

    scan: str
    hour: int
    wordings: tuple[str, ...]
    has_own_minute: bool
    first_answer: int
    absent_from: frozenset[int]
    """The answers that do not hold it."""


ANSWERS_OF_A_FEED = 5
SCAN_NAMES = ("origin.picked_up", "linehaul.departed", "delivery.out_for_delivery", "delivery.delivered")


@st.composite
def reported_scans(draw: st.DrawFn) -> list[ReportedScan]:
    """Return what one feed reports: two scans an hour at most, with rewordings, gaps and withdrawals.

    Two scans of one minute come and go together: one alone could be the other one, reworded.
    """
    scans: list[ReportedScan] = []
    for index in range(draw(st.integers(1, 6))):
        gone_from = draw(st.integers(1, ANSWERS_OF_A_FEED + 3))
        skipped = draw(st.sets(st.integers(0, ANSWERS_OF_A_FEED), max_size=1))
        scans.append(
            ReportedScan(
                draw(st.sampled_from(SCAN_NAMES)),
                index // 2,
                draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=ANSWERS_OF_A_FEED).map(tuple)),
                draw(st.booleans()),
                draw(st.integers(0, 2)),
                frozenset({*skipped, *range(gone_from, ANSWERS_OF_A_FEED)}),
            )
        )
        if index % 2 and not scans[-1].has_own_minute:
            first = scans[-2]
            scans[-1] = scans[-1]._replace(first_answer=first.first_answer, absent_from=first.absent_from)
    return scans


def answer_of(scans: list[ReportedScan], number: int, feed: str) -> ParsedShipment:
    """Return one answer of a feed. Scans of one minute keep their codes; others may change everything."""
    told = []
    for index, scan in enumerate(scans):
        if number < scan.first_answer or number in scan.absent_from:
            continue
        wording = scan.wordings[min(number, len(scan.wordings) - 1)]
        minute = index % 2 if scan.has_own_minute else 0
        code = f"{wording}" if scan.has_own_minute and index % 2 else f"code {index}"
        told.append(
            factories.build_scan(
                scan.scan,
                f"2026-09-0{2 + scan.hour}T10:{minute:02d}:00Z",
                code=code,
                text=f"{index} {wording}",
                place=wording,
            )
        )
    return ParsedShipment(FIRST_NUMBER, (parsed_leg("alpha", FIRST_NUMBER),), tuple(told), is_complete=feed == "wide")


def told_state_after(feeds: dict[str, list[ReportedScan]], order: Sequence[int], batch_size: int) -> dict[str, Any]:
    """Process the answers of some feeds in this order, and return what became of each scan; roll everything back."""
    with transaction.atomic():
        leg = factories.create_leg(FIRST_NUMBER, from_feed=factories.create_feed("wide"))
        payloads = []
        for number in range(ANSWERS_OF_A_FEED):
            for offset, (feed, scans) in enumerate(feeds.items()):
                payload = scripted_payload(factories.create_feed(feed), answer_of(scans, number, feed))
                payload.received_at = factories.RECEIVED_AT + timedelta(hours=2 * number + offset)
                payload.last_received_at = payload.received_at
                payload.save()
                payloads.append(payload)
        ordered = [payloads[index] for index in order]
        for start in range(0, len(ordered), batch_size):
            process_payloads(ordered[start : start + batch_size])
        events = Event.objects.filter(shipment=leg.shipment)
        fields = ("feed__slug", "raw_time", "code", "text", "raw_place", "scan", "exclusion", "missing_since")
        shipment = Shipment.objects.get(pk=leg.shipment_id)
        state = {
            "events": sorted(map(str, events.values_list(*fields))),
            "status": (shipment.milestone, shipment.overlay, shipment.journeys, shipment.delivered_on),
            "delivery": (shipment.delivered_at, shipment.delivery_doubted_at, shipment.delivery_withdrawn_at),
        }
        transaction.set_rollback(True)
    return state


class AnyOrder(TestCase):
    """Answers of several feeds about one parcel, in any order and batch size."""

    def setUp(self) -> None:
        feeds = scripted_feeds()
        feeds.__enter__()
        self.addCleanup(feeds.__exit__, None, None, None)

    @settings(max_examples=scale_examples(20))
    @given(chains(), st.integers(0, 2**32), st.integers(1, 5))
    def test_order_of_arrival_does_not_change_the_result(self, chain: Chain, seed: int, batch_size: int) -> None:
        answers = chain_answers(chain)
        shuffled = [*answers, *Random(seed).sample(answers, len(answers) // 2)]
        Random(seed).shuffle(shuffled)

        in_order, out_of_order = final_state_after(chain, answers, 1), final_state_after(chain, shuffled, batch_size)

        assert out_of_order == in_order
        assert in_order["legs"] == list(zip(CARRIERS, chain.numbers, strict=False))
        assert len(in_order["rows"]) == 3 * len(chain.numbers)
        assert in_order["unmatched"] == in_order["never polled"] == 0
        for position, rows in enumerate(zip(*[iter(in_order["rows"])] * 3, strict=True)):
            feeds = {*chain.aggregators, *({CARRIERS[position]} if position in chain.direct_legs else ())}
            assert [{event[3] for event in row} for row in rows] == [feeds] * 3

    @settings(max_examples=scale_examples(15))
    @given(st.dictionaries(st.sampled_from(["wide", "wider"]), reported_scans(), min_size=1), st.data())
    def test_rewordings_and_withdrawals_are_concluded_alike_in_any_order(
        self, feeds: dict[str, list[ReportedScan]], data: st.DataObject
    ) -> None:
        in_order = list(range(ANSWERS_OF_A_FEED * len(feeds)))
        repeated = data.draw(st.lists(st.sampled_from(in_order), max_size=6))
        order = data.draw(st.permutations([*in_order, *repeated]))

        assert told_state_after(feeds, order, data.draw(st.integers(1, 6))) == told_state_after(feeds, in_order, 1)
