"""Find the tracking number where an answer has a label around it, or a text in its place."""

from __future__ import annotations

import re
from typing import Any, Final

from tracking.carriers.parsing.json_access import clean_text
from tracking.carriers.text_rules import MIN_NUMBER_LENGTH, NUMBER_PATTERN

SINGLE_TOKEN_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.~-]*")
LABELLED_PATTERN: Final = re.compile(NUMBER_PATTERN, re.IGNORECASE)


def parse_number(value: Any) -> str:
    """Return a tracking number without the label around it; '' for a text without one.

    `Latest Tracking Number: UJ000000011YP` gives the number, `not yet known` and `N/A` give ''.
    """
    text = clean_text(value)
    if not any(character.isdecimal() for character in text):
        return ""
    if SINGLE_TOKEN_PATTERN.fullmatch(text):
        return text
    found = (match.group(1).replace(" ", "") for match in LABELLED_PATTERN.finditer(text))
    return next((number for number in found if is_number(number)), "")


def is_number(text: str) -> bool:
    """Return whether a word can be a number rather than a word of its label."""
    return len(text) >= MIN_NUMBER_LENGTH and any(character.isdecimal() for character in text)
