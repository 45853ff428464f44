"""Process parsed answers through the production path, without the bytes that an adapter would read them from."""

from __future__ import annotations

from unittest.mock import patch

from tracking.carriers.parsed import ParsedAnswer, ParsedShipment
from tracking.ingest.loaded import NewEvent
from tracking.ingest.process import process_payload
from tracking.models import Leg, Payload


def record_shipment(leg: Leg, parsed: ParsedShipment, payload: Payload) -> list[NewEvent]:
    """Process `payload` as if its adapter had found `parsed` in it under the leg's number; return the new events."""
    answer = ParsedAnswer((parsed._replace(number=leg.number),))
    with patch.object(payload.carrier.adapter_instance, "parse", return_value=answer):
        return process_payload(payload)
