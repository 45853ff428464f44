"""Which numbers a payload is about: those that its answer names, beside those that were requested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from tracking.carriers.parsed import ParsedAnswer
from tracking.models import Payload, PayloadNumber
from tracking.models.fields import number_key
from tracking.models.payloads import ReceivedVia


def requested_keys_of(payloads: Iterable[Payload]) -> Mapping[int, set[str]]:
    """Return the keys of the numbers for which polled payloads were requested, by payload id."""
    polled = [payload.pk for payload in payloads if payload.received_via == ReceivedVia.POLL]
    requested: defaultdict[int, set[str]] = defaultdict(set)
    if polled:
        for payload_id, key in PayloadNumber.objects.filter(payload__in=polled).values_list("payload", "number_key"):
            requested[payload_id].add(key)
    return requested


def find_refusal(parsed: ParsedAnswer, requested: Collection[str]) -> str:
    """Return why an answer cannot be used: it names none of the requested numbers; '' if it can be used.

    What a feed says about a number that was not requested must never reach the parcel that was.
    """
    numbers = [shipment.number for shipment in parsed.shipments]
    numbers += [rejection.number for rejection in parsed.rejected_numbers]
    if not requested:
        return ""
    if not numbers:
        return "the answer says nothing about the requested numbers"
    # One without a number is about the requested one.
    if any(not number or number_key(number) in requested for number in numbers):
        return ""
    return f"the answer is about other numbers than the requested ones: {', '.join(sorted(set(numbers)))}"


def number_keys_of(parsed: ParsedAnswer, payload: Payload) -> frozenset[str]:
    """Return the keys of the numbers that an answer names; those that were requested, where a rejection names none."""
    numbers = {shipment.number for shipment in parsed.shipments}
    numbers |= {rejected.number for rejected in parsed.rejected_numbers}
    keys = {number_key(number) for number in numbers if number}
    if not all(rejected.number for rejected in parsed.rejected_numbers):
        keys |= set(payload.numbers.values_list("number_key", flat=True))
    return frozenset(keys)


def with_requested_number(parsed: ParsedAnswer, payload: Payload) -> ParsedAnswer:
    """Return an answer in which a shipment without a number has the one number that was requested, if it was one."""
    if all(shipment.number for shipment in parsed.shipments):
        return parsed
    requested = list(payload.numbers.values_list("number_key", flat=True)[:2])
    number = requested[0] if len(requested) == 1 else ""
    shipments = (shipment if shipment.number else shipment.with_number(number) for shipment in parsed.shipments)
    return parsed._replace(shipments=tuple(shipments))
