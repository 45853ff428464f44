"""Build the parts of a parsed shipment that several carriers report in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from tracking.carriers.parsed import ParsedEstimate, ParsedLeg, ParsedPlace, ParsedScan
from tracking.carriers.parsing.json_access import clean_text
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.text_rules import extract_next_number


class Route(NamedTuple):
    """The ISO 3166-1 alpha-2 countries a shipment leaves and goes to; None where the answer names none."""

    origin: str | None
    destination: str | None


def place_in_city(city: Any, region: Any, country: str | None, postal_code: Any) -> ParsedPlace:
    """Return the place that the parts of an address name, shown as `City, Region`. Street lines are never passed."""
    city, region = clean_text(city), clean_text(region)
    text = ", ".join(filter(None, (city, region)))
    country = country_or_told(country, text)
    return ParsedPlace(text, country, region or None, city or None, clean_text(postal_code) or None)


def estimate_on(day: date | None) -> ParsedEstimate | None:
    """Return the carrier's own delivery estimate for one day, or None without a day."""
    return ParsedEstimate(day, day, "") if day else None


def estimate_between(first: date | None, last: date | None) -> ParsedEstimate | None:
    """Return the carrier's own delivery estimate from its first to its last day, or None without a first day.

    A last day that is missing or lies before the first counts as the first.
    """
    return ParsedEstimate(first, max(first, last or first), "") if first else None


def with_told_legs(legs: Sequence[ParsedLeg], scans: Iterable[ParsedScan], number: str) -> tuple[ParsedLeg, ...]:
    """Return the legs of a number, and one more for each other number that a handover message names."""
    known = {leg.number for leg in legs} | {number}
    told = dict.fromkeys(filter(None, (extract_next_number(scan.text) for scan in scans)))
    return (*legs, *(ParsedLeg("", "", other) for other in told if other not in known))


def legs_to_last_mile(first: ParsedLeg, last_mile: ParsedLeg) -> tuple[ParsedLeg, ...]:
    """Return both legs where the last mile has a tracking number of its own, otherwise the first leg alone."""
    return (first, last_mile) if last_mile.number not in ("", first.number) else (first,)
