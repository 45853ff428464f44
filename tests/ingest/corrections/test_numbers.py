"""Numbers are added, replaced, removed and split at any time; what a removed one reported comes back with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests import factories
from tests.ingest.scripted_feeds import (
    aggregator,
    leg_chain,
    parsed_scan,
    parsed_shipment,
    polled_leg,
    process_answer,
    process_unparsed,
)
from tracking.ingest.corrections import numbers
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.number_legs import NumberChangeError
from tracking.models import Contact, Event, Follow, Leg, Notice, NumberChange, OrderLine, Shipment, Subscriber
from tracking.models.notices import NoticeState
from tracking.models.operator_decisions import NumberChangeKind
from tracking.vocabulary import Exclusion, Milestone, NoticeKind, TrackingState

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
BY = Decider(None, "the label was printed twice", NOW)


@pytest.fixture
def leg() -> Leg:
    """A delivered parcel of one number, which had a handover to `beta` that its answers report."""
    leg = polled_leg()
    scans = (
        parsed_scan("origin.picked_up", 12, country="CN"),
        parsed_scan("delivery.delivered", 18, leg=1, country="US"),
    )
    process_answer(aggregator(), parsed_shipment(*scans, legs=(("alpha", "AA00000001"), ("beta", "BB00000002"))))
    leg.refresh_from_db()
    return leg


def stored(leg: Leg) -> Shipment:
    return Shipment.objects.get(pk=leg.shipment_id)


def follow(shipment: Shipment) -> None:
    """Let a reader with an e-mail address follow the order."""
    subscriber = Subscriber.objects.create()
    Contact.objects.create(subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=NOW)
    Follow.objects.create(subscriber=subscriber, order=shipment.order, confirmed_at=NOW)


def test_what_a_removed_number_reported_counts_for_nothing_and_comes_back_when_that_is_undone(leg: Leg) -> None:
    change = numbers.remove_number(leg, BY)

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.milestone, shipment.delivered_at, shipment.last_event_at) == (Milestone.PENDING, None, None)
    assert shipment.tracking_state is TrackingState.NO_NUMBER
    assert list(Event.objects.values_list("exclusion", flat=True)) == [Exclusion.REMOVED] * 2
    assert (leg.removed_at, leg.next_check_at) == (NOW, None)

    assert numbers.undo_number_change(change, None, NOW)
    assert not numbers.undo_number_change(change, None, NOW)

    assert stored(leg).milestone == Milestone.DELIVERED
    assert leg_chain(shipment) == [("alpha", "AA00000001"), ("beta", "BB00000002")]
    assert not Event.objects.exclude(exclusion="").exists()
    assert not Leg.objects.exclude(removed_at=None).exists()


def test_answers_about_a_removed_number_change_nothing(leg: Leg) -> None:
    numbers.remove_number(leg, BY)

    process_answer(aggregator(), parsed_shipment(parsed_scan("return.started", 19)))

    assert stored(leg).milestone == Milestone.PENDING
    assert Event.objects.count() == 2


def test_a_removed_number_that_another_one_still_reports_stays_removed(leg: Leg) -> None:
    reported = Leg.objects.get(number="BB00000002")
    numbers.remove_number(reported, BY)

    scans = (parsed_scan("origin.accepted", 13), parsed_scan("lastmile.facility_arrived", 17, leg=1))
    process_answer(aggregator(), parsed_shipment(*scans, legs=(("alpha", "AA00000001"), ("beta", "BB00000002"))))

    assert stored(leg).milestone == Milestone.ACCEPTED
    assert Event.objects.filter(leg=reported).counted().count() == 0
    assert Event.objects.filter(leg=reported).count() == 2


def test_a_replaced_number_gives_way_to_the_new_one_even_after_a_delivery(leg: Leg) -> None:
    change = numbers.replace_number(leg, "CC00000003", BY)
    process_answer(aggregator(), parsed_shipment(parsed_scan("origin.accepted", 20), number="CC00000003"))

    new_leg = Leg.objects.get(number="CC00000003")
    assert stored(leg).milestone == Milestone.ACCEPTED
    assert (new_leg.feed, change.old_number, change.new_number) == (aggregator(), "AA00000001", "CC00000003")

    numbers.undo_number_change(change, None, NOW)

    assert stored(leg).milestone == Milestone.DELIVERED
    assert list(Event.objects.exclude(exclusion="").values_list("leg", "exclusion")) == [
        (new_leg.pk, Exclusion.REMOVED)
    ]


def test_an_added_number_is_polled_at_once_and_gets_the_messages_that_waited_for_it(leg: Leg) -> None:
    process_answer(aggregator(), parsed_shipment(parsed_scan("return.started", 19, country="US"), number="CC00000003"))

    numbers.add_number(stored(leg), "CC00000003", BY)
    assert Leg.objects.get(number="CC00000003").next_check_at == NOW
    process_unparsed()

    assert stored(leg).overlay == "returning"


def test_a_number_that_the_parcel_has_is_refused_and_a_removed_one_is_restored(leg: Leg) -> None:
    with pytest.raises(NumberChangeError):
        numbers.add_number(stored(leg), "aa 0000 0001", BY)
    numbers.remove_number(leg, BY)

    numbers.add_number(stored(leg), "aa 0000 0001", BY)

    assert stored(leg).milestone == Milestone.DELIVERED
    assert Leg.objects.filter(number_key="AA00000001").count() == 1


@pytest.mark.parametrize("change", [numbers.remove_number, numbers.split_number])
def test_a_number_that_was_removed_meanwhile_is_not_changed_again(leg: Leg, change: object) -> None:
    numbers.remove_number(leg, BY)

    with pytest.raises(NumberChangeError):
        change(leg, BY)  # type: ignore[operator]
    assert NumberChange.objects.count() == 1


def test_a_split_number_travels_on_in_a_parcel_of_its_own(leg: Leg) -> None:
    numbers.add_number(stored(leg), "CC00000003", BY)
    scans = (parsed_scan("origin.accepted", 20), parsed_scan("return.started", 21, country="US"))
    process_answer(aggregator(), parsed_shipment(*scans, number="CC00000003"))
    assert stored(leg).overlay == "returning"

    change = numbers.split_number(Leg.objects.get(number="CC00000003"), BY)

    parcel = Shipment.objects.exclude(pk=leg.shipment_id).get()
    assert (stored(leg).milestone, stored(leg).overlay) == (Milestone.DELIVERED, "")
    assert (parcel.order_id, parcel.milestone, parcel.overlay) == (
        stored(leg).order_id,
        Milestone.ACCEPTED,
        "returning",
    )
    process_answer(aggregator(), parsed_shipment(parsed_scan("return.completed", 22), number="CC00000003"))
    parcel.refresh_from_db()
    assert parcel.milestone == Milestone.RETURNED

    OrderLine.objects.create(order=parcel.order, shipment=parcel, title="Lamp")
    numbers.undo_number_change(change, None, NOW)

    assert Shipment.objects.get().pk == leg.shipment_id == OrderLine.objects.get().shipment_id
    assert NumberChange.objects.get(kind=NumberChangeKind.SPLIT).withdrawn_at == NOW
    assert stored(leg).overlay == "returning"


def test_the_only_number_of_a_parcel_cannot_be_split_off() -> None:
    with pytest.raises(NumberChangeError):
        numbers.split_number(polled_leg(), BY)

    assert Shipment.objects.count() == 1


def test_the_buyer_is_told_of_a_new_number_and_not_of_one_that_is_undone_before(leg: Leg) -> None:
    follow(stored(leg))

    change = numbers.replace_number(leg, "CC00000003", BY)
    notice = Notice.objects.get(kind=NoticeKind.NUMBER_CHANGED)
    assert notice.state == NoticeState.PENDING

    numbers.undo_number_change(change, None, NOW)
    notice.refresh_from_db()
    assert notice.state == NoticeState.SUPERSEDED


def test_a_first_number_is_no_new_number_to_the_buyer() -> None:
    shipment = Shipment.objects.create(order=factories.create_order())
    follow(shipment)

    numbers.add_number(shipment, "CC00000003", BY)

    assert not Notice.objects.filter(kind=NoticeKind.NUMBER_CHANGED).exists()
    assert shipment.tracking_state is TrackingState.TRACKED
