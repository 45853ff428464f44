"""Pseudolocalization: English with accents, a third longer, in brackets, to find text that cannot be translated.

Text without brackets was never marked for translation; a missing bracket means a truncated or concatenated message.
"""

from __future__ import annotations

import re
from typing import Final

from babel.messages.catalog import Catalog

ACCENTS: Final = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
PROTECTED_PATTERN: Final = re.compile(r"(%\(\w+\)[sd]|{\w*}|%%|<[^>]*>|&\w+;)")
"""Placeholders, tags and entities, which must stay unchanged."""
OPENING_BRACKET: Final = "⟦"
CLOSING_BRACKET: Final = "⟧"


def pseudolocalize(text: str) -> str:
    """Return the pseudolocalized form of a message."""
    parts = PROTECTED_PATTERN.split(text)
    # `split` with one group puts the protected parts at the odd indexes.
    accented = "".join(part if index % 2 else part.translate(ACCENTS) for index, part in enumerate(parts))
    return f"{OPENING_BRACKET}{accented}{'·' * (len(text) // 3)}{CLOSING_BRACKET}"


def pseudolocalize_catalogue(source: Catalog) -> Catalog:
    """Return a catalogue that translates every message of the source to its pseudolocalized form."""
    catalogue = Catalog(locale="en")
    for message in source:
        if message.id:
            text = pseudolocalize(message.id) if isinstance(message.id, str) else tuple(map(pseudolocalize, message.id))
            catalogue.add(message.id, text, flags=message.flags)
    return catalogue
