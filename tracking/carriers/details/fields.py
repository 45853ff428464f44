"""Build details from the fields of an answer. Nothing here raises: a field that is broken or missing is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from tracking.carriers.details.collect import MAX_ATTEMPTS, build_window
from tracking.carriers.details.names import initials_of
from tracking.carriers.details.parts import (
    AttemptCount,
    DriverWindow,
    DutyDemand,
    LeftWith,
    LeftWithKind,
    PickupPoint,
    ProofOfDelivery,
)
from tracking.carriers.details.words import find_floor, find_spot, find_words
from tracking.carriers.details.written import currency_code, parse_amount
from tracking.carriers.parsing.json_access import clean_text


def value_at(value: Any, *keys: str) -> Any:
    """Return the value under nested keys; None where one of them is missing or no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def objects_in(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or a single object as a list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def iso_day(value: Any) -> date | None:
    """Return the day of `2026-12-12`, `20261212` or an ISO 8601 time, or None."""
    try:
        return date.fromisoformat(clean_text(value)[:10])
    except ValueError:
        return None


def point_from(name: Any, address: Iterable[Any] = (), last_day: date | None = None) -> PickupPoint | None:
    """Return a pick-up point with the parts of its address, or None if nothing is known."""
    point = PickupPoint(clean_text(name), ", ".join(filter(None, map(clean_text, address))), last_day=last_day)
    return point if point.name or point.last_day else None


def proof_from(name: Any = "", *, photo: Any = False, signature: Any = False) -> ProofOfDelivery | None:
    """Return the proof of a delivery: a name becomes initials, a picture the fact that there is one."""
    proof = ProofOfDelivery(bool(photo), bool(signature), initials_of(clean_text(name)))
    return proof if any(proof[:3]) else None


def spot_from(value: Any) -> LeftWith | None:
    """Return the safe place that a field names, such as `FRONT DOOR`; None for anything else."""
    spot = find_spot(clean_text(value))
    return LeftWith(LeftWithKind.SAFE_PLACE, place=spot) if spot else None


def neighbour_from(text: str) -> LeftWith | None:
    """Return the neighbour that a text tells of, for an adapter that keeps no names behind "neighbour"."""
    for words in find_words(text):
        if words.detail == "neighbour":
            return LeftWith(LeftWithKind.NEIGHBOUR, words.texts.get("house", ""), find_floor(words.sentence))
    return None


def attempts_from(value: Any) -> AttemptCount | None:
    """Return how often a delivery was attempted; None for 0 and for no number."""
    text = clean_text(value)
    number = int(text) if text.isdecimal() and len(text) <= 2 else 0
    return AttemptCount(min(number, MAX_ATTEMPTS)) if number else None


def duty_from(amount: Any, currency: Any, *, is_paid: bool) -> DutyDemand | None:
    """Return the duties of an answer's fields: an amount with its currency, or that they are paid."""
    if is_paid:
        return DutyDemand(is_paid=True)
    value, code = parse_amount(clean_text(amount)), currency_code(clean_text(currency))
    return DutyDemand(value, code) if value is not None and code else None


def window_from(first: Any, last: Any) -> DriverWindow | None:
    """Return the window between two ISO 8601 times of one day by the clock of the place. UTC is no such clock."""
    try:
        starts, ends = (datetime.fromisoformat(clean_text(value)) for value in (first, last))
    except ValueError:
        return None
    if clean_text(first).endswith(("Z", "z")) or starts.date() != ends.date():
        return None
    return build_window(starts.date(), f"{starts:%H:%M}", f"{ends:%H:%M}")


def window_on(day: date | None, starts: Any, ends: Any) -> DriverWindow | None:
    """Return the window between two clocks of a day; an offset behind a clock is that of the place."""
    first, last = (clean_text(value) for value in (starts, ends))
    return build_window(day, first[:8].strip(), last[:8].strip())
