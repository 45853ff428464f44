"""A label around a number is no part of it, in any feed that names the next carrier's number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.registry import ADAPTERS

LABELLED = "Latest Tracking Number:\tUJ780000030YP"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (LABELLED, "UJ780000030YP"),
        ("TRACKING NUMBER UJ780000030YP", "UJ780000030YP"),
        ("新单号：UJ780000030YP", "UJ780000030YP"),
        ("UJ 780 000 030 YP", "UJ780000030YP"),
        ("No. 00 3404 3400 0000 0000 13", "00340434000000000013"),
        ("UJ780000030YP", "UJ780000030YP"),
        ("12-34/5", "12-34/5"),
        (780000000030, "780000000030"),
        ("Number follows within 2 days", ""),
        ("N/A", ""),
        ("pending", ""),
        ("", ""),
        (None, ""),
        (["UJ780000030YP"], ""),
    ],
)
def test_a_number_is_read_without_its_label(value: Any, number: str) -> None:
    assert parse_number(value) == number


@pytest.mark.parametrize(
    ("slug", "answer"),
    [
        (
            "17track",
            {
                "code": 0,
                "data": {
                    "accepted": [
                        {
                            "number": "N1234567",
                            "track_info": {"misc_info": {"local_number": LABELLED, "local_provider": "GLS"}},
                        }
                    ]
                },
            },
        ),
        ("cainiao", {"success": True, "module": [{"mailNo": "N1234567", "realMailNo": LABELLED}]}),
        (
            "trackingmore",
            {"data": [{"tracking_number": "N1234567", "courier_code": "gls", "destination_track_number": LABELLED}]},
        ),
        ("4px", {"result": "1", "data": {"deliveryOrderNo": "N1234567", "channelTrackCode": LABELLED}}),
        (
            "yunexpress",
            {"Code": "0000", "Item": {"WaybillNumber": "N1234567", "TrackingNumber": LABELLED}},
        ),
    ],
)  # fmt: skip
def test_the_next_leg_has_the_number_alone(slug: str, answer: dict[str, Any]) -> None:
    parsed = ADAPTERS[slug].parse(json.dumps(answer).encode(), received_at=datetime(2026, 9, 10, tzinfo=UTC))

    assert [leg.number for leg in parsed.shipments[0].legs][-1] == "UJ780000030YP"
