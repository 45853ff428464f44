"""Process stored payloads: the one path for webhooks, polls, registrations and replays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from tracking.carriers.parsed import (
    ALREADY_REGISTERED,
    NO_EVENTS_YET,
    NOT_REGISTERED,
    ParsedAnswer,
    ParsedShipment,
    RejectedNumber,
)
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.custom_mappings import CustomMappings, apply_custom_mappings, count_unmapped_codes
from tracking.ingest.loaded import LoadedShipment, NewEvent
from tracking.ingest.record import add_parsed, finish_batch, is_from_polled_feed
from tracking.models import Carrier, Leg, Payload, PayloadNumber, bulk
from tracking.models.fields import number_key
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.polling import webhook_health
from tracking.polling.requested_numbers import find_refusal, number_keys_of, requested_keys_of, with_requested_number

log: Final = structlog.get_logger()
EXPECTED_REJECTIONS: Final = (NO_EVENTS_YET, ALREADY_REGISTERED)
BATCH_SIZE: Final = 50
"""How many payloads are processed in one transaction."""
OUTCOME_FIELDS: Final = ("status", "error", "parsed_at", "mapping_version", "next_attempt_at")


class ParsedPayload(NamedTuple):
    """A payload with what its adapter read in it, and the keys of the numbers that it reports or was requested for."""

    payload: Payload
    parsed: ParsedAnswer
    number_keys: frozenset[str]


def process_payload(payload: Payload) -> list[NewEvent]:
    """Process one stored payload and return the events that are new.

    A payload that cannot be read keeps its bytes and gets an error; one whose numbers no order has yet waits for it.
    """
    return process_batch([payload])


def process_payloads(payloads: Iterable[Payload]) -> int:
    """Process stored payloads in batches of `BATCH_SIZE`; return how many events are new.

    When a batch fails, its payloads are processed one by one, so that only the faulty ones are left out. The first
    error is raised at the end.
    """
    new_events, errors = process_and_collect_errors(payloads)
    if errors:
        raise errors[0]
    return new_events


def process_and_collect_errors(payloads: Iterable[Payload]) -> tuple[int, list[Exception]]:
    """Process stored payloads like `process_payloads`; return how many events are new, and the errors.

    Each error is logged and stored on its payload.
    """
    remaining, new_events = iter(payloads), 0
    errors: list[Exception] = []
    while batch := list(islice(remaining, BATCH_SIZE)):
        try:
            new_events += len(process_batch(batch))
        except Exception as error:
            log.exception("payloads processed one by one after an error", payloads=[payload.pk for payload in batch])
            if len(batch) > 1:
                new_events += sum(process_individually(payload, errors) for payload in batch)
            else:
                batch[0].record_failure(error)
                errors.append(error)
    return new_events, errors


def process_individually(payload: Payload, errors: list[Exception]) -> int:
    """Process one payload of a batch that failed; add its error to `errors`. Return how many events are new."""
    try:
        return len(process_payload(payload))
    except Exception as error:
        log.exception("payload not processed", payload=payload.pk)
        payload.record_failure(error)
        errors.append(error)
        return 0


def process_batch(payloads: Sequence[Payload]) -> list[NewEvent]:
    """Process payloads in one transaction, in their order; return the events that are new."""
    now = timezone.now()
    parsed_payloads = parse_payloads(payloads, now)
    with transaction.atomic():
        number_keys = frozenset[str]().union(*(parsed_payload.number_keys for parsed_payload in parsed_payloads))
        batch = ShipmentBatch.for_numbers(number_keys)
        new_events = add_payloads(batch, parsed_payloads)
        finish_batch(batch, now)
        store_numbers(parsed_payloads)
        for parsed_payload in parsed_payloads:
            payload = parsed_payload.payload
            count_unmapped_codes(payload.carrier, new_events[payload.pk])
            is_waiting = bool(unmatched_numbers(batch, parsed_payload))
            set_outcome(payload, PayloadStatus.UNMATCHED if is_waiting else PayloadStatus.PARSED, "", now)
        save_outcomes(payloads)
    return [event for events in new_events.values() for event in events]


def parse_payloads(payloads: Sequence[Payload], now: datetime) -> list[ParsedPayload]:
    """Parse payloads with their adapters; mark those that cannot be read, and return the others."""
    mappings = CustomMappings({payload.carrier_id for payload in payloads})
    requested = requested_keys_of(payloads)
    parsed_payloads = []
    for payload in payloads:
        try:
            adapter = payload.carrier.adapter_instance
            parsed = adapter.parse(bytes(payload.body), received_at=payload.received_at).with_newest_results()
        except UnreadableAnswerError as error:
            record_unusable(payload, PayloadStatus.UNREADABLE, str(error), now)
            continue
        if refusal := find_refusal(parsed, requested[payload.pk]):
            record_unusable(payload, PayloadStatus.REFUSED, refusal, now)
            continue
        parsed = apply_custom_mappings(with_requested_number(parsed, payload), payload.carrier_id, mappings)
        parsed_payloads.append(ParsedPayload(payload, parsed, number_keys_of(parsed, payload)))
        clear_parse_error(payload)
    return parsed_payloads


def record_unusable(payload: Payload, outcome: PayloadStatus, error: str, now: datetime) -> None:
    """Store the error of a payload that cannot be read or is refused, on the payload and on its feed."""
    is_replayed = payload.status != PayloadStatus.STORED
    set_outcome(payload, outcome, error, now)
    if is_replayed:
        return  # it says nothing about the feed of today
    payload.carrier.last_error = error[:2000]
    Carrier.objects.filter(pk=payload.carrier_id).update(last_error=error[:2000], last_error_at=now)
    log.warning(f"{outcome.value} payload", payload=payload.pk, carrier=payload.carrier.slug, error=error)


def clear_parse_error(payload: Payload) -> None:
    """Clear the feed's parse error after a readable payload."""
    # Errors of polling are cleared by a good answer to a poll: a readable webhook says nothing about the API.
    if payload.carrier.last_error:
        payload.carrier.last_error = ""
        Carrier.objects.filter(pk=payload.carrier_id, consecutive_failures=0, circuit_open_until=None).update(
            last_error=""
        )


