"""Of several results for one number of one carrier, the newest counts, in every feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tracking.carriers.parsed import (
    UNKNOWN_PLACE,
    ParsedAnswer,
    ParsedLeg,
    ParsedScan,
    ParsedShipment,
    ParsedTime,
    RejectedNumber,
)
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import Scan

NOW = datetime(2026, 9, 10, tzinfo=UTC)


def shipment_seen(days_ago: int | None, number: str = "N1", carrier: str = "fedex") -> ParsedShipment:
    """Return a result whose only scan was made so many days ago; None: without scans."""
    at = NOW - timedelta(days=days_ago or 0)
    scan = ParsedScan(0, Scan.LINEHAUL_IN_TRANSIT, ParsedTime(at), UNKNOWN_PLACE, "", "")
    return ParsedShipment(number, (ParsedLeg(carrier, "", number),), () if days_ago is None else (scan,))


@pytest.mark.parametrize("order", [(400, 1, None), (1, 400, None), (None, 400, 1)])
def test_the_newest_result_counts_in_any_order(order: tuple[int | None, ...]) -> None:
    answer = ParsedAnswer(tuple(map(shipment_seen, order))).with_newest_results()

    assert answer.shipments == (shipment_seen(1),)


def test_other_numbers_and_other_carriers_keep_their_results() -> None:
    shipments = (shipment_seen(1), shipment_seen(2, "N2"), shipment_seen(3, carrier="usps"))

    assert ParsedAnswer(shipments).with_newest_results().shipments == shipments


def test_results_without_a_number_are_never_taken_for_one() -> None:
    shipments = (shipment_seen(1, ""), shipment_seen(2, ""))

    assert ParsedAnswer(shipments).with_newest_results().shipments == shipments


def test_a_number_with_a_result_is_not_rejected() -> None:
    rejected = (RejectedNumber("N1", "other", ""), RejectedNumber("N2", "other", ""), RejectedNumber("", "other", ""))

    assert ParsedAnswer((shipment_seen(1),), rejected).with_newest_results().rejected_numbers == rejected[1:]


@pytest.mark.parametrize("is_newer_first", [True, False])
def test_dhl_and_easypost_results_of_one_number_are_chosen_likewise(is_newer_first: bool) -> None:
    days = ["2026-09-08", "2025-09-08"] if is_newer_first else ["2025-09-08", "2026-09-08"]
    dhl = [{"id": "1", "events": [{"timestamp": f"{day}T10:00:00Z", "statusCode": "transit"}]} for day in days]
    easypost = [
        {"tracking_code": "1", "carrier": "USPS", "tracking_details": [{"datetime": f"{day}T10:00:00Z"}]}
        for day in days
    ]
    for slug, answer in (("dhl", {"shipments": dhl}), ("easypost", {"trackers": easypost})):
        parsed = ADAPTERS[slug].parse(json.dumps(answer).encode(), received_at=NOW).with_newest_results()
        assert [scan.time.occurred_at for each in parsed.shipments for scan in each.scans] == [
            datetime(2026, 9, 8, 10, tzinfo=UTC)
        ]
