"""The traffic of `make faults`: what the truth is and what the webhooks report of it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

from tests.drills.faults.parcels import (
    JOURNEY,
    MIN_STEPS,
    build_messages,
    generate_parcel,
    generate_traffic,
    scan_texts,
)
from tracking.carriers.registry import ADAPTERS

STARTED_AT = datetime(2026, 9, 1, tzinfo=UTC)


def test_webhooks_of_a_parcel_report_each_scan_at_least_once_and_no_other() -> None:
    rng = random.Random(1)
    for index in range(20):
        parcel = generate_parcel(index, STARTED_AT, rng)

        reported = {text for message in build_messages(parcel, rng) for text in message.texts}

        assert reported == {event.text for event in parcel.events}


def test_traffic_has_duplicate_messages_repeated_scans_and_several_scans_in_a_message() -> None:
    _, messages = generate_traffic(1000, STARTED_AT, random.Random(1))

    bodies = Counter(message.body for message in messages)
    scans = Counter(text for texts in {message.texts for message in messages} for text in texts)
    assert max(bodies.values()) >= 2
    assert max(scans.values()) >= 2
    assert {len(message.texts) for message in messages} == {1, 2, 3}


def test_traffic_reports_scans_out_of_order() -> None:
    parcels, messages = generate_traffic(1000, STARTED_AT, random.Random(1))
    times = {event.text: event.occurred_at for parcel in parcels for event in parcel.events}

    reported = [times[text] for message in messages if message.number == parcels[0].number for text in message.texts]

    assert len(reported) > 3
    assert reported != sorted(reported)


def test_traffic_is_the_same_for_the_same_seed() -> None:
    first, second, other = (generate_traffic(50, STARTED_AT, random.Random(seed)) for seed in (7, 7, 8))

    assert first == second
    assert first != other


def test_scans_of_a_parcel_move_forward_in_time_and_only_reach_steps_of_the_journey_in_order() -> None:
    parcel = generate_parcel(3, STARTED_AT, random.Random(2))
    steps = list(dict.fromkeys((event.code, event.country) for event in parcel.events))

    assert [event.occurred_at for event in parcel.events] == sorted({event.occurred_at for event in parcel.events})
    assert len(steps) >= MIN_STEPS
    assert steps == [(step.code, step.country) for step in JOURNEY[: len(steps)]]


def test_adapter_reads_a_message_as_the_truth_says() -> None:
    rng = random.Random(4)
    parcel = generate_parcel(5, STARTED_AT, rng)
    truth = {event.text: event.occurred_at for event in parcel.events}
    adapter = ADAPTERS["17track"]

    for message in build_messages(parcel, rng):
        (shipment,) = adapter.parse(message.body, received_at=datetime(2026, 10, 1, tzinfo=UTC)).shipments
        assert {scan.text: scan.time.occurred_at for scan in shipment.scans} == {
            text: truth[text] for text in message.texts
        }
        assert adapter.verify_signature(message.body, {"sign": message.signature}, {"key": "a test key"})
        assert scan_texts(message.body) == list(message.texts)