def set_outcome(payload: Payload, outcome: PayloadStatus, error: str, now: datetime) -> None:
    """Set what became of a payload, and the version of the code table that read it."""
    payload.status, payload.error, payload.parsed_at = outcome.value, error[:2000], now
    payload.mapping_version, payload.next_attempt_at = payload.carrier.adapter_instance.version, None


def save_outcomes(payloads: Sequence[Payload]) -> None:
    """Save what `set_outcome` has set."""
    bulk.update_rows(
        Payload,
        OUTCOME_FIELDS,
        [(row.pk, *(getattr(row, name) for name in OUTCOME_FIELDS)) for row in payloads],
    )


def store_numbers(parsed_payloads: Sequence[ParsedPayload]) -> None:
    """Store which numbers each payload reports."""
    rows = {
        (parsed_payload.payload.pk, key)
        for parsed_payload in parsed_payloads
        for shipment in parsed_payload.parsed.shipments
        if (key := number_key(shipment.number)[:64])
    }
    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), sorted(rows))


def add_payloads(batch: ShipmentBatch, parsed_payloads: Sequence[ParsedPayload]) -> dict[int, list[NewEvent]]:
    """Add payloads to the batch in their order; return the new events by payload id.

    A payload whose number only a later payload names is added again, once there is a leg for the number.
    """
    new_events: dict[int, list[NewEvent]] = {parsed_payload.payload.pk: [] for parsed_payload in parsed_payloads}
    pending = list(parsed_payloads)
    while pending:
        unmatched_before = {}
        for parsed_payload in pending:
            unmatched_before[parsed_payload.payload.pk] = unmatched_numbers(batch, parsed_payload)
            new_events[parsed_payload.payload.pk] += add_payload(batch, parsed_payload)
        pending = [
            parsed_payload
            for parsed_payload in pending
            if unmatched_before[parsed_payload.payload.pk] - unmatched_numbers(batch, parsed_payload)
        ]
    return new_events


