"""Parse scripted journeys: a few lines of text a parcel, written by hand, become the journey that carriers report.

A script names a carrier on a line of its own and then, one a line, the scans that this carrier reports: time, kind,
city, and a text where the usual one of `scan_texts` does not fit. Columns are separated by two spaces or more.

    Yanwen
      -9 10:12  picked_up  Shenzhen
      +2.5h     arrived    Los Angeles  Arrived at the airport

`-9 10:12` is local time in the city on the ninth day before the (UTC) day on which the demo started; `+2.5h` and `-4h`
are hours from its start. `-9 10:12 reported -7 09:00` is a scan that was reported only later. In a text `{+3}` is the
date three days after the start, and after ` = ` may follow 17TRACK's English translation.
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
DATE_IN_TEXT: Final = re.compile(r"\{([+-]\d+)\}")
COLUMN_GAP: Final = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class ScriptedParcel:
    """A parcel of a demo order. Cities are keys of `PLACES`, carriers keys of `CARRIERS`.

    `next_parcel` is the same parcel under the number that its last carrier gives it. `carriers_without_zone` report
    local times without a zone; `carriers_on_origin_clock` report every scan, abroad too, in the zone of the origin.
    `estimate_days` is a carrier's delivery estimate (earliest, latest) in days from the demo's start. `measurements`
    are those of the first carrier: grams, then the sides in centimetres.
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

    @property
    def all_numbers(self) -> tuple[str, ...]:
        """Return its number and those that later carriers give it."""
        return (self.number, *(self.next_parcel.all_numbers if self.next_parcel else ()))

    def build_journey(self, started_at: datetime) -> Journey:
        """Return the journey that carriers report when the demo starts at an aware datetime."""
        estimate = self.estimate_days
        return Journey(
            self.number,
            PLACES[self.origin],
            PLACES[self.destination],
            self.service,
            sort_by_report_time(self.parse_scans(started_at)),
            next_journey=self._next_with_same_clocks().build_journey(started_at) if self.next_parcel else None,
            delivery_estimate=(started_at + timedelta(days=estimate[0]), started_at + timedelta(days=estimate[1]))
            if estimate
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
        """Yield the scans in the order of the script."""
        carrier = ""
        for line in filter(None, map(str.strip, self.script.splitlines())):
            if line in CARRIERS:
                carrier = line
            else:
                yield self._parse_scan(carrier, COLUMN_GAP.split(line), started_at)

    def _parse_scan(self, carrier: str, fields: list[str], started_at: datetime) -> SimulatedScan:
        times, kind, city, *own_text = fields
        happened, _, reported = times.partition(" reported ")
        place, simulated_carrier = PLACES[city], CARRIERS[carrier]
        own_text = [_fill_in_dates(part, started_at) for part in own_text]
        text, english_text = _scan_texts(kind, simulated_carrier.lang, *own_text)
        happened_at = parse_script_time(happened, place, started_at)
        return SimulatedScan(
            happened_at,
            parse_script_time(reported, place, started_at) if reported else happened_at,
            kind,
            place,
            simulated_carrier,
            text,
            english_text,
            self._time_reference(carrier),
        )

    def _time_reference(self, carrier: str) -> TimeReference:
        if carrier in self.carriers_without_zone:
            return "naive"
        return "origin" if carrier in self.carriers_on_origin_clock else "place"


def parse_script_time(text: str, place: SimulatedPlace, started_at: datetime) -> datetime:
    """Return the instant of a time in a script. Raise ValueError for a time in another format."""
    if hours := HOURS_FROM_START.fullmatch(text):
        return started_at + timedelta(hours=float(hours[1]))
    if day := DAY_AND_TIME.fullmatch(text):
        date = started_at.astimezone(UTC).date() + timedelta(days=int(day[1]))
        return datetime.combine(date, time.fromisoformat(day[2]), ZoneInfo(place.zone))
    raise ValueError(f"a script's time is {text!r}, neither like '-9 10:12' nor like '+2.5h'")


def _fill_in_dates(text: str, started_at: datetime) -> str:
    """Return a text with the date so many days after the start in place of each `{+3}`."""
    today = started_at.astimezone(UTC).date()
    return DATE_IN_TEXT.sub(lambda match: (today + timedelta(days=int(match[1]))).isoformat(), text)


def _scan_texts(kind: str, lang: str, own_text: str = "") -> tuple[str, str]:
    """Return a scan's text and its English translation, from the script where it has a text of its own."""
    usual_text, usual_english = scan_text(kind, lang)
    if not own_text:
        return usual_text, usual_english
    text, _, translation = own_text.partition(" = ")
    return text, translation or (text if lang == "en" else usual_english)
