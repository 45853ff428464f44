"""Code tables: a carrier's codes mapped to our scans, kept as data so that stored answers can be parsed again."""

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
    """A text pattern that overrules a code. `side` None matches on every side of the border."""

    pattern: re.Pattern[str]
    side: BorderSide | None
    scan: Scan

    def matches(self, side: BorderSide, text: str) -> bool:
        return self.side in (None, side) and self.pattern.search(text) is not None


@dataclass(frozen=True)
class CodeTable:
    """A carrier's code list. `version` is stored with every payload that was parsed with it."""

    version: str
    codes: dict[tuple[str, BorderSide], Scan]
    text_rules: dict[str, tuple[TextRule, ...]]
    scan_for: Callable[[str, BorderSide, str], Scan] = field(init=False)
    """`look_up_scan` with a cache of its own: carriers send the same few codes and texts over and over."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scan_for", lru_cache(maxsize=CACHE_SIZE)(self.look_up_scan))

    @classmethod
    def load(cls, name: str) -> CodeTable:
        """Load `tables/<name>.toml`. Raise ValueError for a scan that `Scan` does not have."""
        data = tomllib.loads((TABLES_DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))
        codes = {
            (code, side): scan for code, entry in data["codes"].items() for side, scan in expand_sides(entry).items()
        }
        return cls(data["version"], codes, group_rules_by_code(data.get("text_rules", [])))

    def look_up_scan(self, code: str, side: BorderSide, text: str) -> Scan:
        """Return our scan for a carrier's code, corrected by its text; `unmapped` for a code not listed."""
        scan = self.codes.get((code, side))
        if scan is None:
            return Scan.UNMAPPED
        if text:
            for rule in self.text_rules.get(code, ()):
                if rule.matches(side, text):
                    return correct_scan_by_text(rule.scan, text)
        return correct_scan_by_text(scan, text)


def expand_sides(entry: str | dict[str, str]) -> dict[BorderSide, Scan]:
    """Return the scan for every side of the border; sides that the entry does not name get its `else`."""
    if isinstance(entry, str):
        return dict.fromkeys(BORDER_SIDES, Scan(entry))
    return {side: Scan(entry.get(side, entry["else"])) for side in BORDER_SIDES}


def group_rules_by_code(entries: list[dict[str, Any]]) -> dict[str, tuple[TextRule, ...]]:
    """Group the `[[text_rules]]` entries by each code that they may overrule, in the order of the file."""
    rules_by_code: dict[str, tuple[TextRule, ...]] = {}
    for entry in entries:
        rule = TextRule(re.compile(entry["pattern"], re.IGNORECASE), entry.get("side"), Scan(entry["scan"]))
        for code in entry["codes"]:
            rules_by_code[code] = (*rules_by_code.get(code, ()), rule)
    return rules_by_code


def border_side_of(country: str | None, origin: str | None, destination: str | None) -> BorderSide:
    """Return on which side of the border a scan in `country` was made; `else` if unknown."""
    if origin and origin == destination:
        return "domestic" if country in (None, origin) else "transit"
    if not country:
        return "else"
    if country == origin:
        return "origin"
    if country == destination:
        return "destination"
    return "transit" if origin and destination else "else"
