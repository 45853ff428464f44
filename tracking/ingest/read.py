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
from tracking.carriers.json_access import UnreadableAnswer
from tracking.carriers.parsed import Reading, Refusal, ToldParcel
from tracking.ingest.batch import Casebook
from tracking.ingest.custom_mappings import Lessons, taught
from tracking.ingest.loaded import Case, NewEvent
from tracking.ingest.record import answers, close, take
from tracking.models import Carrier, Leg, Payload, PayloadNumber, UnmappedCode, bulk
from tracking.models.fields import number_key
from tracking.models.payloads import Arrival, Outcome
from tracking.polling import webhook_health
from tracking.vocabulary import Scan

log: Final = structlog.get_logger()
NOT_THE_CARRIERS_FAULT: Final = (parsed.NO_NEWS_YET, parsed.ALREADY_REGISTERED)
TOGETHER: Final = 50
"""How many messages are read in one transaction."""
MARKS: Final = ("outcome", "error", "read_at", "read_with")


class Message(NamedTuple):
    """A stored message with what today's adapter reads in it. `numbers` are keys: those told and those asked."""

    payload: Payload
    reading: Reading
    numbers: frozenset[str]


def read(payload: Payload) -> list[NewEvent]:
    """Read one stored message with today's adapter and return the events that are new.

    A message that cannot be read keeps its error and its bytes; numbers without an order wait for it.
    """
    return read_together([payload])


def read_all(payloads: Iterable[Payload]) -> int:
    """Read stored messages, `TOGETHER` at a time, and return how many events are new.

    Where reading a group fails, its messages are read one by one: each but the faulty ones counts, and the first fault
    is raised at the end.
    """
    rest, fresh = iter(payloads), 0
    faults: list[Exception] = []
    while group := list(islice(rest, TOGETHER)):
        try:
            fresh += len(read_together(group))
        except Exception as fault:
            log.exception("messages read one by one after a fault", payloads=[payload.pk for payload in group])
            fresh += sum(read_apart(payload, faults) for payload in group) if len(group) > 1 else 0
            faults += [fault] if len(group) == 1 else []
    if faults:
        raise faults[0]
    return fresh


def read_apart(payload: Payload, faults: list[Exception]) -> int:
    """Read one message of a group that failed; keep the fault if it is this one's."""
    try:
        return len(read(payload))
    except Exception as fault:
        log.exception("message not read", payload=payload.pk)
        faults.append(fault)
        return 0


def read_together(payloads: Sequence[Payload]) -> list[NewEvent]:
    """Read messages in one transaction, in their order, and return the events that are new."""
    now = timezone.now()
    messages = understood(payloads, now)
    with transaction.atomic():
        keys = frozenset[str]().union(*(message.numbers for message in messages))
        book = Casebook.on(keys)
        fresh = take_messages(book, messages)
        close(book, now)
        note_numbers(messages)
        for message in messages:
            count_unmapped(message.payload.carrier, fresh[message.payload.pk])
            mark(message.payload, Outcome.WAITING if missing(book, message) else Outcome.READ, "", now)
        save_marks(payloads)
    return [event for events in fresh.values() for event in events]


def understood(payloads: Sequence[Payload], now: datetime) -> list[Message]:
    """Return the messages that can be read; mark the others with the reason."""
    lessons = Lessons({payload.carrier_id for payload in payloads})
    messages = []
    for payload in payloads:
        try:
            reading = payload.carrier.feed.parse(bytes(payload.body), heard_at=payload.received_at)
        except UnreadableAnswer as trouble:
            note_unreadable(payload, str(trouble), now)
            continue
        reading = taught(numbered(reading, payload), payload.carrier_id, lessons)
        told_of = [parcel.number for parcel in reading.parcels] + [refusal.number for refusal in reading.refusals]
        numbers = {number_key(number) for number in told_of if number}
        if not all(refusal.number for refusal in reading.refusals):
            numbers |= set(payload.numbers.values_list("number_key", flat=True))
        messages.append(Message(payload, reading, frozenset(numbers)))
        note_readable(payload)
    return messages


def numbered(reading: Reading, payload: Payload) -> Reading:
    """Return a reading in which a parcel told without a number has the one that was asked for."""
    if all(parcel.number for parcel in reading.parcels):
        return reading
    asked = list(payload.numbers.values_list("number_key", flat=True)[:2])
    number = asked[0] if len(asked) == 1 else ""
    parcels = (parcel if parcel.number else parcel.named(number) for parcel in reading.parcels)
    return reading._replace(parcels=tuple(parcels))


def note_unreadable(payload: Payload, why: str, now: datetime) -> None:
    """Note on a message and on its feed that it cannot be read."""
    mark(payload, Outcome.UNREADABLE, why, now)
    payload.carrier.last_error = why[:2000]
    Carrier.objects.filter(pk=payload.carrier_id).update(last_error=why[:2000], last_error_at=now)
    log.warning("unreadable answer", payload=payload.pk, carrier=payload.carrier.slug, error=why)


def note_readable(payload: Payload) -> None:
    """Forget that earlier messages could not be read; troubles with asking end with a good answer, not here."""
    if payload.carrier.last_error:
        payload.carrier.last_error = ""
        Carrier.objects.filter(pk=payload.carrier_id, failures=0, closed_until=None).update(last_error="")


