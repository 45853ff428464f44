"""Quantities inside a carrier's own words, found and told in the reader's measures beside the original, never instead.

`72 °F`, `120 miles`, `3 lb 4 oz`, `10:30 AM EST`. What the reader measures in anyhow is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, NamedTuple

from tracking.localization import datetimes, units
from tracking.localization.reader import Reader

NUMBER_PATTERN: Final = r"(?<![\w.,+-])(-?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|-?\d+(?:[.,]\d+)?)"
MAX_TEXT_LENGTH: Final = 500
MAX_QUANTITIES: Final = 4


class ConvertedQuantity(NamedTuple):
    """A quantity as it was told, and the same for the reader."""

    original: str
    converted: str


ZONE_OFFSET_HOURS: Final[Mapping[str, float]] = {
    "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1,
    "CEST": 2, "EET": 2, "EEST": 3, "WET": 0, "WEST": 1, "MSK": 3, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3,
}  # fmt: skip
"""Abbreviations of clocks in hours east of UTC. Those with two meanings (IST, BST, AST) are not read."""
CST_OFFSET_HOURS: Final = {"CN": 8.0, "TW": 8.0, "US": -6.0, "CA": -6.0, "MX": -6.0}
"""What CST means depends on where it is said."""

FAHRENHEIT: Final = re.compile(
    rf"{NUMBER_PATTERN}\s?(?:°\s?F|℉|deg(?:rees?)?\.? ?F(?:ahrenheit)?|degrees Fahrenheit)\b", re.IGNORECASE
)
CELSIUS: Final = re.compile(
    rf"{NUMBER_PATTERN}\s?(?:°\s?C|℃|deg(?:rees?)?\.? ?C(?:elsius)?|degrees Celsius)(?!\w)", re.IGNORECASE
)
MILES: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:miles?|mi)\b", re.IGNORECASE)
KILOMETRES: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:km|kilomet(?:er|re)s?|公里|千米|км)\b", re.IGNORECASE)
POUNDS: Final = re.compile(
    rf"{NUMBER_PATTERN}\s?(?:lbs?|pounds?)\b\.?(?:[ ,]{{0,2}}(\d+(?:\.\d+)?)\s?(?:oz|ounces?)\b)?", re.IGNORECASE
)
OUNCES: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:oz|ounces?)\b", re.IGNORECASE)
KILOGRAMS: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:kgs?|kilograms?|kilos?|公斤|千克|кг)(?!\w)", re.IGNORECASE)
INCHES: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:inch(?:es)?|in\.)(?!\w)", re.IGNORECASE)
CENTIMETRES: Final = re.compile(rf"{NUMBER_PATTERN}\s?(?:cm|centimet(?:er|re)s?|厘米|см)(?!\w)", re.IGNORECASE)
CLOCK_TIME: Final = re.compile(
    rf"\b(\d{{1,2}}):(\d{{2}})(?::\d{{2}})?\s?([AP]\.?M\.?)?\s?\(?({'|'.join(ZONE_OFFSET_HOURS)}|CST)\b\)?",
    re.IGNORECASE,
)


def convert_quantities(
    text: str, reader: Reader, *, local_date: date | None = None, country: str = ""
) -> list[ConvertedQuantity]:
    """Return the quantities in words that the reader would tell in another way, in the order told.

    Clock times need the day `on` which they were told; `country` is where.
    """
    if not any(sign.isdigit() for sign in text):
        return []
    found = list(find_measures(text[:MAX_TEXT_LENGTH], reader))
    if local_date is not None:
        found += find_clock_times(text[:MAX_TEXT_LENGTH], reader, local_date, country)
    return [told for _start, told in sorted(found)][:MAX_QUANTITIES]


def find_measures(text: str, reader: Reader) -> Iterator[tuple[int, ConvertedQuantity]]:
    """Yield the measures of the other system with where they stand."""
    metric = reader.units == "metric"
    rules: list[tuple[bool, re.Pattern[str], Callable[[float, float], str]]] = [
        (reader.temperature == "celsius", FAHRENHEIT, lambda n, _: units.format_temperature((n - 32) * 5 / 9, reader)),
        (reader.temperature == "fahrenheit", CELSIUS, lambda n, _: units.format_temperature(n, reader)),
        (metric, MILES, lambda n, _: units.format_distance(n * units.METRES_PER_MILE, reader)),
        (not metric, KILOMETRES, lambda n, _: units.format_distance(n * 1000, reader)),
        (
            metric,
            POUNDS,
            lambda n, more: units.format_weight(n * units.GRAMS_PER_POUND + more * units.GRAMS_PER_OUNCE, reader),
        ),
        (metric, OUNCES, lambda n, _: units.format_weight(n * units.GRAMS_PER_OUNCE, reader)),
        (not metric, KILOGRAMS, lambda n, _: units.format_weight(n * 1000, reader)),
        (metric, INCHES, lambda n, _: units.format_dimensions([n * units.CENTIMETRES_PER_INCH], reader)),
        (not metric, CENTIMETRES, lambda n, _: units.format_dimensions([n], reader)),
    ]
    taken: list[range] = []
    for wanted, pattern, write in rules:
        for match in pattern.finditer(text) if wanted else ():
            if any(match.start() in span for span in taken):
                continue
            taken.append(range(*match.span()))
            more = match.group(2) if pattern.groups > 1 else None
            yield (
                match.start(),
                ConvertedQuantity(match.group().strip(), write(parse_number(match.group(1)), float(more or 0))),
            )


def parse_number(text: str) -> float:
    """Return a number told with a decimal point or comma; groups of three are thousands."""
    plain = text.replace(" ", "")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        return float(plain.replace(",", ""))
    return float(plain.replace(",", "."))


def find_clock_times(
    text: str, reader: Reader, local_date: date, country: str
) -> Iterator[tuple[int, ConvertedQuantity]]:
    """Yield the times told with a clock's abbreviation, on the reader's own clock where that is another one."""
    for match in CLOCK_TIME.finditer(text):
        hour, minute, half, name = int(match[1]), int(match[2]), (match[3] or "").upper(), match[4].upper()
        east = CST_OFFSET_HOURS.get(country) if name == "CST" else ZONE_OFFSET_HOURS[name]
        if half:
            hour = hour % 12 + (12 if half.startswith("P") else 0)
        if east is None or hour > 23 or minute > 59:
            continue
        at = datetime.combine(local_date, time(hour, minute), timezone(timedelta(hours=east)))
        own = at.astimezone(reader.zone)
        if own.utcoffset() != at.utcoffset():
            day = f"{datetimes.format_day(own.date(), reader)} " if own.date() != local_date else ""
            name_of_own = datetimes.zone_name(reader.zone.key, reader.locale)
            yield (
                match.start(),
                ConvertedQuantity(
                    match.group().strip(), f"{day}{datetimes.format_time_of_day(own, reader)} ({name_of_own})"
                ),
            )
