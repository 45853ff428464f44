"""Handovers: one chain of legs and one row for each scan, in whatever order the answers arrive."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.db import transaction

from tests import factories
from tests.ingest.scripted_feeds import (
    ALPHA,
    BETA,
    aggregator,
    leg_chain,
    parsed_scan,
    parsed_shipment,
    polled_leg,
    process_answer,
    timeline_rows,
)
from tracking.models import Carrier, Event, Leg, Shipment
from tracking.vocabulary import Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]

PICKED = "origin.picked_up"
LANDED = "linehaul.arrived_destination"
OUT = "delivery.out_for_delivery"


def test_a_second_carrier_in_an_aggregators_answer_extends_the_chain() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert Event.objects.count() == 2


def test_an_answer_with_only_the_last_of_two_carriers_keeps_one_chain() -> None:
    leg = polled_leg()
    first, second = ALPHA, ("beta", "AA00000001")
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(first, second))
    )

    process_answer(aggregator(), parsed_shipment(parsed_scan(LANDED, 8), parsed_scan(OUT, 9), legs=(second,)))

    assert leg_chain(leg.shipment) == [first, second]
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, OUT]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_legs_reported_in_any_order_are_one_chain(order: tuple[int, ...]) -> None:
    leg = polled_leg()
    chain = (ALPHA, BETA, ("gamma", "CC00000003"))
    scans = (parsed_scan(PICKED, 4), parsed_scan(LANDED, 8), parsed_scan("delivery.delivered", 12))

    for index in order:
        process_answer(aggregator(), parsed_shipment(scans[index], legs=(chain[index],)))

    assert [(carrier, number) for carrier, number in leg_chain(leg.shipment) if carrier] == list(chain)
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, "delivery.delivered"]
    assert Shipment.objects.get().milestone == Milestone.DELIVERED


def test_a_number_in_the_text_of_an_event_opens_the_next_leg() -> None:
    own = factories.create_feed("alpha")
    leg = factories.create_leg("AA00000001", from_feed=own)
    aggregator()

    process_answer(
        own, parsed_shipment(parsed_scan("lastmile.handed_over", 9, text="Last mile tracking number: BB00000002"))
    )

    opened = Leg.objects.get(number="BB00000002")
    assert leg_chain(leg.shipment) == [ALPHA, ("", "BB00000002")]
    assert (opened.feed, opened.reported_by, opened.next_check_at) == (aggregator(), None, factories.RECEIVED_AT)


def test_a_new_leg_without_a_new_scan_raises_the_revision() -> None:
    polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))
    before = Shipment.objects.get().revision

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, BETA)))

    assert Shipment.objects.get().revision == before + 1


def test_a_known_number_in_the_text_of_an_event_opens_no_leg() -> None:
    leg = polled_leg()
    text = "New tracking number: bb00000002"
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    process_answer(aggregator(), parsed_shipment(parsed_scan("lastmile.handed_over", 8, text=text)))

    assert leg_chain(leg.shipment) == [ALPHA, BETA]


@pytest.mark.parametrize("text", ["New tracking number: AA 000 000 01", "Delivery no: LF12345678"])
def test_the_same_number_and_the_order_number_in_a_text_open_no_leg(text: str) -> None:
    leg = polled_leg(order=factories.create_order("LF-1234 5678"))

    process_answer(aggregator(), parsed_shipment(parsed_scan("lastmile.handed_over", 8, text=text)))

    assert leg_chain(leg.shipment) == [ALPHA]


@pytest.mark.parametrize("number", ["-", "N/A", "pending", "LF-12345678"])
def test_a_placeholder_or_the_order_number_opens_no_leg(number: str) -> None:
    leg = polled_leg(order=factories.create_order("LF-12345678"))

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, ("", number))))

    assert leg_chain(leg.shipment) == [ALPHA]


def test_a_carrier_whose_own_number_comes_later_stays_one_leg() -> None:
    leg = polled_leg()
    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))),
    )

    process_answer(
        aggregator(),
        parsed_shipment(
            parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA)
        ),
    )
    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))),
    )

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert Event.objects.count() == 3


def test_a_polled_number_goes_to_the_first_carrier_even_if_the_second_is_reported_first() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(LANDED, 8), legs=(("beta", "AA00000001"),)))

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert Leg.objects.get(pk=leg.pk).carrier == Carrier.objects.get(slug="alpha")
    assert Event.objects.count() == 2


def test_a_parcel_that_gets_a_new_number_is_polled_under_it() -> None:
    leg = polled_leg()
    text = "Parcel is now tracked under number BB00000002"
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan("lastmile.forwarded", 8, text=text))
    )
    new_leg = Leg.objects.get(number="BB00000002")

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(("alpha", "BB00000002"),))
    )

    assert leg_chain(leg.shipment) == [ALPHA, ("alpha", "BB00000002")]
    assert (new_leg.reported_by, new_leg.feed) == (None, aggregator())
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, "lastmile.forwarded", OUT]


def test_two_numbers_that_name_each_other_are_two_legs() -> None:
    leg = polled_leg()
    first = parsed_shipment(parsed_scan("lastmile.forwarded", 8, text="New tracking number BB00000002"))
    second = parsed_shipment(
        parsed_scan(OUT, 9, text="Local tracking number AA00000001"), number="BB00000002", legs=(BETA,)
    )

    for _ in range(3):
        process_answer(aggregator(), first)
        process_answer(aggregator(), second)

    assert leg_chain(leg.shipment) == [ALPHA, BETA]


def test_two_answers_that_name_each_others_number_give_a_stable_chain() -> None:
    leg = polled_leg()
    other = Leg.objects.create(shipment=leg.shipment, number="BB00000002", feed=aggregator())
    chains = set()

    for _ in range(3):
        process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(("alpha", "BB00000002"),)))
        process_answer(
            aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="BB00000002", legs=(("alpha", "AA00000001"),))
        )
        chains.add(tuple(sorted(leg_chain(leg.shipment))))

    assert len(chains) == 1
    assert set(Leg.objects.values_list("pk", flat=True)) == {leg.pk, other.pk}


def test_a_delivery_after_a_return_started_is_a_return_to_the_sender() -> None:
    polled_leg(order=factories.create_order(country="DE"))
    outbound = (
        parsed_scan(PICKED, 2, country="CN"),
        parsed_scan("delivery.attempt_failed_absent", 9, leg=1, country="DE"),
    )
    inbound = (
        parsed_scan("return.started", 12, leg=1, country="DE"),
        parsed_scan("delivery.delivered", 19, country="CN"),
    )

    for scan in (*inbound, *outbound):
        process_answer(aggregator(), parsed_shipment(scan, legs=(ALPHA, ("beta", "AA00000001")))._replace(origin="CN"))

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.overlay, shipment.delivered_at) == (Milestone.RETURNED, "", None)
    assert [row[0][0] for row in timeline_rows(shipment)] == [scan.scan for scan in (*outbound, *inbound)]


def test_a_reported_leg_is_polled_once_its_feed_is_enabled() -> None:
    factories.create_feed("beta", enabled=False)
    leg = polled_leg()
    parsed = parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    process_answer(aggregator(), parsed)
    second = Leg.objects.get(number="BB00000002")
    assert (second.reported_by, second.next_check_at, second.feed) == (leg, None, aggregator())
    own = factories.create_feed("beta", enabled=True)

    process_answer(aggregator(), parsed)

    second.refresh_from_db()
    assert (second.reported_by, second.feed, second.next_check_at) == (None, own, factories.RECEIVED_AT)


def test_a_new_leg_is_polled_at_its_own_carrier_if_that_feed_is_enabled() -> None:
    own = factories.create_feed("beta")
    polled_leg()

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )

    assert list(Leg.objects.filter(reported_by=None, feed=own).values_list("number", flat=True)) == ["BB00000002"]


def test_an_unknown_carrier_is_created_with_the_reported_name() -> None:
    polled_leg()

    process_answer(aggregator(), parsed_shipment(parsed_scan(OUT, 9), legs=(("quick-parcels-of-oz", "AA00000001"),)))

    carrier = Carrier.objects.get(slug="quick-parcels-of-oz")
    assert (carrier.name, carrier.adapter) == ("Quick-Parcels-Of-Oz", "")


def test_a_leg_without_instants_is_ordered_by_its_milestones() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(OUT, 9), legs=(BETA,)))

    process_answer(aggregator(), parsed_shipment(factories.build_scan(PICKED, "2026-09-04T10:00:00"), legs=(ALPHA,)))

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, OUT]


def test_undated_scans_keep_their_order_when_an_answer_leaves_earlier_legs_out() -> None:
    leg = polled_leg()
    scans = [
        factories.build_scan("lastmile.facility_arrived", f"2026-09-0{day}T10:00:00", leg_index=1)
        for day in range(1, 6)
    ]
    local_times = [f"2026-09-0{day}T10:00:00" for day in range(1, 6)]
    process_answer(
        aggregator(),
        parsed_shipment(*(parsed_scan(PICKED, day) for day in range(1, 5)), *scans[:3], legs=(ALPHA, BETA)),
    )

    process_answer(aggregator(), parsed_shipment(*(scan._replace(leg_index=0) for scan in scans), legs=(BETA,)))

    second = Event.objects.filter(shipment=leg.shipment, leg__number="BB00000002").order_by("sequence")
    assert list(second.values_list("local_time", flat=True)) == local_times


def test_a_merge_that_is_rolled_back_changes_nothing() -> None:
    leg = polled_leg()
    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))),
    )
    before = leg_chain(leg.shipment), timeline_rows(leg.shipment)

    with transaction.atomic():
        process_answer(
            aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
        )
        transaction.set_rollback(True)

    assert (leg_chain(leg.shipment), timeline_rows(leg.shipment)) == before
