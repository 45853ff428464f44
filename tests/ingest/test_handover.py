"""Hand-overs: one chain of legs, the same scan once with all who told it, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from django.db import transaction

from tests import factories
from tests.ingest.scripted_feeds import (
    leg_chain,
    parsed_leg,
    process_answer,
    process_unparsed,
    scripted_feeds,
    scripted_payload,
    timeline_rows,
)
from tracking.carriers.parsed import ParsedScan, ParsedShipment
from tracking.ingest.process import process_payloads
from tracking.models import Carrier, Event, Leg, Order, Payload, Shipment
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.vocabulary import FeedState, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PICKED = "origin.picked_up"
LANDED = "linehaul.arrived_destination"
OUT = "delivery.out_for_delivery"


@pytest.fixture(autouse=True)
def connected_feeds() -> Iterator[None]:
    with scripted_feeds():
        yield


def aggregator() -> Carrier:
    return factories.create_feed("wide")


def parsed_scan(name: str, day: int, leg: int = 0, text: str = "", minute: int = 0, country: str = "") -> ParsedScan:
    return factories.build_scan(
        name, f"2026-09-{day:02d}T10:{minute:02d}:00Z", leg_index=leg, text=text, country=country or None
    )


def parsed_shipment(
    *scans: ParsedScan, number: str = "AA00000001", legs: tuple[tuple[str, str], ...] = ()
) -> ParsedShipment:
    told = legs or (("alpha", number),)
    return factories.build_shipment(*scans, number=number, legs=tuple(parsed_leg(*leg) for leg in told))


def polled_leg(number: str = "AA00000001", order: Order | None = None) -> Leg:
    return factories.create_leg(number, from_feed=aggregator(), for_order=order)


ALPHA, BETA = ("alpha", "AA00000001"), ("beta", "BB00000002")


def test_a_second_carrier_in_an_aggregators_answer_extends_the_chain() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert Event.objects.count() == 2


def test_an_aggregator_that_tells_one_carrier_then_two_then_the_second_alone_tells_one_chain() -> None:
    leg = polled_leg()
    both, second = ("alpha", "AA00000001"), ("beta", "AA00000001")
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(both, second))
    )

    process_answer(aggregator(), parsed_shipment(parsed_scan(LANDED, 8), parsed_scan(OUT, 9), legs=(second,)))

    assert leg_chain(leg.shipment) == [both, second]
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, OUT]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_legs_in_any_order_are_one_chain(order: tuple[int, ...]) -> None:
    leg = polled_leg()
    chain = (ALPHA, BETA, ("gamma", "CC00000003"))
    scans = (parsed_scan(PICKED, 4), parsed_scan(LANDED, 8), parsed_scan("delivery.delivered", 12))

    for place in order:
        process_answer(aggregator(), parsed_shipment(scans[place], legs=(chain[place],)))

    assert [one for one in leg_chain(leg.shipment) if one[0]] == list(chain)
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, LANDED, "delivery.delivered"]
    assert Shipment.objects.get().milestone == Milestone.DELIVERED


def test_a_number_in_an_events_words_opens_the_next_leg_whatever_feed_tells_it() -> None:
    own = factories.create_feed("alpha")
    leg = factories.create_leg("AA00000001", from_feed=own)
    aggregator()

    process_answer(
        own, parsed_shipment(parsed_scan("lastmile.handed_over", 9, text="Last mile tracking number: BB00000002"))
    )

    opened = Leg.objects.get(number="BB00000002")
    assert leg_chain(leg.shipment) == [ALPHA, ("", "BB00000002")]
    assert (opened.feed, opened.reported_by, opened.next_check_at) == (aggregator(), None, factories.RECEIVED_AT)


def test_a_leg_that_opens_without_a_new_scan_moves_the_page() -> None:
    polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4)))
    before = Shipment.objects.get().revision

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, BETA)))

    assert Shipment.objects.get().revision == before + 1


def test_a_number_in_words_that_is_known_already_opens_nothing() -> None:
    leg = polled_leg()
    words = "New tracking number: bb00000002"
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    process_answer(aggregator(), parsed_shipment(parsed_scan("lastmile.handed_over", 8, text=words)))

    assert leg_chain(leg.shipment) == [ALPHA, BETA]


@pytest.mark.parametrize("words", ["New tracking number: AA 000 000 01", "Delivery no: LF12345678"])
def test_the_same_number_and_the_orders_own_are_no_next_leg(words: str) -> None:
    leg = polled_leg(order=factories.create_order("LF-1234 5678"))

    process_answer(aggregator(), parsed_shipment(parsed_scan("lastmile.handed_over", 8, text=words)))

    assert leg_chain(leg.shipment) == [ALPHA]


@pytest.mark.parametrize("number", ["-", "N/A", "pending", "LF-12345678"])
def test_a_placeholder_is_no_number(number: str) -> None:
    leg = polled_leg(order=factories.create_order("LF-12345678"))

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, ("", number))))

    assert leg_chain(leg.shipment) == [ALPHA]


def test_a_number_is_the_same_in_any_spelling() -> None:
    leg = polled_leg("aa-0000 0001")
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), legs=(ALPHA, BETA))
    )

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(OUT, 9), number="AA00000001", legs=(("beta", "bb 0000 0002"),))
    )

    assert leg_chain(leg.shipment) == [("alpha", "aa-0000 0001"), BETA]
    assert Event.objects.count() == 2


def test_news_of_a_last_mile_number_that_came_before_anyone_named_it_is_linked() -> None:
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


def test_news_of_a_number_that_is_only_told_of_reaches_its_parcel() -> None:
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


@pytest.mark.parametrize("first", [0, 1])
def test_messages_read_together_find_the_legs_that_others_of_them_open(first: int) -> None:
    leg = polled_leg()
    naming = scripted_payload(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(ALPHA, BETA)))
    named = scripted_payload(
        factories.create_feed("wider"), parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(BETA,))
    )

    process_payloads([naming, named] if first == 0 else [named, naming])

    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, OUT]
    assert (naming.status, named.status) == (PayloadStatus.PARSED, PayloadStatus.PARSED)


def test_two_feeds_that_tell_one_leg_make_one_leg_and_one_row_of_each_scan() -> None:
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
    assert [{telling[3] for telling in row} for row in rows] == [{"wide", "alpha"}] * 3
    assert {telling[1] for row in rows for telling in row} == {"alpha"}


def test_what_one_feed_says_of_itself_is_not_said_of_another() -> None:
    own = factories.create_feed("alpha")
    leg = polled_leg()
    direct = Leg.objects.create(shipment=leg.shipment, number="AA00000001", carrier=own, feed=own)
    process_answer(own, parsed_shipment(parsed_scan(PICKED, 4)))

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4))._replace(feed_state=FeedState.STOPPED))

    direct.refresh_from_db()
    leg.refresh_from_db()
    assert (direct.feed_state, leg.feed_state) == (FeedState.ACTIVE, FeedState.STOPPED)


def test_a_lagging_feed_without_instants_does_not_bring_old_trouble_back() -> None:
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


def test_one_number_carried_by_two_posts_is_two_legs_that_are_asked_once() -> None:
    leg = polled_leg("RR000000005CN")
    one, two = ("alpha", "RR000000005CN"), ("beta", "RR000000005CN")

    process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="RR000000005CN", legs=(one, two)))
    process_answer(
        aggregator(),
        parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(OUT, 9, leg=1), number="RR000000005CN", legs=(one, two)),
    )

    assert leg_chain(leg.shipment) == [one, two]
    assert list(Leg.objects.filter(reported_by=None)) == [leg]


def test_a_carrier_told_without_its_own_number_gets_it_later_and_stays_one_leg() -> None:
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


def test_a_second_carrier_told_first_and_alone_leaves_the_asked_number_to_the_first() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(LANDED, 8), legs=(("beta", "AA00000001"),)))

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert Leg.objects.get(pk=leg.pk).carrier == Carrier.objects.get(slug="alpha")
    assert Event.objects.count() == 2


def test_a_renumbered_parcel_goes_on_under_its_new_number() -> None:
    leg = polled_leg()
    words = "Parcel is now tracked under number BB00000002"
    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan("lastmile.forwarded", 8, text=words))
    )
    new = Leg.objects.get(number="BB00000002")

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(OUT, 9), number="BB00000002", legs=(("alpha", "BB00000002"),))
    )

    assert leg_chain(leg.shipment) == [ALPHA, ("alpha", "BB00000002")]
    assert (new.reported_by, new.feed) == (None, aggregator())
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, "lastmile.forwarded", OUT]


def test_two_numbers_that_name_each_other_are_two_legs() -> None:
    leg = polled_leg()
    one = parsed_shipment(parsed_scan("lastmile.forwarded", 8, text="New tracking number BB00000002"))
    other = parsed_shipment(
        parsed_scan(OUT, 9, text="Local tracking number AA00000001"), number="BB00000002", legs=(BETA,)
    )

    for _ in range(3):
        process_answer(aggregator(), one)
        process_answer(aggregator(), other)

    assert leg_chain(leg.shipment) == [ALPHA, BETA]


def test_one_carrier_told_under_two_numbers_by_each_other_does_not_waver() -> None:
    leg = polled_leg()
    other = Leg.objects.create(shipment=leg.shipment, number="BB00000002", feed=aggregator())
    seen = set()

    for _ in range(3):
        process_answer(aggregator(), parsed_shipment(parsed_scan(PICKED, 4), legs=(("alpha", "BB00000002"),)))
        process_answer(
            aggregator(), parsed_shipment(parsed_scan(PICKED, 4), number="BB00000002", legs=(("alpha", "AA00000001"),))
        )
        seen.add(tuple(sorted(leg_chain(leg.shipment))))

    assert len(seen) == 1
    assert set(Leg.objects.values_list("pk", flat=True)) == {leg.pk, other.pk}


def test_a_return_on_the_same_number_ends_with_the_sender_and_not_with_the_buyer() -> None:
    polled_leg(order=factories.create_order(country="DE"))
    there = (
        parsed_scan(PICKED, 2, country="CN"),
        parsed_scan("delivery.attempt_failed_absent", 9, leg=1, country="DE"),
    )
    back = (parsed_scan("return.started", 12, leg=1, country="DE"), parsed_scan("delivery.delivered", 19, country="CN"))

    for told in (*back, *there):
        process_answer(aggregator(), parsed_shipment(told, legs=(ALPHA, ("beta", "AA00000001")))._replace(origin="CN"))

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.overlay, shipment.delivered_at) == (Milestone.RETURNED, "", None)
    assert [row[0][0] for row in timeline_rows(shipment)] == [told.scan for told in (*there, *back)]


def test_a_leg_that_was_told_of_is_asked_itself_once_its_feed_is_connected() -> None:
    factories.create_feed("beta", enabled=False)
    leg = polled_leg()
    told = parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    process_answer(aggregator(), told)
    second = Leg.objects.get(number="BB00000002")
    assert (second.reported_by, second.next_check_at, second.feed) == (leg, None, aggregator())
    own = factories.create_feed("beta", enabled=True)

    process_answer(aggregator(), told)

    second.refresh_from_db()
    assert (second.reported_by, second.feed, second.next_check_at) == (None, own, factories.RECEIVED_AT)


def test_a_carrier_with_a_connected_feed_is_asked_about_its_own_number_from_the_start() -> None:
    own = factories.create_feed("beta")
    polled_leg()

    process_answer(
        aggregator(), parsed_shipment(parsed_scan(PICKED, 4), parsed_scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    )

    assert list(Leg.objects.filter(reported_by=None, feed=own).values_list("number", flat=True)) == ["BB00000002"]


def test_a_carrier_that_nobody_knows_is_a_leg_with_the_name_it_was_told_by() -> None:
    polled_leg()

    process_answer(aggregator(), parsed_shipment(parsed_scan(OUT, 9), legs=(("quick-parcels-of-oz", "AA00000001"),)))

    carrier = Carrier.objects.get(slug="quick-parcels-of-oz")
    assert (carrier.name, carrier.adapter) == ("Quick-Parcels-Of-Oz", "")


def test_one_number_on_two_parcels_of_one_order_and_on_another_order_reaches_all() -> None:
    order = factories.create_order()
    shipments = [polled_leg(order=of).shipment for of in (order, order, factories.create_order())]

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


def test_a_leg_without_instants_stands_before_those_that_are_farther_on() -> None:
    leg = polled_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan(OUT, 9), legs=(BETA,)))

    process_answer(aggregator(), parsed_shipment(factories.build_scan(PICKED, "2026-09-04T10:00:00"), legs=(ALPHA,)))

    assert leg_chain(leg.shipment) == [ALPHA, BETA]
    assert [row[0][0] for row in timeline_rows(leg.shipment)] == [PICKED, OUT]


def test_undated_scans_keep_their_order_when_an_answer_leaves_earlier_legs_out() -> None:
    leg = polled_leg()
    hours = [
        factories.build_scan("lastmile.facility_arrived", f"2026-09-0{day}T10:00:00", leg_index=1)
        for day in range(1, 6)
    ]
    names = [f"2026-09-0{day}T10:00:00" for day in range(1, 6)]
    process_answer(
        aggregator(),
        parsed_shipment(*(parsed_scan(PICKED, day) for day in range(1, 5)), *hours[:3], legs=(ALPHA, BETA)),
    )

    process_answer(aggregator(), parsed_shipment(*(told._replace(leg_index=0) for told in hours), legs=(BETA,)))

    second = Event.objects.filter(shipment=leg.shipment, leg__number="BB00000002").order_by("sequence")
    assert list(second.values_list("local_time", flat=True)) == names


def test_a_merge_that_fails_leaves_everything_as_it_was() -> None:
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
