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

from ..clock import Clock, Segment
from ..parcels.journey import Journey
from ..parcels.random_journeys import draw, lane_of
from ..parcels.stories import scripted

LEASE_SECONDS: Final = 20.0


@dataclass(slots=True)
class Entry:
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


class Book:
    """The registered numbers, their journeys, and the clock that they run on."""

    def __init__(self, path: Path | None, clock: Clock, seed: int, entries: Sequence[Entry] = ()) -> None:
        self.path, self.clock, self.seed = path, clock, seed
        self.entries = {entry.number: entry for entry in entries}
        self._scripted = {number: parcel.journey(clock.started_at) for number, parcel in scripted().items()}
        self._first_of: dict[str, str] = {}
        for number in (*self._scripted, *self.entries):
            self._link_onward(number)

    @classmethod
    def open(cls, path: Path | None, *, speed: float, seed: int = 0, fresh: bool = False) -> Book:
        """Open the book kept at `path`, or begin one; `fresh` forgets what was. Raise ValueError for a broken file.

        A book goes on with its own seed: another one would rewrite what was told.
        """
        kept = read(path) if path and path.exists() and not fresh else {}
        history = [Segment(*segment) for segment in kept.get("segments", ())]
        book = cls(
            path,
            Clock(speed, history, seconds=LEASE_SECONDS),
            kept.get("seed", seed),
            [_entry(fields) for fields in kept.get("numbers", ())],
        )
        book.save(book.clock.segments)
        return book

    def journey(self, number: str) -> Journey | None:
        """Return the journey told under a registered number; None for a number that is not registered."""
        if number not in self.entries:
            return None
        if first := self._begun(self._first_of.get(number, "")):
            return first.onward
        return self._begun(number)

    def _begun(self, number: str) -> Journey | None:
        """Return the journey that begins under a number: a story's, or one drawn when it was registered."""
        if number in self._scripted:
            return self._scripted[number]
        entry = self.entries.get(number)
        return _drawn(number, self.seed, entry.registered_at) if entry else None

    def _link_onward(self, number: str) -> None:
        journey = self._begun(number)
        if journey and journey.onward:
            self._first_of[journey.onward.number] = number

    def register(self, entries: Sequence[Entry]) -> None:
        """Remember numbers for good. Raise OSError when they cannot be written down; then they are not registered."""
        self.entries.update({entry.number: entry for entry in entries})
        try:
            self.save(self.clock.segments)
        except OSError:
            for entry in entries:
                del self.entries[entry.number]
            raise
        for entry in entries:
            self._link_onward(entry.number)

    def renew(self) -> None:
        """Draw out the clock's lease, written down before it is used. Raise OSError when it cannot be written."""
        segments = self.clock.leased(LEASE_SECONDS)
        self.save(segments)
        self.clock.grant(segments)

    def close(self) -> None:
        """Write everything down with the clock stopped. Nothing may be told after this."""
        self.save(self.clock.stopped())

    def save(self, segments: Sequence[Segment]) -> None:
        """Write the file whole or not at all."""
        if self.path is None:
            return
        kept = {"segments": segments, "seed": self.seed, "numbers": list(map(_fields, self.entries.values()))}
        new = self.path.with_name(self.path.name + ".new")
        new.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        os.replace(new, self.path)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


def read(path: Path) -> dict[str, Any]:
    """Read a kept book. Raise ValueError when it is not one."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(kept, dict) or not {"segments", "seed", "numbers"} <= kept.keys():
        raise ValueError(f"{path} is not a simulator's state file")
    return kept


def _fields(entry: Entry) -> dict[str, Any]:
    """Return what must be written of an entry: unset fields are left out, for thousands of numbers make a long file."""
    fields = asdict(entry) | {"registered_at": entry.registered_at.isoformat()}
    return {name: value for name, value in fields.items() if value}


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(**fields | {"registered_at": datetime.fromisoformat(fields["registered_at"])})


@lru_cache(maxsize=1024)
def _drawn(number: str, seed: int, registered_at: datetime) -> Journey:
    return draw(number, lane_of(number, seed), seed, registered_at)
