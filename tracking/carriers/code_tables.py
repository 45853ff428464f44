"""Code tables: a carrier's codes mapped to our scans, kept as data so that stored answers can be parsed again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from tracking.carriers.border_sides import BorderSide, expand_sides
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.carriers.words import OUTVOTED, allowed_over, find_clear_words
from tracking.vocabulary import Scan

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
    """A carrier's code list. `version` is stored with every payload that was parsed with it.

    Words outvote `general_codes`: those that the file names, and those that say the same little on every side of the
    border, such as "on the way", except for `exact_codes`, whose words sound worse than the code means.
    """

    version: str
    codes: dict[tuple[str, BorderSide], Scan]
    text_rules: dict[str, tuple[TextRule, ...]]
    general_codes: frozenset[str] = frozenset()
    exact_codes: frozenset[str] = frozenset()
    scan_for: Callable[[str, BorderSide, str], Scan] = field(init=False)
    """`look_up_scan` with a cache of its own: carriers send the same few codes and texts over and over."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scan_for", lru_cache(maxsize=CACHE_SIZE)(self.look_up_scan))
        general_codes = (self.general_codes | self.find_general_codes()) - self.exact_codes
        object.__setattr__(self, "general_codes", general_codes)

    @classmethod
    def load(cls, name: str) -> CodeTable:
        """Load `tables/<name>.toml`. Raise ValueError for a scan that `Scan` does not have."""
        data = tomllib.loads((TABLES_DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))
        codes = {
            (code, side): scan for code, entry in data["codes"].items() for side, scan in expand_sides(entry).items()
        }
        rules = group_rules_by_code(data.get("text_rules", []))
        return cls(
            data["version"],
            codes,
            rules,
            frozenset(data.get("general_codes", [])),
            frozenset(data.get("exact_codes", [])),
        )

    def look_up_scan(self, code: str, side: BorderSide, text: str) -> Scan:
        """Return our scan for a carrier's code, corrected by its text; `unmapped` for a code not listed."""
        scan = self.codes.get((code, side))
        if scan is None:
            return Scan.UNMAPPED
        if not text:
            return scan
        ruled = next((rule.scan for rule in self.text_rules.get(code, ()) if rule.matches(side, text)), None)
        if ruled is Scan.UNMAPPED:
            return ruled
        read = None
        if code in self.general_codes:
            read = find_clear_words(text, side, allowed_over(scan, is_ruled=ruled is not None))
        return read or correct_scan_by_text(ruled or scan, text)

    def find_general_codes(self) -> frozenset[str]:
        """Return the codes that say the same little on every side of the border."""
        scans: dict[str, set[Scan]] = {}
        for (code, _), scan in self.codes.items():
            scans.setdefault(code, set()).add(scan)
        return frozenset(code for code, found in scans.items() if len(found) == 1 and found <= OUTVOTED.keys())


def group_rules_by_code(entries: list[dict[str, Any]]) -> dict[str, tuple[TextRule, ...]]:
    """Group the `[[text_rules]]` entries by each code that they may overrule, in the order of the file."""
    rules_by_code: dict[str, tuple[TextRule, ...]] = {}
    for entry in entries:
        rule = TextRule(re.compile(entry["pattern"], re.IGNORECASE), entry.get("side"), Scan(entry["scan"]))
        for code in entry["codes"]:
            rules_by_code[code] = (*rules_by_code.get(code, ()), rule)
    return rules_by_code
