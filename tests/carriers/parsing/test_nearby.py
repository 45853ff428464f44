"""Events that stand one level away from their place are read, or the answer is refused: never silently pending."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.registry import ADAPTERS

RECEIVED_AT = datetime(2026, 9, 20, tzinfo=UTC)
TRACK_EVENT = {"time_iso": "2026-09-04T10:00:00+02:00", "description": "Delivered", "sub_status": "Delivered_Other"}
PROVIDERS = [{"provider": {"name": "UPS"}, "events": [TRACK_EVENT]}]


@pytest.mark.parametrize(
    ("home", "parents", "value"),
    [
        ({"events": 1}, ({"events": 2},), 1),
        ({"events": None}, ({"events": 2},), 2),
        ({"part": {"events": 3}}, ({},), 3),
        ({"part": {"events": 3}}, ({"events": 2},), 2),
        ({"part": ["events"]}, (), None),
    ],
)
def test_a_fields_own_place_comes_first(home: dict[str, Any], parents: tuple[dict[str, Any], ...], value: Any) -> None:
    assert find_nearby(home, "events", *parents) == value


@pytest.mark.parametrize(
    ("slug", "answer"),
    [
        ("17track", {"event": "TRACKING_UPDATED", "data": {"number": "N1", "tracking": {"providers": PROVIDERS}}}),
        ("17track", {"event": "TRACKING_UPDATED", "data": {"number": "N1", "track_info": {"providers": PROVIDERS}}}),
        (
            "easypost",
            {"trackers": [{"tracking_code": "N1", "body": {"tracking_details": [{"status": "delivered"}]}}]},
        ),
        (
            "trackingmore",
            {"data": [{"tracking_number": "N1", "trackinfo": [{"checkpoint_delivery_status": "delivered"}]}]},
        ),
        (
            "shippo",
            {"tracking_number": "N1", "carrier": "usps", "body": {"tracking_history": [{"status": "DELIVERED"}]}},
        ),
    ],
)
def test_events_one_level_away_are_read(slug: str, answer: dict[str, Any]) -> None:
    parsed = ADAPTERS[slug].parse(json.dumps(answer).encode(), received_at=RECEIVED_AT)

    assert [scan.scan for scan in parsed.shipments[0].scans] == ["delivery.delivered"]


def test_a_push_whose_status_says_nothing_without_events_is_refused_with_a_reason() -> None:
    push = {"event": "TRACKING_UPDATED", "data": {"number": "N1", "latest_status": {"status": "Exception"}}}

    with pytest.raises(UnreadableAnswerError, match="N1 is 'Exception' but has no events"):
        ADAPTERS["17track"].parse(json.dumps(push).encode(), received_at=RECEIVED_AT)


def test_a_number_whose_status_says_nothing_is_rejected_without_the_others() -> None:
    accepted = [
        {"number": "N1", "track_info": {"latest_status": {"status": "Exception"}}},
        {"number": "N2", "track_info": {"latest_status": {"status": "NotFound"}}},
    ]
    body = json.dumps({"code": 0, "data": {"accepted": accepted}}).encode()

    parsed = ADAPTERS["17track"].parse(body, received_at=RECEIVED_AT)

    assert [shipment.number for shipment in parsed.shipments] == ["N2"]
    assert [(entry.number, entry.reason) for entry in parsed.rejected_numbers] == [("N1", "other")]
