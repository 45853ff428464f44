"""A delivery that the answer itself denies is none, whatever its words say."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tracking.carriers.registry import ADAPTERS
from tracking.ingest.custom_mappings import apply_custom_mappings
from tracking.vocabulary import Scan

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(("status", "scan"), [("In transit", Scan.UNMAPPED), ("Delivered", Scan.DELIVERY_DELIVERED)])
def test_auspost_counts_a_delivery_only_where_the_article_confirms_it(status: str, scan: Scan) -> None:
    event = {"description": "Delivered", "date": "2026-09-08T09:00:00+10:00"}
    item = {"article_id": "RZ700000027AU", "status": status, "events": [event]}
    body = json.dumps({"tracking_results": [{"tracking_id": "RZ700000027AU", "trackable_items": [item]}]}).encode()

    answer = apply_custom_mappings(ADAPTERS["auspost"].parse(body, received_at=RECEIVED_AT), 0, None)

    assert answer.shipments[0].scans[0].scan is scan


@pytest.mark.parametrize(("code", "scan"), [("transit", Scan.UNMAPPED), ("delivered", Scan.DELIVERY_DELIVERED)])
def test_dhl_counts_a_delivery_only_under_its_own_code(code: str, scan: Scan) -> None:
    event = {
        "timestamp": "2026-09-08T12:00:00",
        "statusCode": code,
        "status": "DELIVERED PARCEL",
        "description": "Delivered",
    }
    body = json.dumps({"shipments": [{"id": "1000000002", "events": [event]}]}).encode()

    answer = apply_custom_mappings(ADAPTERS["dhl"].parse(body, received_at=RECEIVED_AT), 0, None)

    assert answer.shipments[0].scans[0].scan is scan
