"""Store details as JSON and read them back. Every value is checked both ways: a broken one loses only itself.

The JSON of a leg has an entry for each feed: `parts`, by kind with the time `at` of the answer that told it, and
`complete_at`, the time of the newest answer that held all there is. Answers may be added in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final

from tracking.carriers.details.parts import (
    AttemptCount,
    CustomsDocument,
    CustomsDocuments,
    DeliveryDetails,
    DetailPart,
    DriverWindow,
    DutyDemand,
    LeftWith,
    LeftWithKind,
    PickupPoint,
    ProofOfDelivery,
)

PART_TYPES: Final[Mapping[str, type[DetailPart]]] = {
    "pickup_point": PickupPoint,
    "proof": ProofOfDelivery,
    "left_with": LeftWith,
    "attempts": AttemptCount,
    "duty": DutyDemand,
    "window": DriverWindow,
    "documents": CustomsDocuments,
}
MAX_LENGTHS: Final[Mapping[str, int]] = {
    "name": 100,
    "address": 200,
    "opening_hours": 200,
    "code": 40,
    "received_by": 20,
    "house_number": 8,
    "floor": 4,
    "place": 60,
    "currency": 3,
    "link": 400,
}
StoredDetails = dict[str, dict[str, Any]]


def read_text(name: str) -> Callable[[Any], str | None]:
    """Return a reader of the text of one column, cut to its length."""

    def read(value: Any) -> str | None:
        return " ".join(value.split())[: MAX_LENGTHS[name]] if isinstance(value, str) else None

    return read


def read_link(value: Any) -> str | None:
    """Return an https link; one that is too long is of no use."""
    is_link = isinstance(value, str) and value.startswith("https://") and value.isprintable() and " " not in value
    return value if is_link and len(value) <= MAX_LENGTHS["link"] else None


def read_flag(value: Any) -> bool | None:
    """Return a boolean."""
    return value if isinstance(value, bool) else None


def read_count(value: Any) -> int | None:
    """Return a number of attempts, 1 to 9."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9 else None


