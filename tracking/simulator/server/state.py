"""The simulator's state in one JSON file: the runs of its clock and the registered numbers.

A registration and the clock's lease are saved before they are used, so that no restart contradicts an earlier answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ..clock import ClockSegment, JourneyClock, RestartedClock, SimulatedClock
from ..parcels.demo_orders import demo_parcels_by_number
from ..parcels.journey_types import Journey
from ..parcels.random_journeys import draw_journey, lane_of
from ..parcels.scripted_journeys import ScriptedParcel

LEASE_SECONDS: Final = 20.0
MAX_START_DELAY: Final = timedelta(days=1)
"""In journey time: a demo parcel that is registered later does not start with the simulator, but then."""


@dataclass(slots=True)
class RegisteredNumber:
    """One registered number. `registered_at` is in journey time; `pushed` counts the scans already sent by webhook."""

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
        self._scripted_parcels = demo_parcels_by_number()
        self._first_number_by_next: dict[str, str] = {}
        for number in (*self._scripted_parcels, *self.registrations):
            self._link_next_number(number)

    @classmethod
    def open(cls, path: Path | None, *, speed: float, seed: int = 0, fresh: bool = False) -> SimulatorState:
        """Load the state at `path`, or begin a new one, always if `fresh`. Raise ValueError for a broken file.

        A saved state keeps its own seed: another one would change journeys that were already reported.
        """
        saved = read_state_file(path) if path and path.exists() and not fresh else {}
        segments = [ClockSegment(*segment) for segment in saved.get("segments", ())]
        state = cls(
            path,
            SimulatedClock(speed, segments, lease_seconds=LEASE_SECONDS),
            saved.get("seed", seed),
            [_registration_from_json(fields) for fields in saved.get("numbers", ())],
        )
        state.save(state.clock.segments)
        return state

    def journey_of(self, number: str) -> Journey | None:
        """Return the journey reported under a registered number; None for a number that is not registered."""
        if number not in self.registrations:
            return None
        if journey := self._first_journey_of(self._first_number_by_next.get(number, "")):
            return journey.next_journey
        return self._first_journey_of(number)

    def clock_of(self, number: str) -> JourneyClock:
        """Return the clock that a number is reported with: a demo parcel that was registered again starts anew then."""
        registration = self.registrations.get(self._first_number_by_next.get(number, number))
        is_demo = registration is not None and registration.number in self._scripted_parcels
        if registration and is_demo and registration.registered_at - self.clock.started_at > MAX_START_DELAY:
            return RestartedClock(self.clock, registration.registered_at)
        return self.clock

    def _first_journey_of(self, number: str) -> Journey | None:
        """Return the journey that begins under a number: a demo order's, or a random one from its registration on."""
        if parcel := self._scripted_parcels.get(number):
            clock = self.clock_of(number)
            return _build_cached(
                parcel, clock.real_start if isinstance(clock, RestartedClock) else self.clock.started_at
            )
        registration = self.registrations.get(number)
        return _draw_cached(number, self.seed, registration.registered_at) if registration else None

    def _link_next_number(self, number: str) -> None:
        journey = self._first_journey_of(number)
        if journey and journey.next_journey:
            self._first_number_by_next[journey.next_journey.number] = number

    def register_numbers(self, registrations: Sequence[RegisteredNumber]) -> None:
        """Register numbers and save the state. Raise OSError when it cannot be saved; then none is registered."""
        self.registrations.update({registration.number: registration for registration in registrations})
        try:
            self.save(self.clock.segments)
        except OSError:
            for registration in registrations:
                del self.registrations[registration.number]
            raise
        for registration in registrations:
            self._link_next_number(registration.number)

    def renew_lease(self) -> None:
        """Extend the clock's lease, after saving it. Raise OSError when it cannot be saved."""
        segments = self.clock.segments_with_lease(LEASE_SECONDS)
        self.save(segments)
        self.clock.apply_segments(segments)

    def close(self) -> None:
        """Save the state with the clock stopped. Nothing may be answered after this."""
        self.save(self.clock.segments_when_stopped())

    def save(self, segments: Sequence[ClockSegment]) -> None:
        """Write the state file, whole or not at all."""
        if self.path is None:
            return
        document = {
            "segments": segments,
            "seed": self.seed,
            "numbers": list(map(_registration_to_json, self.registrations.values())),
        }
        temporary = self.path.with_name(self.path.name + ".new")
        temporary.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        os.replace(temporary, self.path)

    def __iter__(self) -> Iterator[RegisteredNumber]:
        return iter(self.registrations.values())


def read_state_file(path: Path) -> dict[str, Any]:
    """Read a state file. Raise ValueError for any other file."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(saved, dict) or not {"segments", "seed", "numbers"} <= saved.keys():
        raise ValueError(f"{path} is not a simulator's state file")
    return saved


def _registration_to_json(registration: RegisteredNumber) -> dict[str, Any]:
    """Return a registration without its unset fields, which would make the file of thousands of numbers long."""
    fields = asdict(registration) | {"registered_at": registration.registered_at.isoformat()}
    return {name: value for name, value in fields.items() if value}


def _registration_from_json(fields: dict[str, Any]) -> RegisteredNumber:
    return RegisteredNumber(**fields | {"registered_at": datetime.fromisoformat(fields["registered_at"])})


@lru_cache(maxsize=1024)
def _draw_cached(number: str, seed: int, registered_at: datetime) -> Journey:
    return draw_journey(number, lane_of(number, seed), seed, registered_at)


@lru_cache(maxsize=1024)
def _build_cached(parcel: ScriptedParcel, started_at: datetime) -> Journey:
    return parcel.build_journey(started_at)
