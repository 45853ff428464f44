"""Format distances, weights, lengths and temperatures in the reader's units.

Units by country: CLDR, supplemental/unitPreferenceData (length-road, mass-default, length-default). Yard, pound and
the others are those of the international agreement of 1959, exact by definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from babel.units import format_unit

from tracking.localization.numbers import convert_digits, format_number, numbering_system
from tracking.localization.reader import Reader


class ConversionUnit(NamedTuple):
    """A unit: its CLDR name, its size in base units, and the smallest amount (in itself) that it is used for."""

    cldr_name: str
    base_amount: float
    minimum: float = 1.0


METRES_PER_FOOT: Final = 0.3048
CENTIMETRES_PER_INCH: Final = 2.54
METRES_PER_MILE: Final = 1609.344
GRAMS_PER_POUND: Final = 453.59237
GRAMS_PER_OUNCE: Final = GRAMS_PER_POUND / 16

DISTANCE_UNITS: Final[Mapping[str, tuple[ConversionUnit, ...]]] = {
    "metric": (ConversionUnit("length-kilometer", 1000.0, 0.9), ConversionUnit("length-meter", 1.0)),
    "uk": (ConversionUnit("length-mile", METRES_PER_MILE, 0.5), ConversionUnit("length-yard", 3 * METRES_PER_FOOT)),
    "us": (ConversionUnit("length-mile", METRES_PER_MILE, 0.5), ConversionUnit("length-foot", METRES_PER_FOOT)),
}
"""Sizes in metres, the largest unit first."""
WEIGHT_UNITS: Final[Mapping[str, tuple[ConversionUnit, ...]]] = {
    "metric": (ConversionUnit("mass-kilogram", 1000.0), ConversionUnit("mass-gram", 1.0)),
    "uk": (ConversionUnit("mass-pound", GRAMS_PER_POUND), ConversionUnit("mass-ounce", GRAMS_PER_OUNCE)),
    "us": (ConversionUnit("mass-pound", GRAMS_PER_POUND), ConversionUnit("mass-ounce", GRAMS_PER_OUNCE)),
}
"""Sizes in grams, the largest unit first; parcels do not reach a ton."""
LENGTH_UNITS: Final[Mapping[str, tuple[ConversionUnit, ...]]] = {
    "metric": (ConversionUnit("length-centimeter", 1.0),),
    "uk": (ConversionUnit("length-inch", CENTIMETRES_PER_INCH),),
    "us": (ConversionUnit("length-inch", CENTIMETRES_PER_INCH),),
}
"""Sizes in centimetres."""


def format_distance(metres: float, reader: Reader) -> str:
    """Format a road distance: `9,120 km`, `350 yd`."""
    return format_in_best_unit(metres, DISTANCE_UNITS[reader.units], reader)


def format_weight(grams: float, reader: Reader) -> str:
    """Format a weight: `1.2 kg`, `12 oz`."""
    return format_in_best_unit(grams, WEIGHT_UNITS[reader.units], reader)


def format_dimensions(centimetres: Iterable[float], reader: Reader) -> str:
    """Format the sides of a parcel: `30 × 20 × 10 cm`."""
    (unit,) = LENGTH_UNITS[reader.units]
    *sides, last = [side / unit.base_amount for side in centimetres]
    numbers = [format_number(side, reader, decimal_places(side), exact=False) for side in sides]
    return "\xa0×\xa0".join([*numbers, format_with_unit(last, unit, reader)])


def format_temperature(celsius: float, reader: Reader) -> str:
    """Format a temperature in whole degrees: `22 °C`, `72 °F`."""
    if reader.temperature == "fahrenheit":
        return format_unit_cached(round(celsius * 9 / 5 + 32), "temperature-fahrenheit", reader)
    return format_unit_cached(round(celsius), "temperature-celsius", reader)


def format_in_best_unit(amount: float, candidates: tuple[ConversionUnit, ...], reader: Reader) -> str:
    """Format an amount in the first unit whose minimum it reaches, else in the smallest unit."""
    fitting = (unit for unit in candidates if amount / unit.base_amount >= unit.minimum)
    unit = next(fitting, candidates[-1])
    return format_with_unit(amount / unit.base_amount, unit, reader)


def format_with_unit(value: float, target_unit: ConversionUnit, reader: Reader) -> str:
    """Format a value with its unit, with one decimal place below ten."""
    return format_unit_cached(round(value, decimal_places(value)), target_unit.cldr_name, reader)


def decimal_places(value: float) -> int:
    """Return how many decimal places to show: one below ten, else none."""
    return 1 if abs(value) < 10 else 0


@lru_cache(maxsize=4096)
def format_unit_cached(value: float, cldr_name: str, reader: Reader) -> str:
    """Format a number with the short name of a CLDR unit; cached, because Babel's lookup is slow."""
    exact = int(value) if value == int(value) else value
    text = format_unit(exact, cldr_name, "short", locale=reader.locale, numbering_system=numbering_system(reader))
    return convert_digits(text, reader.locale, reader.digits)
