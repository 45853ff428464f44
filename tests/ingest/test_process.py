"""Processing payloads: unreadable ones are kept, unmatched ones wait for their order, replays change nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from tests import factories
from tracking.ingest import process as process_module
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


def test_one_answer_becomes_all_events_and_legs_of_the_route() -> None:
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
def test_an_unreadable_payload_keeps_its_bytes_and_the_error(body: bytes) -> None:
    factories.create_leg()
    payload = factories.create_payload(body)

    assert process_payload(payload) == []

    stored = Payload.objects.get(pk=payload.pk)
    assert stored.status == PayloadStatus.UNREADABLE
    assert stored.error
    assert bytes(stored.body) == body


def test_an_unmatched_payload_is_processed_when_its_order_arrives() -> None:
    payload = factories.create_payload(factories.build_answer_json("LZ000000015CN"), received_via=ReceivedVia.WEBHOOK)
    assert process_payload(payload) == []
    assert payload.status == PayloadStatus.UNMATCHED

    leg = factories.create_leg("lz 0000 00015 cn")
    replayed = replay_leg(leg)

    payload.refresh_from_db()
    assert replayed == 1
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


def test_replaying_does_not_change_the_next_check() -> None:
    factories.create_leg("LZ000000015CN")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN")))
    planned = Leg.objects.get().next_check_at

    replay_payloads(Payload.objects.all())

    assert Leg.objects.get().next_check_at == planned


def test_an_unknown_code_is_counted_once_and_does_not_change_the_milestone() -> None:
    factories.create_leg()
    unmapped = factories.build_event_json("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Teleported")
    payload = factories.create_payload(
        factories.build_answer_json(
            "LZ000000015CN", events=(unmapped, factories.build_event_json("2026-09-04T10:00:00+08:00"))
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


def test_a_code_mapped_by_an_operator_applies_to_past_and_future_events() -> None:
    factories.create_leg()
    unmapped = factories.build_event_json("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(unmapped,))))
    assert Shipment.objects.get().milestone == Milestone.PENDING
    code = UnmappedCode.objects.get()
    code.scan = "linehaul.departed"
    code.save()

    assert replay_module.replay_code(code) == 1

    assert Shipment.objects.get().milestone == Milestone.LINEHAUL
    later = factories.build_event_json("2026-09-06T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up again")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(later, unmapped))))
    assert set(Event.objects.values_list("scan", flat=True)) == {"linehaul.departed"}


def test_an_impossible_time_is_kept_as_local_time_without_an_instant() -> None:
    factories.create_leg()
    events = (
        factories.build_event_json("2099-01-01T10:00:00+08:00"),
        factories.build_event_json("1970-01-01T08:00:00+08:00", text="Sorted"),
    )

    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=events)))

    assert set(Event.objects.values_list("occurred_at", "local_time")) == {
        (None, "2099-01-01T10:00:00"),
        (None, "1970-01-01T08:00:00"),
    }


def test_missing_and_malformed_values_are_unknown_and_not_errors() -> None:
    factories.create_leg()
    malformed: dict[str, Any] = {
        "description": None,
        "time_iso": 12345,
        "time_raw": None,
        "address": None,
        "sub_status": None,
        "location": [],
    }
    body = factories.build_answer_json("LZ000000015CN", events=({**malformed, "time_iso": None}, malformed))

    process_payload(factories.create_payload(body))

    rows = Event.objects.values_list("raw_time", "occurred_at", "local_time", "text", "country", "scan")
    # The first in the answer is the newest: the status of the whole shipment is its.
    assert set(rows) == {("", None, "", "", "", "linehaul.in_transit"), ("12345", None, "", "", "", "unmapped")}


def test_unordered_and_duplicate_scans_are_sorted_and_merged() -> None:
    factories.create_leg()
    picked_up, out_for_delivery = (
        factories.build_event_json("2026-09-04T10:00:00+08:00"),
        factories.build_event_json("2026-09-14T08:00:00-07:00", "OutForDelivery_Other", "Out", "US"),
    )

    process_payload(
        factories.create_payload(
            factories.build_answer_json("LZ000000015CN", events=(picked_up, out_for_delivery, picked_up))
        )
    )

    assert Event.objects.count() == 2
    assert Shipment.objects.get().milestone == Milestone.OUT_FOR_DELIVERY


@pytest.mark.parametrize(
    ("code", "reason", "is_registered"),
    [(-18019902, "not_registered", False), (-18019909, "", True), (-18019903, "carrier_unknown", True)],
)
def test_a_rejected_number_keeps_the_reason_and_is_polled_again(code: int, reason: str, is_registered: bool) -> None:
    leg = factories.create_leg(registered_at=factories.RECEIVED_AT)
    error = {"number": leg.number, "error": {"code": code, "message": "no"}}

    process_payload(factories.create_payload({"code": 0, "data": {"accepted": [], "rejected": [error]}}))

    leg.refresh_from_db()
    assert leg.last_error.split(":")[0] == reason
    assert (leg.registered_at is not None) is is_registered
    assert leg.next_check_at is not None


def test_a_registration_answer_sets_the_registration_time_only() -> None:
    leg = factories.create_leg()
    body = {"code": 0, "data": {"accepted": [{"number": leg.number, "carrier": 3011}]}}

    process_payload(factories.create_payload(body, received_via=ReceivedVia.REGISTRATION))

    leg.refresh_from_db()
    assert leg.registered_at == factories.RECEIVED_AT
    assert leg.last_answer_at is None


def test_replaying_an_old_payload_does_not_restore_its_feed_state() -> None:
    leg = factories.create_leg()
    stop = {"event": "TRACKING_STOPPED", "data": {"number": leg.number}}
    old_payload = factories.create_payload(stop, received_via=ReceivedVia.WEBHOOK)
    process_payload(old_payload)
    later = factories.RECEIVED_AT + timedelta(hours=1)
    process_payload(
        factories.create_payload(factories.build_answer_json(leg.number), received_at=later, last_received_at=later)
    )
    before = Leg.objects.get()

    replay_payloads(Payload.objects.filter(pk=old_payload.pk))

    after = Leg.objects.get()
    assert (before.feed_state, after.feed_state) == (FeedState.ACTIVE, FeedState.ACTIVE)
    assert after.next_check_at == before.next_check_at


def test_a_number_in_two_orders_adds_events_to_both() -> None:
    factories.create_leg("LZ000000015CN")
    factories.create_leg("LZ000000015CN")

    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN")))

    assert Event.objects.values("shipment").distinct().count() == 2


def test_polling_ends_with_delivery() -> None:
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


def test_a_payload_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.create_leg("LZ000000015CN")
    factories.create_leg("LZ000000029CN")
    good, bad = (
        factories.create_payload(factories.build_answer_json("LZ000000015CN")),
        factories.create_payload(factories.build_answer_json("LZ000000029CN")),
    )

    def add_unless_bad(batch: ShipmentBatch, parsed: ParsedPayload) -> list[NewEvent]:
        if parsed.payload == bad:
            raise DatabaseError("the disk is full")
        return add_payload(batch, parsed)

    monkeypatch.setattr(process_module, "add_payload", add_unless_bad)
    with pytest.raises(DatabaseError, match="disk is full"):
        process_payloads([bad, good])

    assert list(Event.objects.values_list("leg__number", flat=True)) == ["LZ000000015CN"]
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, bad.status) == (PayloadStatus.PARSED, PayloadStatus.STORED)


def test_payloads_processed_together_give_the_same_result_as_one_by_one() -> None:
    separate, together = factories.create_leg("LZ000000015CN"), factories.create_leg("LZ000000029CN")
    days = ("2026-09-04T11:30:00+08:00", "2026-09-06T09:00:00+08:00", "2026-09-08T20:15:00+08:00")

    def growing_payloads(number: str) -> list[Payload]:
        return [
            factories.create_payload(
                factories.build_answer_json(
                    number, events=tuple(factories.build_event_json(day) for day in days[:day_count])
                )
            )
            for day_count in (1, 2, 3)
        ]

    one_by_one = sum(len(process_payload(payload)) for payload in growing_payloads("LZ000000015CN"))
    assert process_payloads(growing_payloads("LZ000000029CN")) == one_by_one == 3

    first, second = (
        list(Event.objects.filter(leg=leg).order_by("sequence").values_list("occurred_at", "scan"))
        for leg in (separate, together)
    )
    assert first == second
    names = ("milestone", "first_event_at", "last_event_at", "last_scan", "activity_factor")
    separate.shipment.refresh_from_db()
    together.shipment.refresh_from_db()
    assert [getattr(separate.shipment, name) for name in names] == [getattr(together.shipment, name) for name in names]


def test_thirty_payloads_need_few_queries(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[Any]],
) -> None:
    numbers = [f"LZ{number:09d}CN" for number in range(30)]
    for number in numbers:
        factories.create_leg(number)
    payloads = [factories.create_payload(factories.build_answer_json(number)) for number in numbers]

    with django_assert_max_num_queries(21):
        process_payloads(payloads)

    assert Event.objects.count() == 30
