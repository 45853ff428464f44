"""A language that nobody speaks: English with accents, longer by a third, in brackets.

What stands on a page without brackets was never marked for translation; what has lost a bracket was cut off or glued
together of pieces.
"""

from __future__ import annotations

import re
from typing import Final

from babel.messages.catalog import Catalog

ACCENTS: Final = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
PROTECTED_PATTERN: Final = re.compile(r"(%\(\w+\)[sd]|{\w*}|%%|<[^>]*>|&\w+;)")
"""Placeholders, tags and entities stay as they are."""
OPENING_BRACKET: Final = "⟦"
CLOSING_BRACKET: Final = "⟧"


def pseudolocalize(text: str) -> str:
    """Return a sentence in the language that nobody speaks."""
    parts = PROTECTED_PATTERN.split(text)
    spoken = "".join(part if place % 2 else part.translate(ACCENTS) for place, part in enumerate(parts))
    return f"{OPENING_BRACKET}{spoken}{'·' * (len(text) // 3)}{CLOSING_BRACKET}"


def pseudolocalize_catalogue(source: Catalog) -> Catalog:
    """Return a catalogue in which every sentence of the source stands in the language that nobody speaks."""
    found = Catalog(locale="en")
    for message in source:
        if message.id:
            told = pseudolocalize(message.id) if isinstance(message.id, str) else tuple(map(pseudolocalize, message.id))
            found.add(message.id, told, flags=message.flags)
    return found
