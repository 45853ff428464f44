"""Mapping tables: a carrier's codes in our scans, kept as data so that history can be read again after a change."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import Scan

BorderSide = Literal["origin", "destination", "transit", "domestic", "else"]
BORDER_SIDES: Final[tuple[BorderSide, ...]] = ("origin", "destination", "transit", "domestic", "else")
CACHE_SIZE: Final = 8192
TABLES_DIRECTORY: Final = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class TextRule:
    """A wording that overrules a code; `side` None means anywhere."""

    pattern: re.Pattern[str]
    side: BorderSide | None
    scan: Scan

    def matches(self, side: BorderSide, text: str) -> bool:
        return self.side in (None, side) and self.pattern.search(text) is not None


@dataclass(frozen=True)
class CodeTable:
    """A carrier's code list. `version` is stamped on every payload that was read with it."""

    version: str
    codes: dict[tuple[str, BorderSide], Scan]
    text_rules: dict[str, tuple[TextRule, ...]]
    scan_for: Callable[[str, BorderSide, str], Scan] = field(init=False)
    """`look_up`, remembering its answers: carriers say few things, and say them over and over."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scan_for", lru_cache(maxsize=CACHE_SIZE)(self.look_up_scan))

    @classmethod
    def load(cls, name: str) -> CodeTable:
        """Read `tables/<name>.toml`; a scan that our vocabulary does not have raises ValueError."""
        data = tomllib.loads((TABLES_DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))
        codes = {
            (code, side): scan for code, entry in data["codes"].items() for side, scan in expand_sides(entry).items()
        }
        return cls(data["version"], codes, group_rules_by_code(data.get("text_rules", [])))

    def look_up_scan(self, code: str, side: BorderSide, text: str) -> Scan:
        """Return our scan for a carrier's code, after a second look at its words; `unmapped` for a code not listed."""
        scan = self.codes.get((code, side))
        if scan is None:
            return Scan.UNMAPPED
        if text:
            for rule in self.text_rules.get(code, ()):
                if rule.matches(side, text):
                    return rule.scan
        return correct_scan_by_text(scan, text)


def expand_sides(entry: str | dict[str, str]) -> dict[BorderSide, Scan]:
    """Spread a table's entry over all sides of the border; `else` serves those it does not name."""
    if isinstance(entry, str):
        return dict.fromkeys(BORDER_SIDES, Scan(entry))
    return {side: Scan(entry.get(side, entry["else"])) for side in BORDER_SIDES}


def group_rules_by_code(entries: list[dict[str, Any]]) -> dict[str, tuple[TextRule, ...]]:
    """Group the `[[text_rules]]` entries by each code that they may overrule, in the order of the file."""
    found: dict[str, tuple[TextRule, ...]] = {}
    for entry in entries:
        rule = TextRule(re.compile(entry["pattern"], re.IGNORECASE), entry.get("side"), Scan(entry["scan"]))
        for code in entry["codes"]:
            found[code] = (*found.get(code, ()), rule)
    return found


def border_side_of(country: str | None, origin: str | None, destination: str | None) -> BorderSide:
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