def unmatched_numbers(batch: ShipmentBatch, parsed_payload: ParsedPayload) -> set[str]:
    """Return the keys of the numbers that a payload reports and no loaded shipment has."""
    return {
        key
        for shipment in parsed_payload.parsed.shipments
        if (key := number_key(shipment.number)) not in batch.legs_by_number
    }


def add_payload(batch: ShipmentBatch, parsed_payload: ParsedPayload) -> list[NewEvent]:
    """Add what one payload says to the shipments that it is about; return the events that are new."""
    payload, parsed, _ = parsed_payload
    new_events: list[NewEvent] = []
    for shipment in parsed.shipments:
        for loaded, leg in batch.legs_for(number_key(shipment.number), payload.carrier_id):
            new_events += apply_parsed_shipment(batch, loaded, leg, shipment, payload)
    for rejection in parsed.rejected_numbers:
        for loaded, leg in legs_for_rejection(rejection, batch, parsed_payload):
            record_rejection(loaded, leg, rejection, payload)
    return new_events


def apply_parsed_shipment(
    batch: ShipmentBatch, loaded: LoadedShipment, leg: Leg, parsed: ParsedShipment, payload: Payload
) -> list[NewEvent]:
    """Apply what a payload says about one number to one shipment; return the events that are new."""
    if payload.received_via == ReceivedVia.REGISTRATION:
        if is_from_polled_feed(leg, payload):
            record_registration(loaded, leg, payload.received_at)
        return []
    new_events = add_parsed(batch, loaded, leg, parsed, payload)
    if is_from_polled_feed(leg, payload) and is_newer_answer(leg, payload):
        if new_events and payload.received_via == ReceivedVia.POLL and leg.last_answer_at is not None:
            webhook_health.record_missed_webhook(payload.carrier)
        record_answer(loaded, leg, payload)
    return new_events


def is_newer_answer(leg: Leg, payload: Payload) -> bool:
    """Return whether a payload came after the last answer stored on the leg: a replay must not change the schedule."""
    return leg.last_answer_at is None or payload.last_received_at > leg.last_answer_at


def legs_for_rejection(
    rejection: RejectedNumber, batch: ShipmentBatch, parsed_payload: ParsedPayload
) -> list[tuple[LoadedShipment, Leg]]:
    """Return the legs that a rejection is about: those of its number, or all requested ones when it names none."""
    keys = [number_key(rejection.number)] if rejection.number else sorted(parsed_payload.number_keys)
    feed_id = parsed_payload.payload.carrier_id
    return [
        (loaded, leg)
        for key in keys
        for loaded, leg in batch.legs_for(key, feed_id)
        if is_from_polled_feed(leg, parsed_payload.payload)
    ]


def record_registration(loaded: LoadedShipment, leg: Leg, registered_at: datetime) -> None:
    """Store that the feed has registered this number."""
    leg.registered_at, leg.last_error = leg.registered_at or registered_at, ""
    loaded.answered_legs.add(leg)


def record_answer(loaded: LoadedShipment, leg: Leg, payload: Payload) -> None:
    """Store a good answer on the leg; `finish_batch` schedules the next check."""
    leg.last_answer_at, leg.consecutive_failures, leg.last_error = payload.last_received_at, 0, ""
    leg.registered_at = leg.registered_at or payload.received_at
    loaded.answered_legs.add(leg)
    loaded.legs_to_reschedule.add(leg)


def record_rejection(loaded: LoadedShipment, leg: Leg, rejection: RejectedNumber, payload: Payload) -> None:
    """Store on a leg why the feed rejected its number; `finish_batch` schedules the next check."""
    if not is_newer_answer(leg, payload):
        return
    if rejection.reason == ALREADY_REGISTERED:
        record_registration(loaded, leg, payload.received_at)
        return
    if rejection.reason == NOT_REGISTERED:
        leg.registered_at = None
    expected = rejection.reason in EXPECTED_REJECTIONS
    leg.consecutive_failures = 0 if expected else leg.consecutive_failures + 1
    leg.last_error = "" if expected else f"{rejection.reason}: {rejection.text}"[:300]
    leg.last_answer_at = payload.last_received_at
    loaded.answered_legs.add(leg)
    loaded.legs_to_reschedule.add(leg)
