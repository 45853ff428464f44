"""Hand-overs: one chain of legs, the same scan once with all who told it, in whatever order it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from django.db import transaction

from tests import make
from tests.ingest.telling import leg_told, legs_of, message, read_forgotten, rows_of, scripted_feeds, tell
from tracking.carriers.parsed import ToldParcel, ToldScan
from tracking.ingest.read import read_all
from tracking.models import Carrier, Event, Leg, Order, Payload, Shipment
from tracking.models.payloads import Arrival, Outcome
from tracking.vocabulary import Milestone, Tracker

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PICKED = "origin.picked_up"
LANDED = "linehaul.arrived_destination"
OUT = "delivery.out_for_delivery"


@pytest.fixture(autouse=True)
def feeds() -> Iterator[None]:
    with scripted_feeds():
        yield


def wide() -> Carrier:
    return make.feed("wide")


def scan(name: str, day: int, leg: int = 0, words: str = "", minute: int = 0, country: str = "") -> ToldScan:
    return make.scan(name, f"2026-09-{day:02d}T10:{minute:02d}:00Z", leg=leg, words=words, country=country or None)


def parcel(*scans: ToldScan, number: str = "AA00000001", legs: tuple[tuple[str, str], ...] = ()) -> ToldParcel:
    told = legs or (("alpha", number),)
    return make.parcel(*scans, number=number, legs=tuple(leg_told(*leg) for leg in told))


def followed(number: str = "AA00000001", of: Order | None = None) -> Leg:
    return make.leg(number, source=wide(), of=of)


ALPHA, BETA = ("alpha", "AA00000001"), ("beta", "BB00000002")


def test_a_second_carrier_in_an_aggregators_answer_extends_the_chain() -> None:
    leg = followed()
    tell(wide(), parcel(scan(PICKED, 4)))

    tell(wide(), parcel(scan(PICKED, 4), scan(OUT, 9, leg=1), legs=(ALPHA, BETA)))

    assert legs_of(leg.shipment) == [ALPHA, BETA]
    assert Event.objects.count() == 2


def test_an_aggregator_that_tells_one_carrier_then_two_then_the_second_alone_tells_one_chain() -> None:
    leg = followed()
    both, second = ("alpha", "AA00000001"), ("beta", "AA00000001")
    tell(wide(), parcel(scan(PICKED, 4)))
    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(both, second)))

    tell(wide(), parcel(scan(LANDED, 8), scan(OUT, 9), legs=(second,)))

    assert legs_of(leg.shipment) == [both, second]
    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, LANDED, OUT]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_three_legs_in_any_order_are_one_chain(order: tuple[int, ...]) -> None:
    leg = followed()
    chain = (ALPHA, BETA, ("gamma", "CC00000003"))
    scans = (scan(PICKED, 4), scan(LANDED, 8), scan("delivery.delivered", 12))

    for place in order:
        tell(wide(), parcel(scans[place], legs=(chain[place],)))

    assert [one for one in legs_of(leg.shipment) if one[0]] == list(chain)
    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, LANDED, "delivery.delivered"]
    assert Shipment.objects.get().milestone == Milestone.DELIVERED


def test_a_number_in_an_events_words_opens_the_next_leg_whatever_feed_tells_it() -> None:
    own = make.feed("alpha")
    leg = make.leg("AA00000001", source=own)
    wide()

    tell(own, parcel(scan("lastmile.handed_over", 9, words="Last mile tracking number: BB00000002")))

    opened = Leg.objects.get(number="BB00000002")
    assert legs_of(leg.shipment) == [ALPHA, ("", "BB00000002")]
    assert (opened.source, opened.told_by, opened.next_check_at) == (wide(), None, make.HEARD)


def test_a_leg_that_opens_without_a_new_scan_moves_the_page() -> None:
    followed()
    tell(wide(), parcel(scan(PICKED, 4)))
    before = Shipment.objects.get().revision

    tell(wide(), parcel(scan(PICKED, 4), legs=(ALPHA, BETA)))

    assert Shipment.objects.get().revision == before + 1


def test_a_number_in_words_that_is_known_already_opens_nothing() -> None:
    leg = followed()
    words = "New tracking number: bb00000002"
    tell(wide(), parcel(scan(PICKED, 4), scan(OUT, 9, leg=1), legs=(ALPHA, BETA)))

    tell(wide(), parcel(scan("lastmile.handed_over", 8, words=words)))

    assert legs_of(leg.shipment) == [ALPHA, BETA]


@pytest.mark.parametrize("words", ["New tracking number: AA 000 000 01", "Delivery no: LF12345678"])
def test_the_same_number_and_the_orders_own_are_no_next_leg(words: str) -> None:
    leg = followed(of=make.order("LF-1234 5678"))

    tell(wide(), parcel(scan("lastmile.handed_over", 8, words=words)))

    assert legs_of(leg.shipment) == [ALPHA]


@pytest.mark.parametrize("number", ["-", "N/A", "pending", "LF-12345678"])
def test_a_placeholder_is_no_number(number: str) -> None:
    leg = followed(of=make.order("LF-12345678"))

    tell(wide(), parcel(scan(PICKED, 4), legs=(ALPHA, ("", number))))

    assert legs_of(leg.shipment) == [ALPHA]


def test_a_number_is_the_same_in_any_spelling() -> None:
    leg = followed("aa-0000 0001")
    tell(wide(), parcel(scan(PICKED, 4), scan(OUT, 9, leg=1), legs=(ALPHA, BETA)))

    tell(wide(), parcel(scan(OUT, 9), number="AA00000001", legs=(("beta", "bb 0000 0002"),)))

    assert legs_of(leg.shipment) == [("alpha", "aa-0000 0001"), BETA]
    assert Event.objects.count() == 2


def test_news_of_a_last_mile_number_that_came_before_anyone_named_it_is_linked() -> None:
    leg = followed()
    early = message(make.feed("wider"), parcel(scan(OUT, 9), number="BB00000002", legs=(BETA,)))
    read_all([early])
    assert early.outcome == Outcome.WAITING

    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA)))
    read_forgotten()

    early.refresh_from_db()
    assert early.outcome == Outcome.READ
    assert legs_of(leg.shipment) == [ALPHA, BETA]
    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, LANDED, OUT]


def test_news_of_a_number_that_is_only_told_of_reaches_its_parcel() -> None:
    leg = followed()
    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA)))

    tell(make.feed("wider"), parcel(scan(OUT, 9), number="BB00000002", legs=(BETA,)), arrival=Arrival.WEBHOOK)

    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, LANDED, OUT]
    assert Payload.objects.filter(outcome=Outcome.WAITING).count() == 0


@pytest.mark.parametrize("first", [0, 1])
def test_messages_read_together_find_the_legs_that_others_of_them_open(first: int) -> None:
    leg = followed()
    naming = message(wide(), parcel(scan(PICKED, 4), legs=(ALPHA, BETA)))
    named = message(make.feed("wider"), parcel(scan(OUT, 9), number="BB00000002", legs=(BETA,)))

    read_all([naming, named] if first == 0 else [named, naming])

    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, OUT]
    assert (naming.outcome, named.outcome) == (Outcome.READ, Outcome.READ)


def test_two_feeds_that_tell_one_leg_make_one_leg_and_one_row_of_each_scan() -> None:
    own = make.feed("alpha")
    leg = followed()
    Leg.objects.create(shipment=leg.shipment, number="AA 00000001", carrier=own, source=own)

    tell(wide(), parcel(scan(PICKED, 4), scan("linehaul.in_transit", 5), scan(OUT, 9)))
    tell(own, parcel(scan(PICKED, 4, minute=2), scan("origin.facility_arrived", 5), scan(OUT, 9, minute=1)))

    rows = rows_of(leg.shipment)
    assert [row[0][0] for row in rows] == [PICKED, "origin.facility_arrived", OUT]
    assert [{telling[3] for telling in row} for row in rows] == [{"wide", "alpha"}] * 3
    assert {telling[1] for row in rows for telling in row} == {"alpha"}


def test_what_one_feed_says_of_itself_is_not_said_of_another() -> None:
    own = make.feed("alpha")
    leg = followed()
    direct = Leg.objects.create(shipment=leg.shipment, number="AA00000001", carrier=own, source=own)
    tell(own, parcel(scan(PICKED, 4)))

    tell(wide(), parcel(scan(PICKED, 4))._replace(tracker=Tracker.STOPPED))

    direct.refresh_from_db()
    leg.refresh_from_db()
    assert (direct.tracker, leg.tracker) == (Tracker.ACTIVE, Tracker.STOPPED)


def test_a_lagging_feed_without_instants_does_not_bring_old_trouble_back() -> None:
    own = make.feed("alpha")
    leg = followed()
    held = make.scan("import.customs_held", "2026-09-08T10:00:00", words="Held")
    tell(own, parcel(scan("import.customs_released", 9), scan(OUT, 10)), arrival=Arrival.WEBHOOK)

    tell(wide(), parcel(held))

    assert Shipment.objects.get(pk=leg.shipment_id).overlay == ""


def test_one_number_carried_by_two_posts_is_two_legs_that_are_asked_once() -> None:
    leg = followed("RR000000005CN")
    one, two = ("alpha", "RR000000005CN"), ("beta", "RR000000005CN")

    tell(wide(), parcel(scan(PICKED, 4), number="RR000000005CN", legs=(one, two)))
    tell(wide(), parcel(scan(PICKED, 4), scan(OUT, 9, leg=1), number="RR000000005CN", legs=(one, two)))

    assert legs_of(leg.shipment) == [one, two]
    assert list(Leg.objects.filter(told_by=None)) == [leg]


def test_a_carrier_told_without_its_own_number_gets_it_later_and_stays_one_leg() -> None:
    leg = followed()
    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))))

    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), scan(OUT, 9, leg=1), legs=(ALPHA, BETA)))
    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))))

    assert legs_of(leg.shipment) == [ALPHA, BETA]
    assert Event.objects.count() == 3


def test_a_second_carrier_told_first_and_alone_leaves_the_asked_number_to_the_first() -> None:
    leg = followed()
    tell(wide(), parcel(scan(LANDED, 8), legs=(("beta", "AA00000001"),)))

    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA)))

    assert legs_of(leg.shipment) == [ALPHA, BETA]
    assert Leg.objects.get(pk=leg.pk).carrier == Carrier.objects.get(slug="alpha")
    assert Event.objects.count() == 2


def test_a_renumbered_parcel_goes_on_under_its_new_number() -> None:
    leg = followed()
    words = "Parcel is now tracked under number BB00000002"
    tell(wide(), parcel(scan(PICKED, 4), scan("lastmile.forwarded", 8, words=words)))
    new = Leg.objects.get(number="BB00000002")

    tell(wide(), parcel(scan(OUT, 9), number="BB00000002", legs=(("alpha", "BB00000002"),)))

    assert legs_of(leg.shipment) == [ALPHA, ("alpha", "BB00000002")]
    assert (new.told_by, new.source) == (None, wide())
    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, "lastmile.forwarded", OUT]


def test_two_numbers_that_name_each_other_are_two_legs() -> None:
    leg = followed()
    one = parcel(scan("lastmile.forwarded", 8, words="New tracking number BB00000002"))
    other = parcel(scan(OUT, 9, words="Local tracking number AA00000001"), number="BB00000002", legs=(BETA,))

    for _ in range(3):
        tell(wide(), one)
        tell(wide(), other)

    assert legs_of(leg.shipment) == [ALPHA, BETA]


def test_one_carrier_told_under_two_numbers_by_each_other_does_not_waver() -> None:
    leg = followed()
    other = Leg.objects.create(shipment=leg.shipment, number="BB00000002", source=wide())
    seen = set()

    for _ in range(3):
        tell(wide(), parcel(scan(PICKED, 4), legs=(("alpha", "BB00000002"),)))
        tell(wide(), parcel(scan(PICKED, 4), number="BB00000002", legs=(("alpha", "AA00000001"),)))
        seen.add(tuple(sorted(legs_of(leg.shipment))))

    assert len(seen) == 1
    assert set(Leg.objects.values_list("pk", flat=True)) == {leg.pk, other.pk}


def test_a_return_on_the_same_number_ends_with_the_sender_and_not_with_the_buyer() -> None:
    followed(of=make.order(country="DE"))
    there = (scan(PICKED, 2, country="CN"), scan("delivery.attempt_failed_absent", 9, leg=1, country="DE"))
    back = (scan("return.started", 12, leg=1, country="DE"), scan("delivery.delivered", 19, country="CN"))

    for told in (*back, *there):
        tell(wide(), parcel(told, legs=(ALPHA, ("beta", "AA00000001")))._replace(origin="CN"))

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.overlay, shipment.delivered_at) == (Milestone.RETURNED, "", None)
    assert [row[0][0] for row in rows_of(shipment)] == [told.scan for told in (*there, *back)]


def test_a_leg_that_was_told_of_is_asked_itself_once_its_feed_is_connected() -> None:
    make.feed("beta", enabled=False)
    leg = followed()
    told = parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA))
    tell(wide(), told)
    second = Leg.objects.get(number="BB00000002")
    assert (second.told_by, second.next_check_at, second.source) == (leg, None, wide())
    own = make.feed("beta", enabled=True)

    tell(wide(), told)

    second.refresh_from_db()
    assert (second.told_by, second.source, second.next_check_at) == (None, own, make.HEARD)


def test_a_carrier_with_a_connected_feed_is_asked_about_its_own_number_from_the_start() -> None:
    own = make.feed("beta")
    followed()

    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA)))

    assert list(Leg.objects.filter(told_by=None, source=own).values_list("number", flat=True)) == ["BB00000002"]


def test_a_carrier_that_nobody_knows_is_a_leg_with_the_name_it_was_told_by() -> None:
    followed()

    tell(wide(), parcel(scan(OUT, 9), legs=(("quick-parcels-of-oz", "AA00000001"),)))

    carrier = Carrier.objects.get(slug="quick-parcels-of-oz")
    assert (carrier.name, carrier.adapter) == ("Quick-Parcels-Of-Oz", "")


def test_one_number_on_two_parcels_of_one_order_and_on_another_order_reaches_all() -> None:
    order = make.order()
    shipments = [followed(of=of).shipment for of in (order, order, make.order())]

    tell(wide(), parcel(scan(PICKED, 4), scan(OUT, 9, leg=1), legs=(ALPHA, BETA)))
    tell(wide(), parcel(scan("delivery.delivered", 9, minute=50), number="BB00000002", legs=(BETA,)))

    for shipment in shipments:
        assert legs_of(shipment) == [ALPHA, BETA]
        assert [row[0][0] for row in rows_of(shipment)] == [PICKED, OUT, "delivery.delivered"]


def test_a_leg_without_instants_stands_before_those_that_are_farther_on() -> None:
    leg = followed()
    tell(wide(), parcel(scan(OUT, 9), legs=(BETA,)))

    tell(wide(), parcel(make.scan(PICKED, "2026-09-04T10:00:00"), legs=(ALPHA,)))

    assert legs_of(leg.shipment) == [ALPHA, BETA]
    assert [row[0][0] for row in rows_of(leg.shipment)] == [PICKED, OUT]


def test_undated_scans_keep_their_order_when_an_answer_leaves_earlier_legs_out() -> None:
    leg = followed()
    hours = [make.scan("lastmile.facility_arrived", f"2026-09-0{day}T10:00:00", leg=1) for day in range(1, 6)]
    names = [f"2026-09-0{day}T10:00:00" for day in range(1, 6)]
    tell(wide(), parcel(*(scan(PICKED, day) for day in range(1, 5)), *hours[:3], legs=(ALPHA, BETA)))

    tell(wide(), parcel(*(told._replace(leg=0) for told in hours), legs=(BETA,)))

    second = Event.objects.filter(shipment=leg.shipment, leg__number="BB00000002").order_by("sequence")
    assert list(second.values_list("local", flat=True)) == names


def test_a_merge_that_fails_leaves_everything_as_it_was() -> None:
    leg = followed()
    tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, ("beta", "AA00000001"))))
    before = legs_of(leg.shipment), rows_of(leg.shipment)

    with transaction.atomic():
        tell(wide(), parcel(scan(PICKED, 4), scan(LANDED, 8, leg=1), legs=(ALPHA, BETA)))
        transaction.set_rollback(True)

    assert (legs_of(leg.shipment), rows_of(leg.shipment)) == before
