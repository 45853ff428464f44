"""Answers reach the legs that have their number: in any spelling, from any feed, in any order, on several parcels."""

from __future__ import annotations

import pytest

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
    process_unparsed,
    scripted_payload,
    timeline_rows,
)
from tracking.ingest.process import process_payloads
from tracking.models import Event, Leg, Payload, Shipment
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.vocabulary import FeedState

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]

PICKED = "origin.picked_up"
LANDED = "linehaul.arrived_destination"
OUT = "delivery.out_for_delivery"


@pytest.mark.parametrize(
    "typed",
    [
        "ＡＡ００００００１２ＣＮ",
        "https://t.17track.net/en#nums=AA00000012CN",
        "AA٠٠٠٠٠٠١٢CN",
        "AA००००००१२CN",
        "Tracking: AA00000012CN",
        "\u200bAA0000\u200d0012CN",
    ],
)
def test_a_number_typed_in_any_script_is_requested_and_matched_in_ascii(typed: str) -> None:
    leg = polled_leg(typed)

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="AA00000012CN"))

    leg.refresh_from_db()
    assert leg.number == "AA00000012CN"
    assert Event.objects.count() == 1


def test_a_push_with_a_full_width_number_reaches_its_leg() -> None:
    polled_leg("AA00000001")

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="ＡＡ０００００００１"))

    assert Event.objects.count() == 1


def test_numbers_are_matched_in_any_spelling() -> None:
    leg = polled_leg("aa-0000 0001")
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(OUT, 9), number="AA00000001", legs=(("beta", "bb 0000 0002"),))
    )

    assert leg_chain(leg.shipment) == [("alpha", "aa-0000 0001"), BETA]
    assert Event.objects.count() == 2


def test_events_of_a_number_are_linked_once_an_answer_names_the_number() -> None:
    leg = polled_leg()
    early = scripted_payload(
        factories.create_feed("wider"), parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(BETA,))
    )
    process_payloads([early])
    assert early.status == PayloadStatus.UNMATCHED

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )
    process_unparsed()

    early.refresh_from_db()
    assert early.status == PayloadStatus.PARSED
    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, OUT]


def test_a_webhook_about_a_number_that_is_not_polled_reaches_its_parcel() -> None:
    leg = polled_leg()
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )

    process_answer(
        factories.create_feed("wider"),
        parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(BETA,)),
        received_via=ReceivedVia.WEBHOOK,
    )

    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, OUT]
    assert Payload.objects.filter(status=PayloadStatus.UNMATCHED).count() == 0


@pytest.mark.parametrize("is_reversed", [False, True])
def test_payloads_of_one_batch_find_legs_that_others_of_the_batch_open(is_reversed: bool) -> None:
    leg = polled_leg()
    naming = scripted_payload(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, BETA)))
    named = scripted_payload(
        factories.create_feed("wider"), parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(BETA,))
    )

    process_payloads([named, naming] if is_reversed else [naming, named])

    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, OUT]
    assert (naming.status, named.status) == (PayloadStatus.PARSED, PayloadStatus.PARSED)


def test_two_feeds_of_one_leg_give_one_row_for_each_scan() -> None:
    own = factories.create_feed("alpha")
    leg = polled_leg()
    Leg.objects.create(shipment=leg.shipment, number="AA 00000001", carrier=own, feed=own)

    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan(PICKED, 4), parsed_scan("linehaul.in_transit", 5), parsed_scan(OUT, 9)),
    )
    process_answer(
        own,
        parsed_shipment(
            parsed_scan(PICKED, 4, minute=2), parsed_scan("origin.facility_arrived", 5), parsed_scan(OUT, 9, minute=1)
        ),
    )

    rows = timeline_rows(leg.shipment)
    assert [row[0][0] for row in rows] == [PICKED, "origin.facility_arrived", OUT]
    assert [{event[3] for event in row} for row in rows] == [{"wide", "alpha"}] * 3
    assert {event[1] for row in rows for event in row} == {"alpha"}


def test_the_state_of_one_feed_does_not_change_that_of_another() -> None:
    own = factories.create_feed("alpha")
    leg = polled_leg()
    direct = Leg.objects.create(shipment=leg.shipment, number="AA00000001", carrier=own, feed=own)
    process_answer(own, parsed_shipment(parsed_scan(PICKED, 4)))

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4))._replace(feed_state=FeedState.STOPPED))

    direct.refresh_from_db()
    leg.refresh_from_db()
    assert (direct.feed_state, leg.feed_state) == (FeedState.ACTIVE, FeedState.STOPPED)


def test_an_old_problem_reported_late_without_an_instant_sets_no_overlay() -> None:
    own = factories.create_feed("alpha")
    leg = polled_leg()
    held = factories.build_scan("import.customs_held", "2026-09-08T10:00:00", text="Held")
    process_answer(
        own,
        parsed_shipment(parsed_scan("import.customs_released", 9), parsed_scan(OUT, 10)),
        received_via=ReceivedVia.WEBHOOK,
    )

    process_answer(aggregator(), parsed_shipment(held))

    assert Shipment.objects.get(pk=leg.shipment_id).overlay == ""


def test_one_number_of_two_carriers_is_two_legs_of_which_one_is_polled() -> None:
    leg = polled_leg("RR000000005CN")
    first, second = ("alpha", "RR000000005CN"), ("beta", "RR000000005CN")

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="RR000000005CN", legs=(first, second)))
    process_answer(
        aggregator(),
        parsed_shipment(
            parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), number="RR000000005CN", legs=(first, second)
        ),
    )

    assert leg_chain(leg.shipment) == [first, second]
    assert list(Leg.objects.filter(reported_by=None)) == [leg]


def test_a_number_on_several_parcels_and_orders_adds_events_to_all() -> None:
    shared = factories.create_order()
    shipments = [polled_leg(order=order).shipment for order in (shared, shared, factories.create_order())]

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )
    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan("delivery.delivered", 9, minute=50), number="BB00000002", legs=(BETA,)),
    )

    for shipment in shipments:
        assert leg_chain(shipment) == [ALPHA, BETA]
        assert [row[0][0] for row in timeline_rows(shipment)] == [PICKED, OUT, "delivery.delivered"]
