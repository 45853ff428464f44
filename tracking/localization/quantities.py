"""Find quantities in a carrier's text and convert them to the reader's units: `72 °F`, `3 lb 4 oz`, `10:30 AM EST`.

The page shows the conversion beside the original, never instead of it. Quantities already in the reader's units are
skipped.
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
    """A quantity as the carrier wrote it, and in the reader's units."""

    original: str
    converted: str


ZONE_OFFSET_HOURS: Final[Mapping[str, float]] = {
    "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1,
    "CEST": 2, "EET": 2, "EEST": 3, "WET": 0, "WEST": 1, "MSK": 3, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "BRT": -3,
}  # fmt: skip
"""Time zone abbreviations in hours east of UTC. Ambiguous ones (IST, BST, AST) are left out."""
CST_OFFSET_HOURS: Final = {"CN": 8.0, "TW": 8.0, "US": -6.0, "CA": -6.0, "MX": -6.0}
"""CST is China or Central Standard Time, depending on the country of the event."""

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
    """Return the quantities in a text that differ in the reader's units, in text order, at most `MAX_QUANTITIES`.

    Clock times are converted only with the `local_date` of the event; `country` is that of the event.
    """
    # Most texts have no digit; this check keeps the regular expressions off the hot path.
    if not any(char.isdigit() for char in text):
        return []
    found = list(find_measures(text[:MAX_TEXT_LENGTH], reader))
    if local_date is not None:
        found += find_clock_times(text[:MAX_TEXT_LENGTH], reader, local_date, country)
    return [quantity for _start, quantity in sorted(found)][:MAX_QUANTITIES]


def find_measures(text: str, reader: Reader) -> Iterator[tuple[int, ConvertedQuantity]]:
    """Yield the measurements in units that the reader does not use, each with its start index."""
    metric = reader.units == "metric"
    rules: list[tuple[bool, re.Pattern[str], Callable[[float, float], str]]] = [
        (reader.temperature == "celsius", FAHRENHEIT, lambda n, _: units.format_temperature((n - 32) * 5 / 9, reader)),
        (reader.temperature == "fahrenheit", CELSIUS, lambda n, _: units.format_temperature(n, reader)),
        (metric, MILES, lambda n, _: units.format_distance(n * units.METRES_PER_MILE, reader)),
        (not metric, KILOMETRES, lambda n, _: units.format_distance(n * 1000, reader)),
        (
            metric,
            POUNDS,
            lambda n, ounces: units.format_weight(n * units.GRAMS_PER_POUND + ounces * units.GRAMS_PER_OUNCE, reader),
        ),
        (metric, OUNCES, lambda n, _: units.format_weight(n * units.GRAMS_PER_OUNCE, reader)),
        (not metric, KILOGRAMS, lambda n, _: units.format_weight(n * 1000, reader)),
        (metric, INCHES, lambda n, _: units.format_dimensions([n * units.CENTIMETRES_PER_INCH], reader)),
        (not metric, CENTIMETRES, lambda n, _: units.format_dimensions([n], reader)),
    ]
    # Pounds run before ounces: the ounces of `3 lb 4 oz` are part of one weight.
    used_spans: list[range] = []
    for applies, pattern, convert in rules:
        for match in pattern.finditer(text) if applies else ():
            if any(match.start() in span for span in used_spans):
                continue
            used_spans.append(range(*match.span()))
            ounces = match.group(2) if pattern.groups > 1 else None
            yield (
                match.start(),
                ConvertedQuantity(match.group().strip(), convert(parse_number(match.group(1)), float(ounces or 0))),
            )


def parse_number(text: str) -> float:
    """Parse a number with a decimal point or comma; a comma before groups of three digits separates thousands."""
    plain = text.replace(" ", "")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        return float(plain.replace(",", ""))
    return float(plain.replace(",", "."))


def find_clock_times(
    text: str, reader: Reader, local_date: date, country: str
) -> Iterator[tuple[int, ConvertedQuantity]]:
    """Yield the times with a zone abbreviation, converted to the reader's zone, each with its start index."""
    for match in CLOCK_TIME.finditer(text):
        instant = parse_clock_time(match, local_date, country)
        if instant is None:
            continue
        local = instant.astimezone(reader.zone)
        if local.utcoffset() != instant.utcoffset():
            converted = format_in_own_zone(local, local_date, reader)
            yield match.start(), ConvertedQuantity(match.group().strip(), converted)


def parse_clock_time(match: re.Match[str], local_date: date, country: str) -> datetime | None:
    """Return the instant of a `CLOCK_TIME` match on a day; None for an impossible time or an ambiguous zone."""
    hour, minute, half, zone = int(match[1]), int(match[2]), (match[3] or "").upper(), match[4].upper()
    offset_hours = CST_OFFSET_HOURS.get(country) if zone == "CST" else ZONE_OFFSET_HOURS[zone]
    if half:
        hour = hour % 12 + (12 if half.startswith("P") else 0)
    if offset_hours is None or hour > 23 or minute > 59:
        return None
    return datetime.combine(local_date, time(hour, minute), timezone(timedelta(hours=offset_hours)))


def format_in_own_zone(local: datetime, event_date: date, reader: Reader) -> str:
    """Format a time in the reader's zone with the zone's name; with the day if it is not the event's."""
    day = f"{datetimes.format_day(local.date(), reader)} " if local.date() != event_date else ""
    zone = datetimes.zone_name(reader.zone.key, reader.locale)
    return f"{day}{datetimes.format_time_of_day(local, reader)} ({zone})"
