"""Words that our own English texts for buyers avoid, each with what to write instead.

`manage.py check_messages` refuses them, so that one thing keeps one name and the carriers' jargon stays out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from babel.messages.catalog import Message

from tracking.localization.message_extraction import is_for_buyers

FORBIDDEN_WORDS: Final[Mapping[str, str]] = {
    r"status(es)?": "say what is so",
    r"shipments?": "parcel",
    r"exceptions?": "say what went wrong",
    r"(is|are|was|were|been|delivery) attempted|attempted delivery": "tried",
    r"facility|facilities": "sorting centre, depot",
    r"processed|processing": "sorted, checked",
    r"consignees?": "you, the recipient",
    r"papers?": "document",
    r"e-mails?|mails": "email",
    r"told (by|of)|as told": "reported by",
    r"lanes?": "route",
    r"sums?": "amount",
    r"once more": "again",
    r"as a rule": "usually",
    r"anybody": "anyone",
    r"telephones?": "phone",
    r"comes? along": "comes",
    r"stands? (beside|on|at)": "is",
    r"unfortunately|sorry|apologi[sz]e": "no apology",
}
"""Patterns of whole words, in any case, and what to write instead."""
PATTERNS: Final = {
    **{re.compile(rf"\b({word})\b", re.IGNORECASE): instead for word, instead in FORBIDDEN_WORDS.items()},
    re.compile(r"!(?!=)"): "a full stop",
}
NOT_WORDS: Final = re.compile(r"%\(\w+\)[sd]|<[^>]*>|{\w*}")
"""Placeholders and tags: their names are not read by anyone."""


def find_forbidden_words(text: str) -> Iterator[str]:
    """Yield one line for each word of an English text that buyers should not read, with what to write instead."""
    words = NOT_WORDS.sub(" ", text)
    for pattern, instead in PATTERNS.items():
        if match := pattern.search(words):
            yield f"write “{instead}” for “{match.group()}”"


def find_forbidden_wording(source: Iterable[Message]) -> Iterator[str]:
    """Yield one line for each such word in the messages of the source that buyers read."""
    for message in source:
        if message.id and is_for_buyers(message):
            texts = message.id if isinstance(message.id, tuple | list) else (message.id,)
            found = dict.fromkeys(error for text in texts for error in find_forbidden_words(text))
            yield from (f"source: {error}: {texts[0]!r}" for error in found)
