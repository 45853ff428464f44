"""A headline with its big part: what no line break may divide. Pure: no database, no texts of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

BREAK_PATTERN: Final = re.compile(r"(?<=[–—～〜~至])\s*|\s*\n")
"""Where a line may end within dates: after the dash of a range, and where a value has a line break."""
BIG_PART_PATTERN: Final = re.compile(r"\|(.+?)\|", re.DOTALL)
DATE_PATTERN: Final = re.compile(r"\|[^|]*%\((?:days?|first|last)\)s[^|]*\|")
"""A big part that names days or hours."""


class Headline(NamedTuple):
    """The answer itself: what leads to its big part, that part in pieces, and the rest.

    `is_date`: each piece is a date or a time, which no line break may divide.
    """

    lead: str
    parts: tuple[str, ...]
    tail: str = ""
    is_date: bool = False

    @property
    def text(self) -> str:
        """Return the headline as one sentence, for titles and messages."""
        return " ".join(filter(None, (self.lead, " ".join(self.parts), self.tail)))


def build_headline(message: str, values: Mapping[str, str]) -> Headline:
    """Return a translated message as a headline. What stands between two bars is its big part, else all of it."""
    text = message % values
    match = BIG_PART_PATTERN.search(text)
    if match is None:
        return Headline("", (text,))
    is_date = DATE_PATTERN.search(message) is not None
    parts = unbreakable_parts(match.group(1)) if is_date else (match.group(1),)
    return Headline(text[: match.start()].strip(), parts, text[match.end() :].strip(), is_date)


def unbreakable_parts(text: str) -> tuple[str, ...]:
    """Split dates where a line may end."""
    return tuple(part.strip() for part in BREAK_PATTERN.split(text, maxsplit=1))
