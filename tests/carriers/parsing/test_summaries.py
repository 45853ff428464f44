"""The status of a shipment is read where its events tell none, and where it has no events at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.parsed import ParsedScan
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import Scan

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)
Events = list[dict[str, Any]]


def answer_of(slug: str, status: str, events: Events) -> dict[str, Any]:
    """Return an answer of an aggregator about N1, with its own fields for the status and the events."""
    answers: dict[str, dict[str, Any]] = {
        "17track": {
            "code": 0,
            "data": {
                "accepted": [
                    {
                        "number": "N1",
                        "track_info": {
                            "latest_status": {"status": status},
                            "tracking": {"providers": [{"provider": {"name": "USPS"}, "events": events}]},
                        },
                    }
                ]
            },
        },
        "aftership": {
            "meta": {"code": 200},
            "data": {"tracking_number": "N1", "slug": "usps", "tag": status, "checkpoints": events},
        },
        "easypost": {"trackers": [{"tracking_code": "N1", "status": status, "tracking_details": events}]},
        "ship24": {
            "data": {
                "trackings": [
                    {
                        "tracker": {"trackingNumber": "N1"},
                        "shipment": {"statusMilestone": status},
                        "events": events,
                    }
                ]
            }
        },
        "shippo": {
            "tracking_number": "N1",
            "carrier": "usps",
            "tracking_status": {"status": status},
            "tracking_history": events,
        },
        "trackingmore": {
            "meta": {"code": 200},
            "data": [{"tracking_number": "N1", "delivery_status": status, "origin_info": {"trackinfo": events}}],
        },
    }
    return answers[slug]


def scans_of(slug: str, status: str, events: Events) -> tuple[ParsedScan, ...]:
    """Return the scans of N1 in an aggregator's answer."""
    body = json.dumps(answer_of(slug, status, events)).encode()
    shipments = ADAPTERS[slug].parse(body, received_at=RECEIVED_AT).shipments
    return shipments[0].scans if shipments else ()


DELIVERED = {
    "17track": "Delivered",
    "aftership": "Delivered",
    "easypost": "delivered",
    "ship24": "delivered",
    "shippo": "DELIVERED",
    "trackingmore": "delivered",
}
NOTHING = {
    "17track": "NotFound",
    "aftership": "Pending",
    "easypost": "unknown",
    "ship24": "pending",
    "shippo": "UNKNOWN",
    "trackingmore": "notfound",
}
CODELESS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "17track": (
        {"description": "Parcel scanned", "time_iso": "2026-11-20T10:00:00+01:00"},
        {"description": "Parcel scanned", "time_iso": "2026-11-21T10:00:00+01:00"},
    ),
    "aftership": (
        {"message": "Parcel scanned", "checkpoint_time": "2026-11-20T10:00:00+01:00"},
        {"message": "Parcel scanned", "checkpoint_time": "2026-11-21T10:00:00+01:00"},
    ),
    "easypost": (
        {"message": "Parcel scanned", "status": "unknown", "datetime": "2026-11-20T10:00:00Z"},
        {"message": "Parcel scanned", "status": "unknown", "datetime": "2026-11-21T10:00:00Z"},
    ),
    "ship24": (
        {"status": "Parcel scanned", "occurrenceDatetime": "2026-11-20T10:00:00+01:00"},
        {"status": "Parcel scanned", "occurrenceDatetime": "2026-11-21T10:00:00+01:00"},
    ),
    "shippo": (
        {"status_details": "Parcel scanned", "status": "UNKNOWN", "status_date": "2026-11-20T10:00:00Z"},
        {"status_details": "Parcel scanned", "status": "UNKNOWN", "status_date": "2026-11-21T10:00:00Z"},
    ),
    "trackingmore": (
        {"tracking_detail": "Parcel scanned", "checkpoint_date": "2026-11-20T10:00:00+01:00"},
        {"tracking_detail": "Parcel scanned", "checkpoint_date": "2026-11-21T10:00:00+01:00"},
    ),
}
each_aggregator = pytest.mark.parametrize("slug", sorted(DELIVERED))


def test_every_aggregator_is_here() -> None:
    assert set(DELIVERED) == {slug for slug, adapter in ADAPTERS.items() if adapter.is_aggregator}


@each_aggregator
def test_a_status_without_events_is_the_only_scan_in_the_aggregators_words(slug: str) -> None:
    (scan,) = scans_of(slug, DELIVERED[slug], [])

    assert scan.scan is Scan.DELIVERY_DELIVERED
    assert scan.time.occurred_at is None
    assert (scan.text or scan.code).lower() == "delivered"


@each_aggregator
def test_a_status_tells_what_the_newest_event_without_a_code_means_and_no_other(slug: str) -> None:
    scans = sorted(scans_of(slug, DELIVERED[slug], list(CODELESS[slug])), key=lambda scan: scan.comparable_at)

    assert [scan.scan for scan in scans] == [Scan.UNMAPPED, Scan.DELIVERY_DELIVERED]
    assert scans[1].time.occurred_at is not None
    assert scans[1].text == "Parcel scanned"


@each_aggregator
def test_a_status_that_says_nothing_adds_nothing(slug: str) -> None:
    assert scans_of(slug, NOTHING[slug], []) == ()
    assert {scan.scan for scan in scans_of(slug, NOTHING[slug], list(CODELESS[slug]))} == {Scan.UNMAPPED}


def test_words_that_contradict_a_delivery_count_more_than_the_status() -> None:
    event = {"message": "Could not be delivered, nobody at home", "checkpoint_time": "2026-11-21T10:00:00+01:00"}

    (scan,) = scans_of("aftership", "Delivered", [event])

    assert scan.scan is Scan.DELIVERY_ATTEMPT_FAILED_OTHER


def test_an_event_with_a_code_keeps_it() -> None:
    event = {"subtag": "InTransit_001", "message": "On its way", "checkpoint_time": "2026-11-21T10:00:00+01:00"}

    (scan,) = scans_of("aftership", "Delivered", [event])

    assert scan.scan is Scan.LINEHAUL_IN_TRANSIT
