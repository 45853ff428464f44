"""Stored messages, read: what cannot be read is kept, what has no order waits, what is read again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from tests import factories
from tracking.ingest import process as read_module
from tracking.ingest import replay as replay_module
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.loaded import NewEvent
from tracking.ingest.process import ParsedPayload, add_payload, process_payload, process_payloads
from tracking.ingest.replay import replay_leg, replay_payloads
from tracking.models import Event, Leg, Payload, Shipment, UnmappedCode
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.vocabulary import FeedState, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SAMPLES = Path(__file__).parent.parent / "carriers" / "samples" / "17track"


def test_an_answer_becomes_the_whole_route() -> None:
    leg = factories.create_leg("LZ000000015CN")

    events = process_payload(factories.create_payload((SAMPLES / "china_post_to_usps.json").read_bytes()))

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
    factories.create_leg()
    payload = factories.create_payload(body)

    assert process_payload(payload) == []

    kept = Payload.objects.get(pk=payload.pk)
    assert kept.status == PayloadStatus.UNREADABLE
    assert kept.error
    assert bytes(kept.body) == body


def test_a_number_without_an_order_waits_and_is_attached_when_its_order_arrives() -> None:
    payload = factories.create_payload(factories.build_answer_json("LZ000000015CN"), received_via=ReceivedVia.WEBHOOK)
    assert process_payload(payload) == []
    assert payload.status == PayloadStatus.UNMATCHED

    leg = factories.create_leg("lz 0000 00015 cn")
    adopted = replay_leg(leg)

    payload.refresh_from_db()
    assert adopted == 1
    assert payload.status == PayloadStatus.PARSED
    assert Event.objects.get().leg == leg


def test_replaying_everything_twice_changes_nothing() -> None:
    factories.create_leg("LZ000000015CN")
    process_payload(factories.create_payload((SAMPLES / "china_post_to_usps.json").read_bytes()))
    before = (Event.objects.count(), Shipment.objects.get().revision, UnmappedCode.objects.count(), Leg.objects.count())

    results = [replay_payloads(Payload.objects.all()) for _ in range(2)]

    assert results == [(1, 0, 0), (1, 0, 0)]
    after = (Event.objects.count(), Shipment.objects.get().revision, UnmappedCode.objects.count(), Leg.objects.count())
    assert after == before


def test_replaying_does_not_change_when_the_carrier_is_asked_next() -> None:
    factories.create_leg("LZ000000015CN")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN")))
    planned = Leg.objects.get().next_check_at

    replay_payloads(Payload.objects.all())

    assert Leg.objects.get().next_check_at == planned


def test_an_unknown_code_is_counted_once_for_the_operator_and_moves_nothing() -> None:
    factories.create_leg()
    odd = factories.build_event_json("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Teleported")
    payload = factories.create_payload(
        factories.build_answer_json(
            "LZ000000015CN", events=(odd, factories.build_event_json("2026-09-04T10:00:00+08:00"))
        )
    )

    process_payload(payload)
    process_payload(payload)

    counter = UnmappedCode.objects.get()
    assert (counter.code, counter.example_text, counter.occurrence_count) == (
        "InTransit_FromTheFuture",
        "Teleported",
        1,
    )
    assert Shipment.objects.get().milestone == Milestone.ACCEPTED


def test_a_code_that_an_operator_maps_is_known_from_then_on_and_for_all_history() -> None:
    factories.create_leg()
    odd = factories.build_event_json("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(odd,))))
    assert Shipment.objects.get().milestone == Milestone.PENDING
    code = UnmappedCode.objects.get()
    code.scan = "linehaul.departed"
    code.save()

    assert replay_module.replay_code(code) == 1

    assert Shipment.objects.get().milestone == Milestone.LINEHAUL
    later = factories.build_event_json("2026-09-06T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up again")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(later, odd))))
    assert set(Event.objects.values_list("scan", flat=True)) == {"linehaul.departed"}


def test_a_time_that_cannot_be_true_is_shown_as_told_and_has_no_instant() -> None:
    factories.create_leg()
    wrong = (
        factories.build_event_json("2099-01-01T10:00:00+08:00"),
        factories.build_event_json("1970-01-01T08:00:00+08:00", text="Sorted"),
    )

    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=wrong)))

    assert set(Event.objects.values_list("occurred_at", "local_time")) == {
        (None, "2099-01-01T10:00:00"),
        (None, "1970-01-01T08:00:00"),
    }


def test_missing_and_odd_leaves_are_unknown_and_not_errors() -> None:
    factories.create_leg()
    bare: dict[str, Any] = {
        "description": None,
        "time_iso": 12345,
        "time_raw": None,
        "address": None,
        "sub_status": None,
        "location": [],
    }
    body = factories.build_answer_json("LZ000000015CN", events=({**bare, "time_iso": None}, bare))

    process_payload(factories.create_payload(body))

    told = Event.objects.values_list("raw_time", "occurred_at", "local_time", "text", "country", "scan")
    assert set(told) == {("", None, "", "", "", "unmapped"), ("12345", None, "", "", "", "unmapped")}


def test_out_of_order_and_duplicate_scans_settle() -> None:
    factories.create_leg()
    pick, out = (
        factories.build_event_json("2026-09-04T10:00:00+08:00"),
        factories.build_event_json("2026-09-14T08:00:00-07:00", "OutForDelivery_Other", "Out", "US"),
    )

    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(pick, out, pick))))

    assert Event.objects.count() == 2
    assert Shipment.objects.get().milestone == Milestone.OUT_FOR_DELIVERY


@pytest.mark.parametrize(
    ("code", "trouble", "registered"),
    [(-18019902, "not_registered", False), (-18019909, "", True), (-18019903, "carrier_unknown", True)],
)
def test_a_refused_number_says_why_and_is_asked_again(code: int, trouble: str, registered: bool) -> None:
    leg = factories.create_leg(registered_at=factories.RECEIVED_AT)
    error = {"number": leg.number, "error": {"code": code, "message": "no"}}

    process_payload(factories.create_payload({"code": 0, "data": {"accepted": [], "rejected": [error]}}))

    leg.refresh_from_db()
    assert leg.last_error.split(":")[0] == trouble
    assert (leg.registered_at is not None) is registered
    assert leg.next_check_at is not None


def test_the_answer_to_a_registration_registers_and_tells_no_news() -> None:
    leg = factories.create_leg()
    body = {"code": 0, "data": {"accepted": [{"number": leg.number, "carrier": 3011}]}}

    process_payload(factories.create_payload(body, received_via=ReceivedVia.REGISTRATION))

    leg.refresh_from_db()
    assert leg.registered_at == factories.RECEIVED_AT
    assert leg.last_answer_at is None


def test_replaying_an_old_message_does_not_bring_back_what_it_said_of_the_feed() -> None:
    leg = factories.create_leg()
    stop = {"event": "TRACKING_STOPPED", "data": {"number": leg.number}}
    old = factories.create_payload(stop, received_via=ReceivedVia.WEBHOOK)
    process_payload(old)
    later = factories.RECEIVED_AT + timedelta(hours=1)
    process_payload(
        factories.create_payload(factories.build_answer_json(leg.number), received_at=later, last_received_at=later)
    )
    before = Leg.objects.get()

    replay_payloads(Payload.objects.filter(pk=old.pk))

    after = Leg.objects.get()
    assert (before.feed_state, after.feed_state) == (FeedState.ACTIVE, FeedState.ACTIVE)
    assert after.next_check_at == before.next_check_at


def test_one_number_in_two_orders_tells_both() -> None:
    factories.create_leg("LZ000000015CN")
    factories.create_leg("LZ000000015CN")

    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN")))

    assert Event.objects.values("shipment").distinct().count() == 2


def test_the_next_check_follows_the_milestone() -> None:
    leg = factories.create_leg()
    process_payload(
        factories.create_payload(
            factories.build_answer_json(
                leg.number,
                events=(factories.build_event_json("2026-09-19T08:00:00-07:00", "OutForDelivery_Other", "", "US"),),
            )
        )
    )
    leg.refresh_from_db()
    assert leg.next_check_at is not None
    assert leg.last_answer_at == factories.RECEIVED_AT

    body = factories.build_answer_json(
        leg.number, events=(factories.build_event_json("2026-09-19T12:00:00-07:00", "Delivered_Other", "", "US"),)
    )
    process_payload(factories.create_payload(body, last_received_at=factories.RECEIVED_AT + timedelta(hours=1)))

    leg.refresh_from_db()
    assert leg.next_check_at is None


def test_one_message_that_breaks_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.create_leg("LZ000000015CN")
    factories.create_leg("LZ000000029CN")
    good, bad = (
        factories.create_payload(factories.build_answer_json("LZ000000015CN")),
        factories.create_payload(factories.build_answer_json("LZ000000029CN")),
    )

    def take_but_one(book: ShipmentBatch, message: ParsedPayload) -> list[NewEvent]:
        if message.payload == bad:
            raise DatabaseError("the disk is full")
        return add_payload(book, message)

    monkeypatch.setattr(read_module, "add_payload", take_but_one)
    with pytest.raises(DatabaseError, match="disk is full"):
        process_payloads([bad, good])

    assert list(Event.objects.values_list("leg__number", flat=True)) == ["LZ000000015CN"]
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status) == (PayloadStatus.PARSED, PayloadStatus.STORED)


def test_messages_about_one_parcel_read_together_give_what_they_give_one_by_one() -> None:
    apart, together = factories.create_leg("LZ000000015CN"), factories.create_leg("LZ000000029CN")
    days = ("2026-09-04T11:30:00+08:00", "2026-09-06T09:00:00+08:00", "2026-09-08T20:15:00+08:00")

    def messages(number: str) -> list[Payload]:
        return [
            factories.create_payload(
                factories.build_answer_json(
                    number, events=tuple(factories.build_event_json(day) for day in days[: told + 1])
                )
            )
            for told in range(3)
        ]

    one_by_one = sum(len(process_payload(message)) for message in messages("LZ000000015CN"))
    assert process_payloads(messages("LZ000000029CN")) == one_by_one == 3

    first, second = (
        list(Event.objects.filter(leg=leg).order_by("sequence").values_list("occurred_at", "scan"))
        for leg in (apart, together)
    )
    assert first == second
    names = ("milestone", "first_event_at", "last_event_at", "last_scan", "activity_factor")
    apart.shipment.refresh_from_db()
    together.shipment.refresh_from_db()
    assert [getattr(apart.shipment, name) for name in names] == [getattr(together.shipment, name) for name in names]


def test_reading_many_messages_takes_hardly_more_queries_than_reading_one(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    numbers = [f"LZ{number:09d}CN" for number in range(30)]
    for number in numbers:
        factories.create_leg(number)
    messages = [factories.create_payload(factories.build_answer_json(number)) for number in numbers]

    with django_assert_max_num_queries(20):
        process_payloads(messages)

    assert Event.objects.count() == 30
