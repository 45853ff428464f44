"""Distances, weights, lengths and temperatures in the reader's own measures, as CLDR prefers them by country.

Source of the preferences: CLDR, supplemental/unitPreferenceData (length-road, mass-default, length-default). The yard,
the pound and the rest are the international ones of 1959, exact by definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from babel.units import format_unit

from tracking.localization.numbers import in_digits, number, numbering
from tracking.localization.reader import Reader


class Measure(NamedTuple):
    """A unit by its CLDR name, how many of the base unit it is, and from how many of itself on it is used."""

    unit: str
    base: float
    least: float = 1.0


FOOT: Final = 0.3048
INCH: Final = 2.54
MILE: Final = 1609.344
POUND: Final = 453.59237
OUNCE: Final = POUND / 16

ROAD: Final[Mapping[str, tuple[Measure, ...]]] = {
    "metric": (Measure("length-kilometer", 1000.0, 0.9), Measure("length-meter", 1.0)),
    "uk": (Measure("length-mile", MILE, 0.5), Measure("length-yard", 3 * FOOT)),
    "us": (Measure("length-mile", MILE, 0.5), Measure("length-foot", FOOT)),
}
"""In metres."""
MASS: Final[Mapping[str, tuple[Measure, ...]]] = {
    "metric": (Measure("mass-kilogram", 1000.0), Measure("mass-gram", 1.0)),
    "uk": (Measure("mass-pound", POUND), Measure("mass-ounce", OUNCE)),
    "us": (Measure("mass-pound", POUND), Measure("mass-ounce", OUNCE)),
}
"""In grams; a tonne or a ton is no parcel."""
SIZE: Final[Mapping[str, tuple[Measure, ...]]] = {
    "metric": (Measure("length-centimeter", 1.0),),
    "uk": (Measure("length-inch", INCH),),
    "us": (Measure("length-inch", INCH),),
}
"""In centimetres."""


def distance(metres: float, reader: Reader) -> str:
    """Write a distance along a road: `9,120 km`, `350 yd`."""
    return written(metres, ROAD[reader.units], reader)


def weight(grams: float, reader: Reader) -> str:
    """Write a weight: `1.2 kg`, `12 oz`."""
    return written(grams, MASS[reader.units], reader)


def size(centimetres: Iterable[float], reader: Reader) -> str:
    """Write the sides of a parcel: `30 × 20 × 10 cm`."""
    (measure,) = SIZE[reader.units]
    *sides, last = [side / measure.base for side in centimetres]
    numbers = [number(side, reader, places(side), exact=False) for side in sides]
    return "\xa0×\xa0".join([*numbers, unit(last, measure, reader)])


def temperature(celsius: float, reader: Reader) -> str:
    """Write a temperature in whole degrees: `22 °C`, `72 °F`."""
    if reader.temperature == "fahrenheit":
        return named(round(celsius * 9 / 5 + 32), "temperature-fahrenheit", reader)
    return named(round(celsius), "temperature-celsius", reader)


def written(amount: float, measures: tuple[Measure, ...], reader: Reader) -> str:
    """Write an amount in the first unit that it has enough of, else in the smallest."""
    fitting = (measure for measure in measures if amount / measure.base >= measure.least)
    measure = next(fitting, measures[-1])
    return unit(amount / measure.base, measure, reader)


def unit(value: float, measure: Measure, reader: Reader) -> str:
    """Write a value with its unit, rounded as people do: one decimal place below ten."""
    return named(round(value, places(value)), measure.unit, reader)


def places(value: float) -> int:
    """Return how many decimal places an amount is worth."""
    return 1 if abs(value) < 10 else 0


@lru_cache(maxsize=4096)
def named(value: float, name: str, reader: Reader) -> str:
    """Write a number with a unit's abbreviation in the reader's language; once, for CLDR's tables are slow to ask."""
    exact = int(value) if value == int(value) else value
    text = format_unit(exact, name, "short", locale=reader.locale, numbering_system=numbering(reader))
    return in_digits(text, reader.locale, reader.digits)
