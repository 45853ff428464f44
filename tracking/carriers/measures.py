"""Weights and sizes as carriers tell them, in grams and millimetres. What has no known unit is not told at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tracking.carriers.json_access import text
from tracking.carriers.parsed import Measures

POUND: Final = 453.59237
INCH: Final = 25.4
GRAMS: Final[Mapping[str, float]] = {
    **dict.fromkeys(("g", "gr", "gram", "grams", "grm"), 1.0),
    **dict.fromkeys(("kg", "kgs", "k", "kgm", "kilogram", "kilograms"), 1000.0),
    **dict.fromkeys(("lb", "lbs", "l", "lbr", "pound", "pounds"), POUND),
    **dict.fromkeys(("oz", "ozs", "onz", "ounce", "ounces"), POUND / 16),
}
MILLIMETRES: Final[Mapping[str, float]] = {
    **dict.fromkeys(("mm", "mmt", "millimeter", "millimeters"), 1.0),
    **dict.fromkeys(("cm", "cms", "cmt", "centimeter", "centimeters"), 10.0),
    **dict.fromkeys(("m", "mtr", "meter", "meters"), 1000.0),
    **dict.fromkeys(("in", "inch", "inches", "inh"), INCH),
}
"""Abbreviations of everyday, and those of UN/CEFACT's Recommendation 20 in small letters."""
HEAVIEST, LONGEST = 1_000_000.0, 10_000.0
"""A tonne and ten metres: what is more is a whole consignment, or a slip."""
NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
WEIGHT: Final = re.compile(rf"{NUMBER}\s*([A-Za-z]+)\.?")
SIDES: Final = re.compile(rf"{NUMBER}\s*[x×*]\s*{NUMBER}\s*[x×*]\s*{NUMBER}\s*([a-z]+)\.?", re.IGNORECASE)


def measures(weight: int | None, sides: tuple[int, int, int] | None = None) -> Measures | None:
    """Return what is known of a parcel's measures, or None where nothing is."""
    return Measures(weight, sides) if weight or sides else None


def grams(value: Any, unit: Any) -> int | None:
    """Return a weight in grams, or None."""
    return within(value, GRAMS.get(text(unit).casefold()), HEAVIEST)


def grams_in(words: Any) -> int | None:
    """Return the weight that words tell, `2.5 lb`, in grams, or None."""
    found = WEIGHT.fullmatch(text(words))
    return grams(*found.groups()) if found else None


def millimetres(length: Any, width: Any, height: Any, unit: Any) -> tuple[int, int, int] | None:
    """Return the three sides of a parcel in millimetres, or None unless all three are told."""
    scale = MILLIMETRES.get(text(unit).casefold())
    one, two, three = (within(side, scale, LONGEST) for side in (length, width, height))
    return (one, two, three) if one and two and three else None


def millimetres_in(words: Any) -> tuple[int, int, int] | None:
    """Return the sides that words tell, `30 x 20 x 10 cm`, in millimetres, or None."""
    found = SIDES.fullmatch(text(words))
    return millimetres(*found.groups()) if found else None


def within(value: Any, scale: float | None, limit: float) -> int | None:
    """Return an amount in the base unit, rounded; None where it is no positive number or more than a parcel has."""
    try:
        told = value if isinstance(value, float) else text(value).replace(",", ".")
        amount = float(told) * (scale or 0.0)
    except ValueError:
        return None
    return round(amount) if 0.5 <= amount <= limit else None
