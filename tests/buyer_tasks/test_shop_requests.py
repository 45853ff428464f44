"""A buyer can request what the shop promises for the state of the parcel, once, and gets a receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from tests import factories
from tracking.buyer_tasks.available_requests import available_requests
from tracking.buyer_tasks.shop_requests import (
    SETTLING_KINDS,
    ParcelSituation,
    RequestNotOfferedError,
    offered_requests,
    requests_for,
    submit_request,
)
from tracking.buyer_tasks.transitions import (
    InvalidTransitionError,
    open_buyer_task,
    reject_answer,
    settle_request,
    submit_answer,
)
from tracking.models import BuyerTask, Shipment
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.shops import PromisedRemedy, ShopPolicy
from tracking.vocabulary import (
    BUYER_REQUEST_KINDS,
    BuyerTaskKind,
    BuyerTaskState,
    JourneyKind,
    Milestone,
    Overlay,
    Remedy,
    Scan,
)

NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
CHOICE = PromisedRemedy((Remedy.REPLACEMENT, Remedy.REFUND))
GENEROUS = ShopPolicy("Alder & Wren", lost=CHOICE, damaged=CHOICE, returned=CHOICE, damaged_keep_percent=50)
SILENT = ShopPolicy("Alder & Wren")
LOST = ParcelSituation(Milestone.IMPORT_CUSTOMS, problem=Scan.EXCEPTION_LOST)
DAMAGED = ParcelSituation(Milestone.LAST_MILE, problem=Scan.EXCEPTION_DAMAGED)
RETURNED = ParcelSituation(Milestone.RETURNED)

remedies = st.none() | st.sampled_from(
    [CHOICE, PromisedRemedy((Remedy.REPLACEMENT,)), PromisedRemedy((Remedy.REFUND,), 3)]
)
policies = st.builds(
    ShopPolicy,
    name=st.just("Alder & Wren"),
    lost=remedies,
    damaged=remedies,
    returned=remedies,
    damaged_keep_percent=st.none() | st.integers(0, 100),
)
situations = st.builds(
    ParcelSituation,
    milestone=st.sampled_from(Milestone),
    is_returning=st.booleans(),
    problem=st.none() | st.sampled_from(Scan),
    is_sent_back_by_buyer=st.booleans(),
    is_cancelled=st.booleans(),
    is_being_searched=st.booleans(),
    shares_number=st.booleans(),
    made=st.frozensets(st.sampled_from(sorted(BUYER_REQUEST_KINDS))),
)


@pytest.mark.parametrize(
    ("situation", "offered"),
    [
        (LOST, [BuyerTaskKind.REPLACEMENT, BuyerTaskKind.REFUND]),
        (DAMAGED, [BuyerTaskKind.REPLACEMENT, BuyerTaskKind.KEEP_DAMAGED, BuyerTaskKind.REFUND]),
        (RETURNED, [BuyerTaskKind.SEND_AGAIN, BuyerTaskKind.REFUND]),
        (ParcelSituation(Milestone.LAST_MILE, is_returning=True), [BuyerTaskKind.SEND_AGAIN, BuyerTaskKind.REFUND]),
        (ParcelSituation(Milestone.IMPORT_CUSTOMS, problem=Scan.IMPORT_DUTIES_DUE), [BuyerTaskKind.DUTY_PAID]),
        (ParcelSituation(Milestone.AVAILABLE_FOR_PICKUP), [BuyerTaskKind.KEEP_LONGER]),
        (ParcelSituation(Milestone.DELIVERED, is_being_searched=True), [BuyerTaskKind.FOUND]),
        (ParcelSituation(Milestone.DELIVERED), []),
        (LOST._replace(milestone=Milestone.DELIVERED), []),
        (
            DAMAGED._replace(milestone=Milestone.DELIVERED),
            [BuyerTaskKind.REPLACEMENT, BuyerTaskKind.KEEP_DAMAGED, BuyerTaskKind.REFUND],
        ),
        (ParcelSituation(Milestone.LINEHAUL), []),
        (ParcelSituation(Milestone.LINEHAUL, shares_number=True), [BuyerTaskKind.IS_MINE]),
        (ParcelSituation(Milestone.AVAILABLE_FOR_PICKUP, problem=Scan.PICKUP_NOT_COLLECTED), []),
        (RETURNED._replace(is_sent_back_by_buyer=True), []),
        (LOST._replace(is_cancelled=True), []),
    ],
)
def test_each_state_offers_its_requests(situation: ParcelSituation, offered: list[BuyerTaskKind]) -> None:
    assert offered_requests(situation, GENEROUS) == offered


@pytest.mark.parametrize("situation", [LOST, DAMAGED, RETURNED])
def test_nothing_is_offered_for_which_the_shop_said_nothing(situation: ParcelSituation) -> None:
    assert offered_requests(situation, SILENT) == []


@pytest.mark.parametrize("made", sorted(SETTLING_KINDS))
def test_a_parcel_is_settled_once(made: BuyerTaskKind) -> None:
    for situation in (LOST, DAMAGED, RETURNED):
        assert offered_requests(situation._replace(made=frozenset({made})), GENEROUS) == []


@given(situations, policies)
def test_no_situation_offers_a_request_twice_or_without_a_promise(
    situation: ParcelSituation, policy: ShopPolicy
) -> None:
    offered = offered_requests(situation, policy)

    assert len(offered) == len(set(offered))
    assert BUYER_REQUEST_KINDS.issuperset(offered)
    assert (situation.made - {BuyerTaskKind.FOUND}).isdisjoint(offered)
    promised = (policy.lost, policy.damaged, policy.returned)
    if BuyerTaskKind.REFUND in offered:
        assert any(remedy and Remedy.REFUND in remedy.options for remedy in promised)
    if {BuyerTaskKind.REPLACEMENT, BuyerTaskKind.SEND_AGAIN} & set(offered):
        assert any(remedy and Remedy.REPLACEMENT in remedy.options for remedy in promised)
    if BuyerTaskKind.KEEP_DAMAGED in offered:
        assert policy.damaged_keep_percent is not None
    assert not {BuyerTaskKind.REPLACEMENT, BuyerTaskKind.SEND_AGAIN} <= set(offered)


def create_shipment(**fields: Any) -> Shipment:
    shipment = factories.create_leg().shipment
    shop = shipment.order.shop
    shop.lost_remedy = shop.returned_remedy = Remedy.BUYERS_CHOICE.value
    shop.save()
    for name, value in fields.items():
        setattr(shipment, name, value)
    shipment.save()
    return shipment


@pytest.fixture
def lost_shipment(db: None) -> Shipment:
    return create_shipment(
        milestone=Milestone.IMPORT_CUSTOMS, overlay=Overlay.EXCEPTION, problem_scan=Scan.EXCEPTION_LOST
    )


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_user("olga@example.com")


def refund_of(shipment: Shipment) -> BuyerTask:
    submit_request(shipment, BuyerTaskKind.REFUND, {}, NOW)
    return BuyerTask.objects.get(shipment=shipment, kind=BuyerTaskKind.REFUND)


@pytest.mark.database
def test_a_request_has_a_receipt_and_is_logged_as_the_buyers(lost_shipment: Shipment) -> None:
    answer = submit_request(lost_shipment, BuyerTaskKind.REPLACEMENT, {"note": "in blue"}, NOW)

    assert len(answer.receipt_code) == 9
    task = BuyerTask.objects.get(shipment=lost_shipment)
    assert (task.kind, task.state, task.is_waiting_for_shop) == ("replacement", "submitted", True)
    assert answer.values["note"] == "in blue"
    assert list(task.log_entries.values_list("action", "actor")) == [("opened", "buyer"), ("answered", "buyer")]


@pytest.mark.database
def test_of_two_requests_that_exclude_each_other_only_the_first_is_recorded(lost_shipment: Shipment) -> None:
    submit_request(lost_shipment, BuyerTaskKind.REPLACEMENT, {}, NOW)

    for kind in (BuyerTaskKind.REFUND, BuyerTaskKind.REPLACEMENT):
        with pytest.raises(RequestNotOfferedError):
            submit_request(lost_shipment, kind, {}, NOW)
    assert BuyerTask.objects.count() == 1


def test_the_shop_accepts_a_request_with_a_reply(lost_shipment: Shipment, operator: User) -> None:
    task = refund_of(lost_shipment)

    settle_request(task, BuyerTaskState.ACCEPTED, operator, "On its way to your card.", NOW)

    task.refresh_from_db()
    assert (task.state, task.shop_reply, task.closed_at) == ("accepted", "On its way to your card.", NOW)
    entry = task.log_entries.get(action=BuyerTaskAction.ACCEPTED)
    assert (entry.actor, entry.user, entry.detail) == (Actor.OPERATOR, operator, "On its way to your card.")
    assert requests_for(lost_shipment) == []


def test_a_declined_request_ends_and_can_be_made_again(lost_shipment: Shipment, operator: User) -> None:
    task = refund_of(lost_shipment)

    settle_request(task, BuyerTaskState.DECLINED, operator, "It was found this morning.", NOW)

    task.refresh_from_db()
    assert task.is_final and not task.is_waiting_for_buyer
    assert task in BuyerTask.objects.visible_to_buyer(NOW - timedelta(days=14))
    assert BuyerTaskKind.REFUND in requests_for(lost_shipment)
    assert submit_request(lost_shipment, BuyerTaskKind.REFUND, {}, NOW).receipt_code


def test_a_request_is_not_declined_without_a_reason(lost_shipment: Shipment, operator: User) -> None:
    with pytest.raises(ValueError, match="reason"):
        settle_request(refund_of(lost_shipment), BuyerTaskState.DECLINED, operator, " ", NOW)


def test_only_a_request_of_the_buyer_is_declined(lost_shipment: Shipment, operator: User) -> None:
    task = open_buyer_task(lost_shipment, BuyerTaskKind.PHONE, "", None, NOW)
    submit_answer(task, {"phone": "+4915112345678"}, [], NOW)

    with pytest.raises(InvalidTransitionError):
        settle_request(task, BuyerTaskState.DECLINED, operator, "No.", NOW)
    reject_answer(task, operator, "Nobody answers.", NOW)
    assert task.is_waiting_for_buyer


def test_an_accepted_request_is_settled_once(lost_shipment: Shipment, operator: User) -> None:
    task = refund_of(lost_shipment)
    settle_request(task, BuyerTaskState.ACCEPTED, operator, "", NOW)

    with pytest.raises(InvalidTransitionError):
        settle_request(task, BuyerTaskState.DECLINED, operator, "Too late.", NOW)


def test_an_accepted_request_stays_visible_and_is_not_offered_again_after_months(
    lost_shipment: Shipment, operator: User
) -> None:
    task = refund_of(lost_shipment)
    settle_request(task, BuyerTaskState.ACCEPTED, operator, "", NOW)

    assert task in BuyerTask.objects.visible_to_buyer(NOW + timedelta(days=200))


@pytest.mark.database
def test_what_was_found_ends_the_search_without_the_shop(db: None) -> None:
    shipment = create_shipment(milestone=Milestone.DELIVERED, delivered_at=NOW - timedelta(days=2))
    search = open_buyer_task(shipment, BuyerTaskKind.NOT_RECEIVED, "", None, NOW, actor=Actor.BUYER)
    submit_answer(search, {"neighbours": "done"}, [], NOW)

    answer = submit_request(shipment, BuyerTaskKind.FOUND, {}, NOW)

    search.refresh_from_db()
    found = BuyerTask.objects.get(kind=BuyerTaskKind.FOUND)
    assert (search.state, found.state, found.answers.get()) == ("closed", "accepted", answer)
    assert search.log_entries.get(action=BuyerTaskAction.CLOSED).actor == Actor.BUYER
    assert requests_for(shipment) == []


def test_a_parcel_that_is_missed_again_can_be_found_again(db: None) -> None:
    shipment = create_shipment(milestone=Milestone.DELIVERED, delivered_at=NOW - timedelta(days=2))
    for _search in range(2):
        open_buyer_task(shipment, BuyerTaskKind.NOT_RECEIVED, "", None, NOW, actor=Actor.BUYER)
        submit_request(shipment, BuyerTaskKind.FOUND, {}, NOW)

    assert BuyerTask.objects.open().count() == 0


def test_a_parcel_that_was_sent_again_and_got_lost_offers_requests_again(db: None, operator: User) -> None:
    shipment = create_shipment(milestone=Milestone.RETURNED)
    submit_request(shipment, BuyerTaskKind.SEND_AGAIN, {}, NOW)
    settle_request(BuyerTask.objects.get(), BuyerTaskState.ACCEPTED, operator, "", NOW)
    assert requests_for(shipment) == []

    shipment.milestone, shipment.problem_scan = Milestone.LINEHAUL, Scan.EXCEPTION_LOST
    shipment.journey = JourneyKind.SENT_AGAIN
    shipment.journeys = [{"kind": "sent_again", "started_at": (NOW + timedelta(days=2)).isoformat()}]
    shipment.save()

    assert requests_for(shipment) == [BuyerTaskKind.REPLACEMENT, BuyerTaskKind.REFUND]


def test_requests_come_before_the_answers_that_help_a_carrier(db: None) -> None:
    shipment = create_shipment(
        milestone=Milestone.IMPORT_CUSTOMS, overlay=Overlay.EXCEPTION, problem_scan=Scan.IMPORT_DUTIES_DUE
    )

    assert available_requests(shipment, NOW)[:2] == [BuyerTaskKind.DUTY_PAID, BuyerTaskKind.DAY]


def test_a_lost_parcel_of_a_silent_shop_offers_nothing(db: None) -> None:
    shipment = factories.create_leg().shipment
    shipment.milestone, shipment.overlay = Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION
    shipment.problem_scan = shipment.last_scan = Scan.EXCEPTION_LOST

    assert available_requests(shipment, NOW) == []
