"""Add what the simulated network reports of a parcel, without the network: read by the adapter of its feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from tracking.carriers.adapters.seventeentrack import parse_shipment
from tracking.carriers.parsed import ParsedAnswer, ParsedShipment
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.custom_mappings import apply_custom_mappings
from tracking.ingest.loaded import LoadedShipment, NewEvent
from tracking.ingest.record import add_parsed
from tracking.models import Carrier, Payload
from tracking.models.fields import number_key
from tracking.models.payloads import ReceivedVia
from tracking.simulator.clock import SimulatedClock
from tracking.simulator.parcels.journey_types import Journey
from tracking.simulator.server.state import RegisteredNumber
from tracking.simulator.server.track_info import build_track_item


def add_journey(batch: ShipmentBatch, loaded: LoadedShipment, journey: Journey, feed: Carrier) -> None:
    """Add all that was reported of a parcel, each scan with the time at which it was reported."""
    for part in journey.chain:
        if not part.scans:
            continue
        reported_at = max(scan.reported_at for scan in part.scans)
        payload = Payload(
            carrier=feed, received_via=ReceivedVia.POLL, received_at=reported_at, last_received_at=reported_at
        )
        leg = next(leg for leg in loaded.legs if leg.number_key == number_key(part.number))
        leg.last_answer_at = leg.registered_at = reported_at
        add_parsed(batch, loaded, leg, parsed_answer(part, feed, reported_at), payload)
        loaded.answered_legs.add(leg)
    times = dict(receipt_times(journey))
    loaded.new_events[:] = [with_receipt_time(event, times) for event in loaded.new_events]


def parsed_answer(journey: Journey, feed: Carrier, now: datetime) -> ParsedShipment:
    """Return what the adapter and the built-in phrases read in the last answer about a number."""
    clock = SimulatedClock(1.0, now=now.timestamp)
    item = build_track_item(RegisteredNumber(journey.number, now), journey, clock)
    parsed = parse_shipment(item, now)
    assert isinstance(parsed, ParsedShipment)
    return apply_custom_mappings(ParsedAnswer((parsed,)), feed.pk, None).shipments[0]


def receipt_times(journey: Journey) -> Iterator[tuple[tuple[str, datetime], datetime]]:
    """Yield when each scan was reported, by its words and its time to the second."""
    for part in journey.chain:
        for scan in part.scans:
            yield (scan.text, scan.happened_at.replace(microsecond=0)), scan.reported_at


def with_receipt_time(event: NewEvent, times: Mapping[tuple[str, datetime], datetime]) -> NewEvent:
    """Return an event with the time at which its scan was reported; of one without an instant that of the answer."""
    if event.occurred_at is None:
        return event
    return event._replace(received_at=times.get((event.text, event.occurred_at), event.received_at))
