"""Stored raw messages, read: the one path for webhooks, polls, registrations and replays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tracking.carriers import parsed
from tracking.carriers.json_access import UnreadableAnswerError
from tracking.carriers.parsed import ParsedAnswer, ParsedShipment, RejectedNumber
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.custom_mappings import CustomMappings, apply_custom_mappings
from tracking.ingest.loaded import LoadedShipment, NewEvent
from tracking.ingest.record import add_parsed, finish_batch, is_from_polled_feed
from tracking.models import Carrier, Leg, Payload, PayloadNumber, UnmappedCode, bulk
from tracking.models.fields import number_key
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.polling import webhook_health
from tracking.vocabulary import Scan

log: Final = structlog.get_logger()
EXPECTED_REJECTIONS: Final = (parsed.NO_EVENTS_YET, parsed.ALREADY_REGISTERED)
BATCH_SIZE: Final = 50
"""How many messages are read in one transaction."""
OUTCOME_FIELDS: Final = ("status", "error", "parsed_at", "mapping_version")


class ParsedPayload(NamedTuple):
    """A stored message with what today's adapter reads in it. `numbers` are keys: those told and those asked."""

    payload: Payload
    parsed: ParsedAnswer
    number_keys: frozenset[str]


def process_payload(payload: Payload) -> list[NewEvent]:
    """Read one stored message with today's adapter and return the events that are new.

    A message that cannot be read keeps its error and its bytes; numbers without an order wait for it.
    """
    return process_batch([payload])


def process_payloads(payloads: Iterable[Payload]) -> int:
    """Read stored messages, `TOGETHER` at a time, and return how many events are new.

    Where reading a group fails, its messages are read one by one: each but the faulty ones counts, and the first fault
    is raised at the end.
    """
    rest, fresh = iter(payloads), 0
    faults: list[Exception] = []
    while group := list(islice(rest, BATCH_SIZE)):
        try:
            fresh += len(process_batch(group))
        except Exception as fault:
            log.exception("messages read one by one after a fault", payloads=[payload.pk for payload in group])
            fresh += sum(process_individually(payload, faults) for payload in group) if len(group) > 1 else 0
            faults += [fault] if len(group) == 1 else []
    if faults:
        raise faults[0]
    return fresh


def process_individually(payload: Payload, errors: list[Exception]) -> int:
    """Read one message of a group that failed; keep the fault if it is this one's."""
    try:
        return len(process_payload(payload))
    except Exception as fault:
        log.exception("message not read", payload=payload.pk)
        errors.append(fault)
        return 0


def process_batch(payloads: Sequence[Payload]) -> list[NewEvent]:
    """Read messages in one transaction, in their order, and return the events that are new."""
    now = timezone.now()
    messages = parse_payloads(payloads, now)
    with transaction.atomic():
        keys = frozenset[str]().union(*(message.number_keys for message in messages))
        book = ShipmentBatch.for_numbers(keys)
        fresh = add_payloads(book, messages)
        finish_batch(book, now)
        store_numbers(messages)
        for message in messages:
            count_unmapped_codes(message.payload.carrier, fresh[message.payload.pk])
            set_outcome(
                message.payload,
                PayloadStatus.UNMATCHED if unmatched_numbers(book, message) else PayloadStatus.PARSED,
                "",
                now,
            )
        save_outcomes(payloads)
    return [event for events in fresh.values() for event in events]


def parse_payloads(payloads: Sequence[Payload], now: datetime) -> list[ParsedPayload]:
    """Return the messages that can be read; mark the others with the reason."""
    lessons = CustomMappings({payload.carrier_id for payload in payloads})
    messages = []
    for payload in payloads:
        try:
            reading = payload.carrier.adapter_instance.parse(bytes(payload.body), received_at=payload.received_at)
        except UnreadableAnswerError as trouble:
            record_unreadable(payload, str(trouble), now)
            continue
        reading = apply_custom_mappings(with_requested_number(reading, payload), payload.carrier_id, lessons)
        told_of = [parcel.number for parcel in reading.shipments] + [
            refusal.number for refusal in reading.rejected_numbers
        ]
        numbers = {number_key(number) for number in told_of if number}
        if not all(refusal.number for refusal in reading.rejected_numbers):
            numbers |= set(payload.numbers.values_list("number_key", flat=True))
        messages.append(ParsedPayload(payload, reading, frozenset(numbers)))
        clear_parse_error(payload)
    return messages


