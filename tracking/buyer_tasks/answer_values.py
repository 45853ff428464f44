"""Format the values of an answer, for the buyer's receipt and for the admin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.buyer_tasks.addresses import address_fields
from tracking.localization import datetimes
from tracking.localization.bidi import isolate_left_to_right
from tracking.localization.numbers import format_phone
from tracking.localization.places import country_name
from tracking.localization.reader import Reader
from tracking.vocabulary import BuyerTaskKind


class Availability:
    """Stored values for whether somebody can receive the parcel on the chosen day."""

    YES: Final = "yes"
    NEIGHBOUR: Final = "neighbour"
    NO: Final = "no"


class Ownership:
    """Stored values for whether the parcel on the page is the buyer's, where two have one number."""

    MINE: Final = "mine"
    NOT_MINE: Final = "not_mine"


FIELD_LABELS: Final[Mapping[str, Promise]] = {
    "phone": _("Phone number"),
    "tax_id": _("Tax number"),
    "day": _("Day"),
    "point": _("Pick-up point"),
    "there": _("Someone there"),
    "is_mine": _("Is it yours?"),
    "note": _("Note"),
    "country": _("Country"),
}
VALUE_LABELS: Final[Mapping[str, Promise]] = {
    Availability.YES: _("Yes, someone will be there"),
    Availability.NEIGHBOUR: _("No, but a neighbour will take it"),
    Availability.NO: _("No, please try another day"),
    Ownership.MINE: _("Yes, this is my parcel"),
    Ownership.NOT_MINE: _("No, this is not mine"),
    "done": _("done"),
}
SEARCH_STEP_LABELS: Final[Mapping[str, Promise]] = {
    "read_proof": _("Carrier's proof read"),
    "safe_places": _("Safe places looked at"),
    "household": _("Household asked"),
    "neighbours": _("Neighbours asked"),
}


def describe_answer(
    kind: BuyerTaskKind, values: Mapping[str, str], reader: Reader | None = None
) -> list[tuple[str, str]]:
    """Return (label, value) pairs of an answer in the order of its form.

    With a `reader`, days, countries and telephone numbers are formatted for that reader's locale.
    """
    labels: dict[str, str] = {}
    if kind is BuyerTaskKind.ADDRESS:
        labels = {field.name: field.label for field in address_fields(values.get("country", ""))}
    labels |= {name: str(label) for name, label in [*SEARCH_STEP_LABELS.items(), *FIELD_LABELS.items()]}
    return [(label, format_value(name, values[name], reader)) for name, label in labels.items() if values.get(name)]


def format_value(name: str, value: str, reader: Reader | None) -> str:
    """Return one value as text; with a reader, in that reader's format."""
    if value in VALUE_LABELS:
        return str(VALUE_LABELS[value])
    if reader and name == "day":
        return datetimes.format_day(date.fromisoformat(value), reader)
    if reader and name == "country":
        return country_name(value, reader.locale)
    if reader and name == "phone":
        return isolate_left_to_right(format_phone(value), reader.locale)
    return value
