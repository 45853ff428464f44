"""Stored messages, read: what cannot be read is kept, what has no order waits, what is read again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from tests import make
from tracking.ingest import read as read_module
from tracking.ingest import replay as replay_module
from tracking.ingest.batch import Casebook
from tracking.ingest.loaded import NewEvent
from tracking.ingest.read import Message, read, read_all, take_message
from tracking.ingest.replay import adopt, replay
from tracking.models import Event, Leg, Payload, Shipment, UnmappedCode
from tracking.models.payloads import Arrival, Outcome
from tracking.vocabulary import Milestone, Tracker

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SAMPLES = Path(__file__).parent.parent / "carriers" / "samples" / "17track"


def test_an_answer_becomes_the_whole_route() -> None:
    leg = make.leg("LZ000000015CN")

    events = read(make.payload((SAMPLES / "china_post_to_usps.json").read_bytes()))

    shipment = Shipment.objects.get()
    assert len(events) == 10
    assert shipment.milestone == Milestone.DELIVERED
    assert shipment.delivered_at is None
    assert list(shipment.legs.order_by("position").values_list("carrier__slug", "number")) == [
        ("chinapost", "LZ000000015CN"),
        ("usps", "9200190000000000000009"),
    ]
    assert leg.shipment == shipment


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b'{"code": 0, "data": []}', b"{" * 50_000])
def test_what_cannot_be_read_keeps_its_bytes_and_says_why(body: bytes) -> None:
    make.leg()
    payload = make.payload(body)

    assert read(payload) == []

    kept = Payload.objects.get(pk=payload.pk)
    assert kept.outcome == Outcome.UNREADABLE
    assert kept.error
    assert bytes(kept.body) == body


def test_a_number_without_an_order_waits_and_is_attached_when_its_order_arrives() -> None:
    payload = make.payload(make.answer("LZ000000015CN"), arrival=Arrival.WEBHOOK)
    assert read(payload) == []
    assert payload.outcome == Outcome.WAITING

    leg = make.leg("lz 0000 00015 cn")
    adopted = adopt(leg)

    payload.refresh_from_db()
    assert adopted == 1
    assert payload.outcome == Outcome.READ
    assert Event.objects.get().leg == leg


def test_replaying_everything_twice_changes_nothing() -> None:
    make.leg("LZ000000015CN")
    read(make.payload((SAMPLES / "china_post_to_usps.json").read_bytes()))
    before = (Event.objects.count(), Shipment.objects.get().revision, UnmappedCode.objects.count(), Leg.objects.count())

    results = [replay(Payload.objects.all()) for _ in range(2)]

    assert results == [(1, 0, 0), (1, 0, 0)]
    after = (Event.objects.count(), Shipment.objects.get().revision, UnmappedCode.objects.count(), Leg.objects.count())
    assert after == before


def test_replaying_does_not_change_when_the_carrier_is_asked_next() -> None:
    make.leg("LZ000000015CN")
    read(make.payload(make.answer("LZ000000015CN")))
    planned = Leg.objects.get().next_check_at

    replay(Payload.objects.all())

    assert Leg.objects.get().next_check_at == planned


def test_an_unknown_code_is_counted_once_for_the_operator_and_moves_nothing() -> None:
    make.leg()
    odd = make.event("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Teleported")
    payload = make.payload(make.answer("LZ000000015CN", events=(odd, make.event("2026-09-04T10:00:00+08:00"))))

    read(payload)
    read(payload)

    counter = UnmappedCode.objects.get()
    assert (counter.code, counter.words, counter.count) == ("InTransit_FromTheFuture", "Teleported", 1)
    assert Shipment.objects.get().milestone == Milestone.ACCEPTED


def test_a_code_that_an_operator_maps_is_known_from_then_on_and_for_all_history() -> None:
    make.leg()
    odd = make.event("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up")
    read(make.payload(make.answer("LZ000000015CN", events=(odd,))))
    assert Shipment.objects.get().milestone == Milestone.PENDING
    code = UnmappedCode.objects.get()
    code.scan = "linehaul.departed"
    code.save()

    assert replay_module.relearn(code) == 1

    assert Shipment.objects.get().milestone == Milestone.LINEHAUL
    later = make.event("2026-09-06T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up again")
    read(make.payload(make.answer("LZ000000015CN", events=(later, odd))))
    assert set(Event.objects.values_list("scan", flat=True)) == {"linehaul.departed"}


def test_a_time_that_cannot_be_true_is_shown_as_told_and_has_no_instant() -> None:
    make.leg()
    wrong = (make.event("2099-01-01T10:00:00+08:00"), make.event("1970-01-01T08:00:00+08:00", words="Sorted"))

    read(make.payload(make.answer("LZ000000015CN", events=wrong)))

    assert set(Event.objects.values_list("at", "local")) == {
        (None, "2099-01-01T10:00:00"),
        (None, "1970-01-01T08:00:00"),
    }


def test_missing_and_odd_leaves_are_unknown_and_not_errors() -> None:
    make.leg()
    bare: dict[str, Any] = {
        "description": None,
        "time_iso": 12345,
        "time_raw": None,
        "address": None,
        "sub_status": None,
        "location": [],
    }
    body = make.answer("LZ000000015CN", events=({**bare, "time_iso": None}, bare))

    read(make.payload(body))

    told = Event.objects.values_list("raw_time", "at", "local", "words", "country", "scan")
    assert set(told) == {("", None, "", "", "", "unmapped"), ("12345", None, "", "", "", "unmapped")}


def test_out_of_order_and_duplicate_scans_settle() -> None:
    make.leg()
    pick, out = (
        make.event("2026-09-04T10:00:00+08:00"),
        make.event("2026-09-14T08:00:00-07:00", "OutForDelivery_Other", "Out", "US"),
    )

    read(make.payload(make.answer("LZ000000015CN", events=(pick, out, pick))))

    assert Event.objects.count() == 2
    assert Shipment.objects.get().milestone == Milestone.OUT_FOR_DELIVERY


@pytest.mark.parametrize(
    ("code", "trouble", "registered"),
    [(-18019902, "not_registered", False), (-18019909, "", True), (-18019903, "carrier_unknown", True)],
)
def test_a_refused_number_says_why_and_is_asked_again(code: int, trouble: str, registered: bool) -> None:
    leg = make.leg(registered_at=make.HEARD)
    error = {"number": leg.number, "error": {"code": code, "message": "no"}}

    read(make.payload({"code": 0, "data": {"accepted": [], "rejected": [error]}}))

    leg.refresh_from_db()
    assert leg.trouble.split(":")[0] == trouble
    assert (leg.registered_at is not None) is registered
    assert leg.next_check_at is not None


def test_the_answer_to_a_registration_registers_and_tells_no_news() -> None:
    leg = make.leg()
    body = {"code": 0, "data": {"accepted": [{"number": leg.number, "carrier": 3011}]}}

    read(make.payload(body, arrival=Arrival.REGISTRATION))

    leg.refresh_from_db()
    assert leg.registered_at == make.HEARD
    assert leg.last_answer_at is None


def test_replaying_an_old_message_does_not_bring_back_what_it_said_of_the_feed() -> None:
    leg = make.leg()
    stop = {"event": "TRACKING_STOPPED", "data": {"number": leg.number}}
    old = make.payload(stop, arrival=Arrival.WEBHOOK)
    read(old)
    later = make.HEARD + timedelta(hours=1)
    read(make.payload(make.answer(leg.number), received_at=later, last_received_at=later))
    before = Leg.objects.get()

    replay(Payload.objects.filter(pk=old.pk))

    after = Leg.objects.get()
    assert (before.tracker, after.tracker) == (Tracker.ACTIVE, Tracker.ACTIVE)
    assert after.next_check_at == before.next_check_at


def test_one_number_in_two_orders_tells_both() -> None:
    make.leg("LZ000000015CN")
    make.leg("LZ000000015CN")

    read(make.payload(make.answer("LZ000000015CN")))

    assert Event.objects.values("shipment").distinct().count() == 2


def test_the_next_check_follows_the_milestone() -> None:
    leg = make.leg()
    read(
        make.payload(
            make.answer(leg.number, events=(make.event("2026-09-19T08:00:00-07:00", "OutForDelivery_Other", "", "US"),))
        )
    )
    leg.refresh_from_db()
    assert leg.next_check_at is not None
    assert leg.last_answer_at == make.HEARD

    body = make.answer(leg.number, events=(make.event("2026-09-19T12:00:00-07:00", "Delivered_Other", "", "US"),))
    read(make.payload(body, last_received_at=make.HEARD + timedelta(hours=1)))

    leg.refresh_from_db()
    assert leg.next_check_at is None


def test_one_message_that_breaks_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    make.leg("LZ000000015CN")
    make.leg("LZ000000029CN")
    good, bad = make.payload(make.answer("LZ000000015CN")), make.payload(make.answer("LZ000000029CN"))

    def take_but_one(book: Casebook, message: Message) -> list[NewEvent]:
        if message.payload == bad:
            raise DatabaseError("the disk is full")
        return take_message(book, message)

    monkeypatch.setattr(read_module, "take_message", take_but_one)
    with pytest.raises(DatabaseError, match="disk is full"):
        read_all([bad, good])

    assert list(Event.objects.values_list("leg__number", flat=True)) == ["LZ000000015CN"]
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.outcome, bad.outcome) == (Outcome.READ, Outcome.STORED)


def test_messages_about_one_parcel_read_together_give_what_they_give_one_by_one() -> None:
    apart, together = make.leg("LZ000000015CN"), make.leg("LZ000000029CN")
    days = ("2026-09-04T11:30:00+08:00", "2026-09-06T09:00:00+08:00", "2026-09-08T20:15:00+08:00")

    def messages(number: str) -> list[Payload]:
        return [
            make.payload(make.answer(number, events=tuple(make.event(day) for day in days[: told + 1])))
            for told in range(3)
        ]

    one_by_one = sum(len(read(message)) for message in messages("LZ000000015CN"))
    assert read_all(messages("LZ000000029CN")) == one_by_one == 3

    first, second = (
        list(Event.objects.filter(leg=leg).order_by("sequence").values_list("at", "scan")) for leg in (apart, together)
    )
    assert first == second
    names = ("milestone", "first_event_at", "last_event_at", "last_scan", "liveliness")
    apart.shipment.refresh_from_db()
    together.shipment.refresh_from_db()
    assert [getattr(apart.shipment, name) for name in names] == [getattr(together.shipment, name) for name in names]


def test_reading_many_messages_takes_hardly_more_queries_than_reading_one(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    numbers = [f"LZ{number:09d}CN" for number in range(30)]
    for number in numbers:
        make.leg(number)
    messages = [make.payload(make.answer(number)) for number in numbers]

    with django_assert_max_num_queries(20):
        read_all(messages)

    assert Event.objects.count() == 30
