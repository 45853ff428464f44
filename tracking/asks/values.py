"""An answer's values in words, for the buyer's receipt and for the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.asks.addresses import lines
from tracking.vocabulary import AskKind


class Availability:
    """Who will be there, as it is stored."""

    YES: Final = "yes"
    NEIGHBOUR: Final = "neighbour"
    NO: Final = "no"


LABELS: Final[Mapping[str, Promise]] = {
    "phone": _("Telephone number"),
    "tax_id": _("Tax number"),
    "day": _("Day"),
    "point": _("Pick-up point"),
    "there": _("Somebody there"),
    "note": _("Note"),
    "country": _("Country"),
}
WORDS: Final[Mapping[str, Promise]] = {
    Availability.YES: _("Yes, somebody will be there"),
    Availability.NEIGHBOUR: _("No, but a neighbour will take it"),
    Availability.NO: _("No, please try another day"),
    "done": _("done"),
}
CHECKS: Final[Mapping[str, Promise]] = {
    "read_proof": _("Carrier's proof read"),
    "safe_places": _("Safe places looked at"),
    "household": _("Household asked"),
    "neighbours": _("Neighbours asked"),
}


def in_words(kind: AskKind, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return label and value of everything that was answered, in the order of its form."""
    labels: dict[str, str] = {}
    if kind is AskKind.ADDRESS:
        labels = {line.name: line.label for line in lines(values.get("country", ""))}
    labels |= {name: str(label) for name, label in [*CHECKS.items(), *LABELS.items()]}
    return [(label, str(WORDS.get(values[name], values[name]))) for name, label in labels.items() if values.get(name)]
