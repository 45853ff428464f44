"""Convert carriers' weights and dimensions to grams and millimetres; a value with an unknown unit is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tracking.carriers.parsed import Measurements
from tracking.carriers.parsing.json_access import clean_text

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
"""Everyday abbreviations, and those of UN/CEFACT Recommendation 20, in lower case."""
MAX_WEIGHT_GRAMS, MAX_SIDE_MM = 1_000_000.0, 10_000.0
"""A tonne and ten metres: anything larger is a whole consignment or a typing error."""
NUMBER_PATTERN: Final = r"(\d+(?:[.,]\d+)?)"
WEIGHT_PATTERN: Final = re.compile(rf"{NUMBER_PATTERN}\s*([A-Za-z]+)\.?")
DIMENSIONS_PATTERN: Final = re.compile(
    rf"{NUMBER_PATTERN}\s*[x×*]\s*{NUMBER_PATTERN}\s*[x×*]\s*{NUMBER_PATTERN}\s*([a-z]+)\.?", re.IGNORECASE
)


def build_measurements(
    weight_grams: int | None, dimensions_mm: tuple[int, int, int] | None = None
) -> Measurements | None:
    """Return the measurements of a parcel, or None if neither is known."""
    return Measurements(weight_grams, dimensions_mm) if weight_grams or dimensions_mm else None


def to_grams(value: Any, unit: Any) -> int | None:
    """Return a weight in grams, or None for an invalid value or unit."""
    return convert_within_limit(value, GRAMS_PER_UNIT.get(clean_text(unit).casefold()), MAX_WEIGHT_GRAMS)


def parse_grams(value: Any) -> int | None:
    """Return a weight written as text, such as `2.5 lb`, in grams, or None."""
    match = WEIGHT_PATTERN.fullmatch(clean_text(value))
    return to_grams(*match.groups()) if match else None


def to_millimetres(length: Any, width: Any, height: Any, unit: Any) -> tuple[int, int, int] | None:
    """Return the three sides of a parcel in millimetres, or None unless all three are valid."""
    scale = MILLIMETRES_PER_UNIT.get(clean_text(unit).casefold())
    first, second, third = (convert_within_limit(side, scale, MAX_SIDE_MM) for side in (length, width, height))
    return (first, second, third) if first and second and third else None


def parse_millimetres(value: Any) -> tuple[int, int, int] | None:
    """Return dimensions written as text, such as `30 x 20 x 10 cm`, in millimetres, or None."""
    match = DIMENSIONS_PATTERN.fullmatch(clean_text(value))
    return to_millimetres(*match.groups()) if match else None


def convert_within_limit(value: Any, scale: float | None, limit: float) -> int | None:
    """Return an amount in the base unit, rounded; None if it is not a number, rounds to 0 or exceeds `limit`."""
    try:
        number = value if isinstance(value, float) else clean_text(value).replace(",", ".")
        amount = float(number) * (scale or 0.0)
    except ValueError:
        return None
    return round(amount) if 0.5 <= amount <= limit else None