def with_requested_number(parsed: ParsedAnswer, payload: Payload) -> ParsedAnswer:
    """Return a reading in which a parcel told without a number has the one that was asked for."""
    if all(parcel.number for parcel in parsed.shipments):
        return parsed
    asked = list(payload.numbers.values_list("number_key", flat=True)[:2])
    number = asked[0] if len(asked) == 1 else ""
    parcels = (parcel if parcel.number else parcel.with_number(number) for parcel in parsed.shipments)
    return parsed._replace(shipments=tuple(parcels))


def record_unreadable(payload: Payload, error: str, now: datetime) -> None:
    """Note on a message and on its feed that it cannot be read."""
    set_outcome(payload, PayloadStatus.UNREADABLE, error, now)
    payload.carrier.last_error = error[:2000]
    Carrier.objects.filter(pk=payload.carrier_id).update(last_error=error[:2000], last_error_at=now)
    log.warning("unreadable answer", payload=payload.pk, carrier=payload.carrier.slug, error=error)


def clear_parse_error(payload: Payload) -> None:
    """Forget that earlier messages could not be read; troubles with asking end with a good answer, not here."""
    if payload.carrier.last_error:
        payload.carrier.last_error = ""
        Carrier.objects.filter(pk=payload.carrier_id, consecutive_failures=0, circuit_open_until=None).update(
            last_error=""
        )


def set_outcome(payload: Payload, outcome: PayloadStatus, error: str, now: datetime) -> None:
    """Note on a message what became of it and with which table it was read."""
    payload.status, payload.error, payload.parsed_at = outcome.value, error[:2000], now
    payload.mapping_version = payload.carrier.adapter_instance.version


def save_outcomes(payloads: Sequence[Payload]) -> None:
    """Save what became of messages."""
    bulk.update_rows(
        Payload,
        OUTCOME_FIELDS,
        [(one.pk, one.status, one.error, one.parsed_at, one.mapping_version) for one in payloads],
    )


def store_numbers(parsed_payloads: Sequence[ParsedPayload]) -> None:
    """Note which numbers each message tells about."""
    found = {
        (message.payload.pk, key)
        for message in parsed_payloads
        for parcel in message.parsed.shipments
        if (key := number_key(parcel.number)[:64])
    }
    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), sorted(found))


def add_payloads(batch: ShipmentBatch, parsed_payloads: Sequence[ParsedPayload]) -> dict[int, list[NewEvent]]:
    """Take messages in their order and return the new events of each; one whose number another of them first names is
    taken again, once there is a leg for it."""
    fresh: dict[int, list[NewEvent]] = {message.payload.pk: [] for message in parsed_payloads}
    todo = list(parsed_payloads)
    while todo:
        lacked = {}
        for message in todo:
            lacked[message.payload.pk] = unmatched_numbers(batch, message)
            fresh[message.payload.pk] += add_payload(batch, message)
        todo = [message for message in todo if lacked[message.payload.pk] - unmatched_numbers(batch, message)]
    return fresh


def unmatched_numbers(batch: ShipmentBatch, parsed_payload: ParsedPayload) -> set[str]:
    """Return the numbers that a message tells of and no shipment in hand has."""
    return {
        key
        for parcel in parsed_payload.parsed.shipments
        if (key := number_key(parcel.number)) not in batch.legs_by_number
    }


def add_payload(batch: ShipmentBatch, parsed_payload: ParsedPayload) -> list[NewEvent]:
    """Take all that one message tells into its cases and return the events that are new."""
    payload, reading, _ = parsed_payload
    fresh: list[NewEvent] = []
    for parcel in reading.shipments:
        for case, leg in batch.legs_for(number_key(parcel.number), payload.carrier_id):
            fresh += apply_parsed_shipment(batch, case, leg, parcel, payload)
    for refusal in reading.rejected_numbers:
        for case, leg in legs_for_rejection(refusal, batch, parsed_payload):
            record_rejection(case, leg, refusal, payload)
    return fresh


