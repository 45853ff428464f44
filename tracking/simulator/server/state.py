"""What the simulator must remember: its clock's runs and the numbers registered with it, in one JSON file.

Nothing is told before the file that makes it repeatable is written: a number's registration, and the clock's lease.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ..clock import ClockSegment, SimulatedClock
from ..parcels.demo_orders import demo_parcels_by_number
from ..parcels.journey_types import Journey
from ..parcels.random_journeys import draw_journey, lane_of

LEASE_SECONDS: Final = 20.0


@dataclass(slots=True)
class RegisteredNumber:
    """One registered number. `registered_at` is on the journeys' clock; `pushed` counts the scans that were pushed."""

    number: str
    registered_at: datetime
    carrier: int | None = None
    tag: str | None = None
    lang: str | None = None
    param: str | None = None
    stopped: bool = False
    retracked: bool = False
    pushed: int = 0


class SimulatorState:
    """The registered numbers, their journeys, and the clock that they run on."""

    def __init__(
        self, path: Path | None, clock: SimulatedClock, seed: int, registrations: Sequence[RegisteredNumber] = ()
    ) -> None:
        self.path, self.clock, self.seed = path, clock, seed
        self.registrations = {entry.number: entry for entry in registrations}
        self._scripted_journeys = {
            number: parcel.build_journey(clock.started_at) for number, parcel in demo_parcels_by_number().items()
        }
        self._first_number_by_next: dict[str, str] = {}
        for number in (*self._scripted_journeys, *self.registrations):
            self._link_next_number(number)

    @classmethod
    def open(cls, path: Path | None, *, speed: float, seed: int = 0, fresh: bool = False) -> SimulatorState:
        """Open the book kept at `path`, or begin one; `fresh` forgets what was. Raise ValueError for a broken file.

        A book goes on with its own seed: another one would rewrite what was told.
        """
        kept = read_state_file(path) if path and path.exists() and not fresh else {}
        history = [ClockSegment(*segment) for segment in kept.get("segments", ())]
        book = cls(
            path,
            SimulatedClock(speed, history, lease_seconds=LEASE_SECONDS),
            kept.get("seed", seed),
            [_registration_from_json(fields) for fields in kept.get("numbers", ())],
        )
        book.save(book.clock.segments)
        return book

    def journey_of(self, number: str) -> Journey | None:
        """Return the journey told under a registered number; None for a number that is not registered."""
        if number not in self.registrations:
            return None
        if first := self._first_journey_of(self._first_number_by_next.get(number, "")):
            return first.next_journey
        return self._first_journey_of(number)

    def _first_journey_of(self, number: str) -> Journey | None:
        """Return the journey that begins under a number: a story's, or one drawn when it was registered."""
        if number in self._scripted_journeys:
            return self._scripted_journeys[number]
        entry = self.registrations.get(number)
        return _draw_cached(number, self.seed, entry.registered_at) if entry else None

    def _link_next_number(self, number: str) -> None:
        journey = self._first_journey_of(number)
        if journey and journey.next_journey:
            self._first_number_by_next[journey.next_journey.number] = number

    def register_numbers(self, registrations: Sequence[RegisteredNumber]) -> None:
        """Remember numbers for good. Raise OSError when they cannot be written down; then they are not registered."""
        self.registrations.update({entry.number: entry for entry in registrations})
        try:
            self.save(self.clock.segments)
        except OSError:
            for entry in registrations:
                del self.registrations[entry.number]
            raise
        for entry in registrations:
            self._link_next_number(entry.number)

    def renew_lease(self) -> None:
        """Draw out the clock's lease, written down before it is used. Raise OSError when it cannot be written."""
        segments = self.clock.segments_with_lease(LEASE_SECONDS)
        self.save(segments)
        self.clock.apply_segments(segments)

    def close(self) -> None:
        """Write everything down with the clock stopped. Nothing may be told after this."""
        self.save(self.clock.segments_when_stopped())

    def save(self, segments: Sequence[ClockSegment]) -> None:
        """Write the file whole or not at all."""
        if self.path is None:
            return
        kept = {
            "segments": segments,
            "seed": self.seed,
            "numbers": list(map(_registration_to_json, self.registrations.values())),
        }
        new = self.path.with_name(self.path.name + ".new")
        new.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        os.replace(new, self.path)

    def __iter__(self) -> Iterator[RegisteredNumber]:
        return iter(self.registrations.values())


def read_state_file(path: Path) -> dict[str, Any]:
    """Read a kept book. Raise ValueError when it is not one."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(kept, dict) or not {"segments", "seed", "numbers"} <= kept.keys():
        raise ValueError(f"{path} is not a simulator's state file")
    return kept


def _registration_to_json(registration: RegisteredNumber) -> dict[str, Any]:
    """Return what must be written of an entry: unset fields are left out, for thousands of numbers make a long file."""
    fields = asdict(registration) | {"registered_at": registration.registered_at.isoformat()}
    return {name: value for name, value in fields.items() if value}


def _registration_from_json(fields: dict[str, Any]) -> RegisteredNumber:
    return RegisteredNumber(**fields | {"registered_at": datetime.fromisoformat(fields["registered_at"])})


@lru_cache(maxsize=1024)
def _draw_cached(number: str, seed: int, registered_at: datetime) -> Journey:
    return draw_journey(number, lane_of(number, seed), seed, registered_at)
