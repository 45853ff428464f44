"""One scan is one event in its feed's newest wording, and what a feed takes back counts for nothing but is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q

from tests import factories
from tests.factories import RECEIVED_AT
from tests.ingest.scripted_feeds import parsed_shipment, scripted_payload
from tracking.carriers.parsed import ParsedScan
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.process import process_payload, process_payloads
from tracking.ingest.record import finish_batch
from tracking.models import Event, Leg, Payload, Shipment
from tracking.models.payloads import ReceivedVia
from tracking.vocabulary import Exclusion, Milestone, Scan

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]

NUMBER = "AA00000001"
HOUR = timedelta(hours=1)


def at(hour: int) -> datetime:
    """Return the time of receipt of the answer of this hour."""
    return RECEIVED_AT + hour * HOUR


def scan(name: str, hours_ago: int, text: str = "", code: str = "", place: str = "", country: str = "") -> ParsedScan:
    """Return a scan made so many hours before the first answer."""
    time = (RECEIVED_AT - hours_ago * HOUR).isoformat()
    return factories.build_scan(name, time, text=text, code=code, place=place, country=country or None)


PICKED_UP = scan("origin.picked_up", 90, "Picked up", "PU")
OUT = scan("delivery.out_for_delivery", 30, "Out for delivery", "OD")
DELIVERED = scan("delivery.delivered", 28, "Delivered", "DL")


@pytest.fixture
def leg() -> Leg:
    return factories.create_leg(NUMBER, from_feed=factories.create_feed("wide"))


@pytest.fixture
def answer(leg: Leg) -> Callable[..., Payload]:
    """Return a function that stores an answer with these scans, received at an hour."""

    def store(hour: int, *scans: ParsedScan, complete: bool = True, feed: str = "wide", last: int = 0) -> Payload:
        parsed = parsed_shipment(*scans, number=NUMBER)._replace(is_complete=complete)
        payload = scripted_payload(factories.create_feed(feed), parsed)
        payload.received_at, payload.last_received_at = at(hour), at(max(hour, last))
        payload.save()
        return payload

    return store


@pytest.fixture
def report(answer: Callable[..., Payload]) -> Callable[..., None]:
    """Return a function that processes an answer with these scans, received at an hour."""

    def process(hour: int, *scans: ParsedScan, **options: object) -> None:
        process_payload(answer(hour, *scans, **options))

    return process


def texts() -> list[str]:
    """Return the words of all events, by place in the answer."""
    return list(Event.objects.order_by("sequence", "pk").values_list("text", flat=True))


def exclusions() -> dict[str, str]:
    """Return by words why each event does not count."""
    return dict(Event.objects.values_list("text", "exclusion"))


def test_a_scan_reworded_relocated_and_completed_is_one_event_with_the_newest_wording(
    report: Callable[..., None],
) -> None:
    report(1, scan("linehaul.in_transit", 20, "Arrived at faciltiy", "AR", country="DE"))
    report(2, scan("linehaul.in_transit", 20, "Arrived at facility", "AR", "Leipzig", "DE"))
    report(3, scan("import.customs_held", 20, "Held at Leipzig hub", "CH", "Leipzig, Sachsen", "DE"))

    event = Event.objects.get()
    assert (event.text, event.code, event.raw_place) == ("Held at Leipzig hub", "CH", "Leipzig, Sachsen")
    assert event.scan == Scan.IMPORT_CUSTOMS_HELD
    assert event.payload == Payload.objects.latest("received_at")
    assert Shipment.objects.get().last_scan == Scan.IMPORT_CUSTOMS_HELD


def test_a_late_answer_and_a_replay_bring_no_old_words_back(
    answer: Callable[..., Payload], report: Callable[..., None]
) -> None:
    first, late = (
        answer(1, scan("origin.picked_up", 20, "Pickd up")),
        answer(2, scan("origin.picked_up", 20, "Pick-up")),
    )
    process_payload(first)
    report(3, scan("origin.picked_up", 20, "Picked up"))

    process_payloads([late, first])

    assert texts() == ["Picked up"]


def test_words_that_an_answer_repeats_after_a_change_are_the_newest(
    answer: Callable[..., Payload], report: Callable[..., None]
) -> None:
    again = answer(1, scan("origin.picked_up", 20, "Picked up"), last=3)
    report(2, scan("origin.picked_up", 20, "Pick-up"))

    process_payload(again)

    assert texts() == ["Picked up"]


@pytest.mark.parametrize("complete", [True, False])
def test_words_confirmed_by_a_newer_answer_outlast_a_late_one(
    answer: Callable[..., Payload], report: Callable[..., None], complete: bool
) -> None:
    late = answer(2, scan("origin.picked_up", 20, "Pick-up"), complete=complete)
    report(1, scan("origin.picked_up", 20, "Picked up"), complete=complete)
    report(3, scan("origin.picked_up", 20, "Picked up"), complete=complete)

    process_payload(late)

    assert texts() == ["Picked up"]


def test_two_scans_of_one_minute_stay_two(report: Callable[..., None]) -> None:
    arrived, left = scan("linehaul.in_transit", 20, "Arrived", "IT"), scan("linehaul.in_transit", 20, "Left", "IT")
    report(1, arrived)
    report(2, arrived, left)
    report(3, scan("linehaul.in_transit", 20, "Arrived at hub", "IT"), left)

    assert texts() == ["Arrived at hub", "Left"]


def test_two_wordings_can_be_exchanged_in_one_batch(answer: Callable[..., Payload]) -> None:
    first = [scan("linehaul.in_transit", 20, text, code) for text, code in (("X", "1"), ("Y", "2"))]
    second = [scan("linehaul.in_transit", 20, text, code) for text, code in (("Y", "1"), ("Z", "2"))]
    process_payload(answer(1, *first))
    process_payloads([answer(2, *second), answer(3, *first)])

    assert texts() == ["X", "Y"]


def test_a_wording_given_up_by_one_scan_can_be_that_of_a_new_one(answer: Callable[..., Payload]) -> None:
    old, new = scan("linehaul.in_transit", 20, "Arrived", "IT"), scan("linehaul.in_transit", 20, "Arrived at hub", "IT")
    process_payload(answer(1, old))
    process_payloads([answer(2, new), answer(3, old, new)])

    assert sorted(texts()) == ["Arrived", "Arrived at hub"]


def test_the_same_scan_of_two_feeds_is_two_events(report: Callable[..., None]) -> None:
    report(1, PICKED_UP)
    report(2, PICKED_UP, feed="wider")

    assert sorted(Event.objects.values_list("feed__slug", flat=True)) == ["wide", "wider"]


def test_a_delivery_is_doubted_after_one_answer_without_it_and_withdrawn_after_two(
    report: Callable[..., None],
) -> None:
    report(1, PICKED_UP, OUT, DELIVERED)
    report(2, PICKED_UP, OUT)
    doubted = Shipment.objects.get()
    report(3, PICKED_UP, OUT)
    withdrawn = Shipment.objects.get()

    assert (doubted.milestone, doubted.delivery_doubted_at) == (Milestone.DELIVERED, at(2))
    assert (withdrawn.milestone, withdrawn.delivery_withdrawn_at) == (Milestone.OUT_FOR_DELIVERY, at(2))
    assert (withdrawn.delivered_at, withdrawn.delivery_doubted_at) == (None, None)
    assert exclusions()["Delivered"] == Exclusion.WITHDRAWN


def test_a_withdrawn_delivery_that_is_reported_again_counts_again(report: Callable[..., None]) -> None:
    for hour, scans in enumerate([[DELIVERED], [], [], [DELIVERED]], start=1):
        report(hour, PICKED_UP, OUT, *scans)

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.delivery_withdrawn_at) == (Milestone.DELIVERED, None)
    assert Event.objects.get(text="Delivered").missing_since is None
    assert exclusions() == {"Picked up": "", "Out for delivery": "", "Delivered": ""}


@pytest.mark.parametrize(
    ("scans", "options"),
    [
        ([PICKED_UP, OUT], {"complete": False}),
        ([PICKED_UP, OUT], {"feed": "wider"}),
        ([scan("linehaul.in_transit", 20, "Later only", "IT")], {}),
        ([], {}),
    ],
    ids=["an incomplete answer", "another feed", "an answer without older scans", "an empty answer"],
)
def test_nothing_is_withdrawn_by(
    scans: list[ParsedScan], options: dict[str, object], report: Callable[..., None]
) -> None:
    report(1, PICKED_UP, OUT, DELIVERED)
    for hour in (2, 3, 4):
        report(hour, *scans, **options)

    assert exclusions()["Delivered"] == ""
    assert Event.objects.get(text="Delivered").missing_since is None
    assert Shipment.objects.get().milestone == Milestone.DELIVERED


def test_one_payload_processed_twice_is_one_answer(answer: Callable[..., Payload], report: Callable[..., None]) -> None:
    report(1, PICKED_UP, DELIVERED)
    without = answer(2, PICKED_UP)
    process_payloads([without, without])
    process_payload(without)

    assert exclusions()["Delivered"] == ""
    assert Shipment.objects.get().delivery_doubted_at == at(2)


def test_an_unchanged_answer_to_a_second_poll_is_a_second_answer_and_a_repeated_push_is_not(
    answer: Callable[..., Payload], report: Callable[..., None]
) -> None:
    report(1, PICKED_UP, DELIVERED)
    push = answer(2, PICKED_UP, last=4)
    Payload.objects.filter(pk=push.pk).update(received_via=ReceivedVia.WEBHOOK)
    process_payload(Payload.objects.get(pk=push.pk))
    assert exclusions()["Delivered"] == ""

    Payload.objects.filter(pk=push.pk).update(received_via=ReceivedVia.POLL)
    process_payload(Payload.objects.get(pk=push.pk))

    assert exclusions()["Delivered"] == Exclusion.WITHDRAWN


def test_an_older_answer_that_is_processed_late_withdraws_nothing(
    answer: Callable[..., Payload], report: Callable[..., None]
) -> None:
    late = [answer(1, PICKED_UP, OUT), answer(2, PICKED_UP, OUT)]
    report(3, PICKED_UP, OUT, DELIVERED)

    process_payloads(late)

    assert exclusions()["Delivered"] == ""


def test_a_scan_that_only_a_late_answer_holds_was_withdrawn_before_it_was_seen(
    answer: Callable[..., Payload], report: Callable[..., None]
) -> None:
    late = answer(1, PICKED_UP, OUT, DELIVERED)
    report(2, PICKED_UP, OUT)
    report(3, PICKED_UP, OUT)

    process_payload(late)

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.delivery_withdrawn_at) == (Milestone.OUT_FOR_DELIVERY, at(2))


def test_an_incomplete_answer_brings_a_withdrawn_scan_back(report: Callable[..., None]) -> None:
    for hour, scans in enumerate([[DELIVERED], [], []], start=1):
        report(hour, PICKED_UP, *scans)
    report(4, DELIVERED, complete=False)

    assert exclusions()["Delivered"] == ""


def test_events_of_a_removed_number_are_kept_and_count_again_when_it_is_restored(
    leg: Leg, report: Callable[..., None]
) -> None:
    for hour, scans in enumerate([[DELIVERED], [], []], start=1):
        report(hour, PICKED_UP, OUT, *scans)
    before = exclusions()

    change_leg(leg, removed_at=at(9))
    assert set(exclusions().values()) == {Exclusion.REMOVED, Exclusion.WITHDRAWN}
    assert Shipment.objects.get().milestone == Milestone.PENDING

    change_leg(leg, removed_at=None)
    assert exclusions() == before
    assert before["Delivered"] == Exclusion.WITHDRAWN and before["Out for delivery"] == ""
    assert Shipment.objects.get().milestone == Milestone.OUT_FOR_DELIVERY


def test_only_the_events_of_an_ignored_feed_are_excluded(leg: Leg, report: Callable[..., None]) -> None:
    report(1, PICKED_UP)
    report(2, OUT, feed="wider")

    change_leg(leg, ignored_feeds=[factories.create_feed("wider").pk])

    assert exclusions() == {"Picked up": "", "Out for delivery": Exclusion.REMOVED}


def change_leg(leg: Leg, **fields: Any) -> None:
    """Change a leg as an operator does, and conclude again."""
    Leg.objects.filter(pk=leg.pk).update(**fields)
    batch = ShipmentBatch.matching(Q(pk=leg.shipment_id))
    batch.loaded[leg.shipment_id].has_changed = True
    finish_batch(batch, at(10))
