"""Journeys written by hand: a few lines of text per parcel, read into the journey that the carriers tell.

A script names a carrier on a line of its own and then, line by line and parted by two spaces or more, what that carrier
tells: when, what kind of scan, in which city, and its own words where the usual ones do not do.

    Yanwen
      -9 10:12  picked_up  Shenzhen
      +2.5h     arrived    Los Angeles  Arrived at the airport

`-9 10:12` is the city's own clock on the ninth day before that on which (in UTC) the demo started; `+2.5h` and `-4h`
are hours from its start. A time followed by `told -7 09:00` was told only then. Words may carry 17TRACK's English
after ` = `.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .carriers import CARRIERS
from .journey_types import Journey, SimulatedScan, TimeReference
from .places import PLACES, SimulatedPlace
from .reporting import sort_by_report_time
from .scan_texts import scan_text

HOURS_FROM_START: Final = re.compile(r"([+-]\d+(?:\.\d+)?)h")
DAY_AND_TIME: Final = re.compile(r"(-\d+) (\d\d:\d\d)")
COLUMN_GAP: Final = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class ScriptedParcel:
    """A parcel of a story. Cities are keys of `PLACES`, carriers keys of `COMPANIES`.

    `onward` is the same parcel under the number that its last carrier gives it. Carriers in `naive` tell local times
    without a zone; those in `one_clock` write every scan, foreign ones too, in the clock of the origin. `promise` is a
    carrier's forecast, in days from the demo's start. `carton` is what the first carrier measured: grams, and the
    sides in centimetres.
    """

    number: str
    origin: str
    destination: str
    script: str
    service: str | None = None
    next_parcel: ScriptedParcel | None = None
    carriers_without_zone: tuple[str, ...] = ()
    carriers_on_origin_clock: tuple[str, ...] = ()
    estimate_days: tuple[float, float] | None = None
    measurements: tuple[int, int, int, int] | None = None

    def build_journey(self, started_at: datetime) -> Journey:
        """Return what the carriers tell of it when the demo starts at a moment (aware)."""
        days = self.estimate_days
        return Journey(
            self.number,
            PLACES[self.origin],
            PLACES[self.destination],
            self.service,
            sort_by_report_time(self.parse_scans(started_at)),
            next_journey=self._next_with_same_clocks().build_journey(started_at) if self.next_parcel else None,
            delivery_estimate=(started_at + timedelta(days=days[0]), started_at + timedelta(days=days[1]))
            if days
            else None,
            measurements=self.measurements,
        )

    def _next_with_same_clocks(self) -> ScriptedParcel:
        assert self.next_parcel
        return replace(
            self.next_parcel,
            carriers_without_zone=self.carriers_without_zone,
            carriers_on_origin_clock=self.carriers_on_origin_clock,
        )

    def parse_scans(self, started_at: datetime) -> Iterator[SimulatedScan]:
        """Yield its scans in the order of the script."""
        company = ""
        for line in filter(None, map(str.strip, self.script.splitlines())):
            if line in CARRIERS:
                company = line
            else:
                yield self._parse_scan(company, COLUMN_GAP.split(line), started_at)

    def _parse_scan(self, carrier: str, fields: list[str], started_at: datetime) -> SimulatedScan:
        when, kind, city, *own_words = fields
        happened, _, told = when.partition(" told ")
        place, teller = PLACES[city], CARRIERS[carrier]
        words, english = _scan_texts(kind, teller.lang, *own_words)
        at = parse_script_time(happened, place, started_at)
        told_at = parse_script_time(told, place, started_at) if told else at
        return SimulatedScan(at, told_at, kind, place, teller, words, english, self._time_reference(carrier))

    def _time_reference(self, carrier: str) -> TimeReference:
        if carrier in self.carriers_without_zone:
            return "naive"
        return "origin" if carrier in self.carriers_on_origin_clock else "place"


def parse_script_time(text: str, place: SimulatedPlace, started_at: datetime) -> datetime:
    """Return the moment that a script's time means. Raise ValueError for a time that cannot be read."""
    if hours := HOURS_FROM_START.fullmatch(text):
        return started_at + timedelta(hours=float(hours[1]))
    if day := DAY_AND_TIME.fullmatch(text):
        date = started_at.astimezone(UTC).date() + timedelta(days=int(day[1]))
        return datetime.combine(date, time.fromisoformat(day[2]), ZoneInfo(place.zone))
    raise ValueError(f"a script's time is {text!r}, neither like '-9 10:12' nor like '+2.5h'")


def _scan_texts(kind: str, lang: str, own_text: str = "") -> tuple[str, str]:
    words, english = scan_text(kind, lang)
    if not own_text:
        return words, english
    said, _, translated = own_text.partition(" = ")
    return said, translated or (said if lang == "en" else english)
