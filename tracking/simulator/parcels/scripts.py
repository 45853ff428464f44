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

from .companies import COMPANIES
from .journey import Journey, Scan, Stamp
from .phrases import phrase
from .places import PLACES, Place
from .reporting import in_telling_order

HOURS: Final = re.compile(r"([+-]\d+(?:\.\d+)?)h")
DAY_AND_CLOCK: Final = re.compile(r"(-\d+) (\d\d:\d\d)")
GAP: Final = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class Parcel:
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
    onward: Parcel | None = None
    naive: tuple[str, ...] = ()
    one_clock: tuple[str, ...] = ()
    promise: tuple[float, float] | None = None
    carton: tuple[int, int, int, int] | None = None

    def journey(self, started_at: datetime) -> Journey:
        """Return what the carriers tell of it when the demo starts at a moment (aware)."""
        days = self.promise
        return Journey(
            self.number,
            PLACES[self.origin],
            PLACES[self.destination],
            self.service,
            in_telling_order(self.scans(started_at)),
            onward=self._onward().journey(started_at) if self.onward else None,
            promise=(started_at + timedelta(days=days[0]), started_at + timedelta(days=days[1])) if days else None,
            carton=self.carton,
        )

    def _onward(self) -> Parcel:
        assert self.onward
        return replace(self.onward, naive=self.naive, one_clock=self.one_clock)

    def scans(self, started_at: datetime) -> Iterator[Scan]:
        """Yield its scans in the order of the script."""
        company = ""
        for line in filter(None, map(str.strip, self.script.splitlines())):
            if line in COMPANIES:
                company = line
            else:
                yield self._scan(company, GAP.split(line), started_at)

    def _scan(self, company: str, fields: list[str], started_at: datetime) -> Scan:
        when, kind, city, *own_words = fields
        happened, _, told = when.partition(" told ")
        place, teller = PLACES[city], COMPANIES[company]
        words, english = _words(kind, teller.lang, *own_words)
        at = moment(happened, place, started_at)
        told_at = moment(told, place, started_at) if told else at
        return Scan(at, told_at, kind, place, teller, words, english, self._stamp(company))

    def _stamp(self, company: str) -> Stamp:
        if company in self.naive:
            return "naive"
        return "origin" if company in self.one_clock else "place"


def moment(text: str, place: Place, started_at: datetime) -> datetime:
    """Return the moment that a script's time means. Raise ValueError for a time that cannot be read."""
    if hours := HOURS.fullmatch(text):
        return started_at + timedelta(hours=float(hours[1]))
    if day := DAY_AND_CLOCK.fullmatch(text):
        date = started_at.astimezone(UTC).date() + timedelta(days=int(day[1]))
        return datetime.combine(date, time.fromisoformat(day[2]), ZoneInfo(place.zone))
    raise ValueError(f"a script's time is {text!r}, neither like '-9 10:12' nor like '+2.5h'")


def _words(kind: str, lang: str, own: str = "") -> tuple[str, str]:
    words, english = phrase(kind, lang)
    if not own:
        return words, english
    said, _, translated = own.partition(" = ")
    return said, translated or (said if lang == "en" else english)
