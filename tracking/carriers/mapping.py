"""Mapping tables: a carrier's codes in our scans, kept as data so that history can be read again after a change."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from tracking.carriers.text_rules import second_opinion
from tracking.vocabulary import Scan

Side = Literal["origin", "destination", "transit", "domestic", "else"]
SIDES: Final[tuple[Side, ...]] = ("origin", "destination", "transit", "domestic", "else")
REMEMBERED: Final = 8192
TABLES: Final = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Rule:
    """A wording that overrules a code; `side` None means anywhere."""

    like: re.Pattern[str]
    side: Side | None
    scan: Scan

    def fits(self, side: Side, words: str) -> bool:
        return self.side in (None, side) and self.like.search(words) is not None


@dataclass(frozen=True)
class Table:
    """A carrier's code list. `version` is stamped on every payload that was read with it."""

    version: str
    codes: dict[tuple[str, Side], Scan]
    rules: dict[str, tuple[Rule, ...]]
    read: Callable[[str, Side, str], Scan] = field(init=False)
    """`look_up`, remembering its answers: carriers say few things, and say them over and over."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", lru_cache(maxsize=REMEMBERED)(self.look_up))

    @classmethod
    def load(cls, name: str) -> Table:
        """Read `tables/<name>.toml`; a scan that our vocabulary does not have raises ValueError."""
        data = tomllib.loads((TABLES / f"{name}.toml").read_text(encoding="utf-8"))
        codes = {(code, side): scan for code, entry in data["codes"].items() for side, scan in by_side(entry).items()}
        return cls(data["version"], codes, rules_by_code(data.get("words", [])))

    def look_up(self, code: str, side: Side, words: str) -> Scan:
        """Return our scan for a carrier's code, after a second look at its words; `unmapped` for a code not listed."""
        scan = self.codes.get((code, side))
        if scan is None:
            return Scan.UNMAPPED
        if words:
            for rule in self.rules.get(code, ()):
                if rule.fits(side, words):
                    return rule.scan
        return second_opinion(scan, words)


def by_side(entry: str | dict[str, str]) -> dict[Side, Scan]:
    """Spread a table's entry over all sides of the border; `else` serves those it does not name."""
    if isinstance(entry, str):
        return dict.fromkeys(SIDES, Scan(entry))
    return {side: Scan(entry.get(side, entry["else"])) for side in SIDES}


def rules_by_code(entries: list[dict[str, Any]]) -> dict[str, tuple[Rule, ...]]:
    """Group the `[[words]]` entries by each code that they may overrule, in the order written."""
    found: dict[str, tuple[Rule, ...]] = {}
    for entry in entries:
        rule = Rule(re.compile(entry["like"], re.IGNORECASE), entry.get("side"), Scan(entry["scan"]))
        for code in entry["codes"]:
            found[code] = (*found.get(code, ()), rule)
    return found


def side_of(country: str | None, origin: str | None, destination: str | None) -> Side:
    """Tell on which side of the border a scan in `country` was made; `else` when that cannot be known."""
    if origin and origin == destination:
        return "domestic" if country in (None, origin) else "transit"
    if not country:
        return "else"
    if country == origin:
        return "origin"
    if country == destination:
        return "destination"
    return "transit" if origin and destination else "else"
