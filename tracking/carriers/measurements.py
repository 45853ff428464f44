"""Weights and sizes as carriers tell them, in grams and millimetres. What has no known unit is not told at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tracking.carriers.json_access import clean_text
from tracking.carriers.parsed import Measurements

GRAMS_PER_POUND: Final = 453.59237
MILLIMETRES_PER_INCH: Final = 25.4
GRAMS_PER_UNIT: Final[Mapping[str, float]] = {
    **dict.fromkeys(("g", "gr", "gram", "grams", "grm"), 1.0),
    **dict.fromkeys(("kg", "kgs", "k", "kgm", "kilogram", "kilograms"), 1000.0),
    **dict.fromkeys(("lb", "lbs", "l", "lbr", "pound", "pounds"), GRAMS_PER_POUND),
    **dict.fromkeys(("oz", "ozs", "onz", "ounce", "ounces"), GRAMS_PER_POUND / 16),
}
MILLIMETRES_PER_UNIT: Final[Mapping[str, float]] = {
    **dict.fromkeys(("mm", "mmt", "millimeter", "millimeters"), 1.0),
    **dict.fromkeys(("cm", "cms", "cmt", "centimeter", "centimeters"), 10.0),
    **dict.fromkeys(("m", "mtr", "meter", "meters"), 1000.0),
    **dict.fromkeys(("in", "inch", "inches", "inh"), MILLIMETRES_PER_INCH),
}
"""Abbreviations of everyday, and those of UN/CEFACT's Recommendation 20 in small letters."""
MAX_WEIGHT_GRAMS, MAX_SIDE_MM = 1_000_000.0, 10_000.0
"""A tonne and ten metres: what is more is a whole consignment, or a slip."""
NUMBER_PATTERN: Final = r"(\d+(?:[.,]\d+)?)"
WEIGHT_PATTERN: Final = re.compile(rf"{NUMBER_PATTERN}\s*([A-Za-z]+)\.?")
DIMENSIONS_PATTERN: Final = re.compile(
    rf"{NUMBER_PATTERN}\s*[x×*]\s*{NUMBER_PATTERN}\s*[x×*]\s*{NUMBER_PATTERN}\s*([a-z]+)\.?", re.IGNORECASE
)


def build_measurements(
    weight_grams: int | None, dimensions_mm: tuple[int, int, int] | None = None
) -> Measurements | None:
    """Return what is known of a parcel's measures, or None where nothing is."""
    return Measurements(weight_grams, dimensions_mm) if weight_grams or dimensions_mm else None


def to_grams(value: Any, unit: Any) -> int | None:
    """Return a weight in grams, or None."""
    return convert_within_limit(value, GRAMS_PER_UNIT.get(clean_text(unit).casefold()), MAX_WEIGHT_GRAMS)


def parse_grams(value: Any) -> int | None:
    """Return the weight that words tell, `2.5 lb`, in grams, or None."""
    found = WEIGHT_PATTERN.fullmatch(clean_text(value))
    return to_grams(*found.groups()) if found else None


def to_millimetres(length: Any, width: Any, height: Any, unit: Any) -> tuple[int, int, int] | None:
    """Return the three sides of a parcel in millimetres, or None unless all three are told."""
    scale = MILLIMETRES_PER_UNIT.get(clean_text(unit).casefold())
    one, two, three = (convert_within_limit(side, scale, MAX_SIDE_MM) for side in (length, width, height))
    return (one, two, three) if one and two and three else None


def parse_millimetres(value: Any) -> tuple[int, int, int] | None:
    """Return the sides that words tell, `30 x 20 x 10 cm`, in millimetres, or None."""
    found = DIMENSIONS_PATTERN.fullmatch(clean_text(value))
    return to_millimetres(*found.groups()) if found else None


def convert_within_limit(value: Any, scale: float | None, limit: float) -> int | None:
    """Return an amount in the base unit, rounded; None where it is no positive number or more than a parcel has."""
    try:
        told = value if isinstance(value, float) else clean_text(value).replace(",", ".")
        amount = float(told) * (scale or 0.0)
    except ValueError:
        return None
    return round(amount) if 0.5 <= amount <= limit else None