def read_amount(value: Any) -> Decimal | None:
    """Return an amount of money, greater than 0."""
    if not isinstance(value, str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount < Decimal(10_000_000) else None


def read_date(value: Any) -> date | None:
    """Return a day, from ISO 8601."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    day: date | None = parse_iso(date.fromisoformat, value)
    return day


def read_clock(value: Any) -> time | None:
    """Return a clock, from ISO 8601."""
    return value if isinstance(value, time) else parse_iso(time.fromisoformat, value)


def read_instant(value: Any) -> datetime | None:
    """Return an aware time, from ISO 8601."""
    moment = value if isinstance(value, datetime) else parse_iso(datetime.fromisoformat, value)
    return moment if moment is not None and moment.tzinfo is not None else None


def parse_iso(parse: Callable[[str], Any], value: Any) -> Any:
    """Return what `parse` makes of a text, or None."""
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def read_kind(value: Any) -> LeftWithKind | None:
    """Return the kind of a place where a parcel was left."""
    return LeftWithKind(value) if isinstance(value, str) and value in set(LeftWithKind) else None


def read_documents(value: Any) -> tuple[CustomsDocument, ...] | None:
    """Return the documents that are known among those listed."""
    if not isinstance(value, list | tuple):
        return None
    known = {each for each in value if isinstance(each, str) and each in set(CustomsDocument)}
    return tuple(sorted(CustomsDocument(each) for each in known))


READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **{name: read_text(name) for name in MAX_LENGTHS},
    "link": read_link,
    "has_photo": read_flag,
    "has_signature": read_flag,
    "is_paid": read_flag,
    "number": read_count,
    "amount": read_amount,
    "last_day": read_date,
    "day": read_date,
    "scan_at": read_instant,
    "starts": read_clock,
    "ends": read_clock,
    "kind": read_kind,
    "kinds": read_documents,
}
"""The readers of all fields of all parts, by name."""


def read_part(kind: str, value: Any) -> DetailPart | None:
    """Return a part from its stored or unchecked fields; None where a field that it needs is missing or broken."""
    if not isinstance(value, Mapping):
        return None
    part_type = PART_TYPES[kind]
    fields = {name: READERS[name](value[name]) for name in part_type._fields if name in value}
    valid = {name: field for name, field in fields.items() if field is not None}
    if not valid.keys() >= required_fields(part_type):
        return None
    part: DetailPart = part_type(**valid)
    return part if says_something(part) else None


def required_fields(part_type: type[DetailPart]) -> frozenset[str]:
    """Return the fields without which a part makes no sense."""
    return frozenset(part_type._fields) - part_type._field_defaults.keys()


def says_something(part: DetailPart) -> bool:
    """Return whether a part tells anything but a time. No documents at all is an answer: nothing is asked any more."""
    if isinstance(part, DutyDemand):
        return part.amount is not None or part.is_paid or bool(part.link)
    told = part._replace(scan_at=None)
    return isinstance(part, CustomsDocuments) or any(value not in ("", None, False) for value in told)


def part_as_json(part: DetailPart) -> dict[str, Any]:
    """Return the fields of a part that say something, as JSON values."""
    return {name: value_as_json(value) for name, value in part._asdict().items() if value not in ("", None, False)}


def value_as_json(value: Any) -> Any:
    """Return one value of a part as JSON."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def clean_details(details: DeliveryDetails) -> DeliveryDetails:
    """Return details with each text cut to its length, without parts that say nothing."""
    told = ((kind, part) for kind, part in details._asdict().items() if part is not None)
    parts: dict[str, Any] = {kind: read_part(kind, part._asdict()) for kind, part in told}
    return DeliveryDetails(**parts)


def details_as_json(details: DeliveryDetails) -> dict[str, dict[str, Any]]:
    """Return the parts of details by kind."""
    return {kind: part_as_json(part) for kind, part in clean_details(details)._asdict().items() if part is not None}


def add_answer(
    stored: Mapping[str, Any], feed_id: int, details: DeliveryDetails, said_at: datetime, *, is_complete: bool
) -> StoredDetails:
    """Return what a leg stores after an answer of a feed: for each part the newest answer counts.

    A complete answer takes back what it no longer holds; any other adds to what is known.
    """
    entry = stored.get(str(feed_id))
    entry = entry if isinstance(entry, Mapping) else {}
    complete_at, known = read_instant(entry.get("complete_at")), entry.get("parts")
    parts = {kind: row for kind, row in known.items() if row_time(row)} if isinstance(known, Mapping) else {}
    if is_complete and (complete_at is None or said_at >= complete_at):
        complete_at = said_at
        parts = {kind: row for kind, row in parts.items() if is_after(row, said_at)}
    if complete_at is None or said_at >= complete_at:
        for kind, value in details_as_json(details).items():
            if kind not in parts or not is_after(parts[kind], said_at):
                parts[kind] = {"at": said_at.isoformat(), **value}
    newest: dict[str, Any] = {"complete_at": complete_at.isoformat()} if complete_at else {}
    answers = {**newest, **({"parts": parts} if parts else {})}
    return {**stored, str(feed_id): answers} if answers else dict(stored)


def row_time(row: Any) -> datetime | None:
    """Return when the answer came that told a stored part."""
    return read_instant(row.get("at")) if isinstance(row, Mapping) else None


def is_after(row: Mapping[str, Any], moment: datetime) -> bool:
    """Return whether a stored part was told after a time."""
    told_at = row_time(row)
    return told_at is not None and told_at > moment


def merge_stored(first: Mapping[str, Any], second: Mapping[str, Any]) -> StoredDetails:
    """Return what one leg stores that was two: of a feed that told of both, the newer answers."""
    merged = dict(first)
    for feed, entry in second.items():
        merged[feed] = max(merged.get(feed, entry), entry, key=newest_time)
    return merged


def newest_time(entry: Any) -> float:
    """Return the time of the newest answer in a feed's entry, in seconds since 1970; 0 without any."""
    if not isinstance(entry, Mapping):
        return 0.0
    rows = entry.get("parts")
    times = [row_time(row) for row in rows.values()] if isinstance(rows, Mapping) else []
    known = (moment.timestamp() for moment in (*times, read_instant(entry.get("complete_at"))) if moment)
    return max(known, default=0.0)


def load_details(legs: Iterable[tuple[Any, Iterable[int]]]) -> DeliveryDetails:
    """Return the details of a parcel from what its legs store, each given with the feeds that do not count.

    Of several feeds the one counts that tells of the newest scan; of these the fullest, then the newest answer.
    """
    best: dict[str, tuple[tuple[Any, ...], DetailPart]] = {}
    for stored, ignored in legs:
        skipped = {str(feed_id) for feed_id in ignored}
        for feed, entry in stored.items() if isinstance(stored, Mapping) else ():
            rows = entry.get("parts") if isinstance(entry, Mapping) and feed not in skipped else None
            for kind, row in rows.items() if isinstance(rows, Mapping) else ():
                part = read_part(kind, row) if kind in PART_TYPES else None
                if part is not None:
                    scan_time = part.scan_at.timestamp() if part.scan_at else 0.0
                    told_at = row_time(row)
                    rank = (scan_time, len(part_as_json(part)), told_at.timestamp() if told_at else 0.0)
                    if kind not in best or rank > best[kind][0]:
                        best[kind] = rank, part
    parts: dict[str, Any] = {kind: part for kind, (_, part) in best.items()}
    return DeliveryDetails(**parts)