def mark(payload: Payload, outcome: Outcome, error: str, now: datetime) -> None:
    """Note on a message what became of it and with which table it was read."""
    payload.outcome, payload.error, payload.read_at = outcome.value, error[:2000], now
    payload.read_with = payload.carrier.feed.version


def save_marks(payloads: Sequence[Payload]) -> None:
    """Save what became of messages."""
    bulk.update(Payload, MARKS, [(one.pk, one.outcome, one.error, one.read_at, one.read_with) for one in payloads])


def note_numbers(messages: Sequence[Message]) -> None:
    """Note which numbers each message tells about."""
    found = {
        (message.payload.pk, key)
        for message in messages
        for parcel in message.reading.parcels
        if (key := number_key(parcel.number)[:64])
    }
    bulk.insert(PayloadNumber, ("payload_id", "number_key"), sorted(found))


def take_messages(book: Casebook, messages: Sequence[Message]) -> dict[int, list[NewEvent]]:
    """Take messages in their order and return the new events of each; one whose number another of them first names is
    taken again, once there is a leg for it."""
    fresh: dict[int, list[NewEvent]] = {message.payload.pk: [] for message in messages}
    todo = list(messages)
    while todo:
        lacked = {}
        for message in todo:
            lacked[message.payload.pk] = missing(book, message)
            fresh[message.payload.pk] += take_message(book, message)
        todo = [message for message in todo if lacked[message.payload.pk] - missing(book, message)]
    return fresh


def missing(book: Casebook, message: Message) -> set[str]:
    """Return the numbers that a message tells of and no shipment in hand has."""
    return {key for parcel in message.reading.parcels if (key := number_key(parcel.number)) not in book.by_number}


def take_message(book: Casebook, message: Message) -> list[NewEvent]:
    """Take all that one message tells into its cases and return the events that are new."""
    payload, reading, _ = message
    fresh: list[NewEvent] = []
    for parcel in reading.parcels:
        for case, leg in book.meant(number_key(parcel.number), payload.carrier_id):
            fresh += take_parcel(book, case, leg, parcel, payload)
    for refusal in reading.refusals:
        for case, leg in meant_by(refusal, book, message):
            note_refusal(case, leg, refusal, payload)
    return fresh


def take_parcel(book: Casebook, case: Case, leg: Leg, parcel: ToldParcel, payload: Payload) -> list[NewEvent]:
    """Take what is told of one number on one shipment that follows it."""
    if payload.arrival == Arrival.REGISTRATION:
        if answers(leg, payload):
            note_registration(case, leg, payload.received_at)
        return []
    fresh = take(book, case, leg, parcel, payload)
    if answers(leg, payload) and is_news(leg, payload):
        if fresh and payload.arrival == Arrival.POLL and leg.last_answer_at is not None:
            webhook_health.note_missed(payload.carrier)
        note_answer(case, leg, payload)
    return fresh


def is_news(leg: Leg, payload: Payload) -> bool:
    """Tell whether a message came after the last one that was noted on the leg. Reading history again asks nobody."""
    return leg.last_answer_at is None or payload.last_received_at > leg.last_answer_at


def meant_by(refusal: Refusal, book: Casebook, message: Message) -> list[tuple[Case, Leg]]:
    """Return the legs that a refusal speaks of: those of its number, or all that were asked when it names none."""
    keys = [number_key(refusal.number)] if refusal.number else sorted(message.numbers)
    feed = message.payload.carrier_id
    return [(case, leg) for key in keys for case, leg in book.meant(key, feed) if answers(leg, message.payload)]


def note_registration(case: Case, leg: Leg, now: datetime) -> None:
    """Note that the feed follows this number from now on."""
    leg.registered_at, leg.trouble = leg.registered_at or now, ""
    case.answered.add(leg)


def note_answer(case: Case, leg: Leg, payload: Payload) -> None:
    """Note a good answer on the leg; when to ask again is set when the case is closed."""
    leg.last_answer_at, leg.failures, leg.trouble = payload.last_received_at, 0, ""
    leg.registered_at = leg.registered_at or payload.received_at
    case.answered.add(leg)
    case.checked.add(leg)


def note_refusal(case: Case, leg: Leg, refusal: Refusal, payload: Payload) -> None:
    """Note on a leg why the feed would not answer for it; it is asked again in due time."""
    if not is_news(leg, payload):
        return
    if refusal.reason == parsed.ALREADY_REGISTERED:
        note_registration(case, leg, payload.received_at)
        return
    if refusal.reason == parsed.NOT_REGISTERED:
        leg.registered_at = None
    expected = refusal.reason in NOT_THE_CARRIERS_FAULT
    leg.failures = 0 if expected else leg.failures + 1
    leg.trouble = "" if expected else f"{refusal.reason}: {refusal.words}"[:300]
    leg.last_answer_at = payload.last_received_at
    case.answered.add(leg)
    case.checked.add(leg)


def count_unmapped(carrier: Carrier, events: Sequence[NewEvent]) -> None:
    """Raise the operator's counter of each code that no table knows, by the events that are new."""
    unknown = [event for event in events if event.scan == Scan.UNMAPPED]
    examples = {event.code: event.words[:300] for event in unknown}
    for code, times in sorted(Counter(event.code for event in unknown).items()):
        row, _ = UnmappedCode.objects.get_or_create(carrier=carrier, code=code, defaults={"words": examples[code]})
        UnmappedCode.objects.filter(pk=row.pk).update(count=F("count") + times, last_seen_at=timezone.now())