def apply_parsed_shipment(
    batch: ShipmentBatch, loaded: LoadedShipment, leg: Leg, parsed: ParsedShipment, payload: Payload
) -> list[NewEvent]:
    """Take what is told of one number on one shipment that follows it."""
    if payload.received_via == ReceivedVia.REGISTRATION:
        if is_from_polled_feed(leg, payload):
            record_registration(loaded, leg, payload.received_at)
        return []
    fresh = add_parsed(batch, loaded, leg, parsed, payload)
    if is_from_polled_feed(leg, payload) and is_newer_answer(leg, payload):
        if fresh and payload.received_via == ReceivedVia.POLL and leg.last_answer_at is not None:
            webhook_health.record_missed_webhook(payload.carrier)
        record_answer(loaded, leg, payload)
    return fresh


def is_newer_answer(leg: Leg, payload: Payload) -> bool:
    """Tell whether a message came after the last one that was noted on the leg. Reading history again asks nobody."""
    return leg.last_answer_at is None or payload.last_received_at > leg.last_answer_at


def legs_for_rejection(
    rejection: RejectedNumber, batch: ShipmentBatch, parsed_payload: ParsedPayload
) -> list[tuple[LoadedShipment, Leg]]:
    """Return the legs that a refusal speaks of: those of its number, or all that were asked when it names none."""
    keys = [number_key(rejection.number)] if rejection.number else sorted(parsed_payload.number_keys)
    feed = parsed_payload.payload.carrier_id
    return [
        (case, leg)
        for key in keys
        for case, leg in batch.legs_for(key, feed)
        if is_from_polled_feed(leg, parsed_payload.payload)
    ]


def record_registration(loaded: LoadedShipment, leg: Leg, registered_at: datetime) -> None:
    """Note that the feed follows this number from now on."""
    leg.registered_at, leg.last_error = leg.registered_at or registered_at, ""
    loaded.answered_legs.add(leg)


def record_answer(loaded: LoadedShipment, leg: Leg, payload: Payload) -> None:
    """Note a good answer on the leg; when to ask again is set when the case is closed."""
    leg.last_answer_at, leg.consecutive_failures, leg.last_error = payload.last_received_at, 0, ""
    leg.registered_at = leg.registered_at or payload.received_at
    loaded.answered_legs.add(leg)
    loaded.legs_to_reschedule.add(leg)


def record_rejection(loaded: LoadedShipment, leg: Leg, rejection: RejectedNumber, payload: Payload) -> None:
    """Note on a leg why the feed would not answer for it; it is asked again in due time."""
    if not is_newer_answer(leg, payload):
        return
    if rejection.reason == parsed.ALREADY_REGISTERED:
        record_registration(loaded, leg, payload.received_at)
        return
    if rejection.reason == parsed.NOT_REGISTERED:
        leg.registered_at = None
    expected = rejection.reason in EXPECTED_REJECTIONS
    leg.consecutive_failures = 0 if expected else leg.consecutive_failures + 1
    leg.last_error = "" if expected else f"{rejection.reason}: {rejection.text}"[:300]
    leg.last_answer_at = payload.last_received_at
    loaded.answered_legs.add(leg)
    loaded.legs_to_reschedule.add(leg)


def count_unmapped_codes(carrier: Carrier, events: Sequence[NewEvent]) -> None:
    """Raise the operator's counter of each code that no table knows, by the events that are new."""
    unknown = [event for event in events if event.scan == Scan.UNMAPPED]
    examples = {event.code: event.text[:300] for event in unknown}
    for code, times in sorted(Counter(event.code for event in unknown).items()):
        row, _ = UnmappedCode.objects.get_or_create(
            carrier=carrier, code=code, defaults={"example_text": examples[code]}
        )
        UnmappedCode.objects.filter(pk=row.pk).update(
            occurrence_count=F("occurrence_count") + times, last_seen_at=timezone.now()
        )
