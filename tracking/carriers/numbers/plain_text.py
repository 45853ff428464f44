"""Convert pasted text to plain text: ASCII digits and dashes, no invisible characters, no mail encoding, no HTML.

Everything here takes time linear in the length of the text, also for text made to be slow. A link is replaced by a
placeholder character, so that numbers in links and around them stay in order.
"""

from __future__ import annotations

import html
import re
from typing import Final, NamedTuple

from tracking.typed_input.characters import normalize_characters

LINK_CHARACTER: Final = "\ue000"
ENTITY_PATTERN: Final = re.compile(r"&#?[0-9A-Za-z]{1,31};")
SOFT_BREAK_PATTERN: Final = re.compile(r"=[ \t]{0,8}\r?\n")
QUOTED_PRINTABLE_PATTERN: Final = re.compile(r"=([2-7][0-9A-F])")
TAG_PATTERN: Final = re.compile(r"<(/?[A-Za-z!][^<>]*)>")
INLINE_TAG_PATTERN: Final = re.compile(r"/?(?:b|i|u|em|strong|span|font|wbr|mark|small)\b", re.IGNORECASE)
HIDDEN_ELEMENT_PATTERN: Final = re.compile(r"<(/?)(?:style|script)\b[^<>]*>", re.IGNORECASE)
URL_PATTERN: Final = re.compile(
    r"(?:https?://|(?<![\w.@/-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,10}/)[^\s<>\"'\\^`{}|\ue000]+", re.IGNORECASE
)
TRAILING_PUNCTUATION: Final = ".,;:!?)]*_"


class PlainText(NamedTuple):
    """A text in reading order, with `LINK_CHARACTER` in place of each of its links."""

    text: str
    links: tuple[str, ...]


def extract_plain_text(text: str) -> PlainText:
    """Return the text and the links of a pasted text, mail source or HTML."""
    decoded = ENTITY_PATTERN.sub(
        lambda entity: html.unescape(entity[0]), decode_quoted_printable(normalize_characters(text))
    )
    links: list[str] = []

    def replace_link(match: re.Match[str]) -> str:
        links.append(match[0].rstrip(TRAILING_PUNCTUATION))
        return LINK_CHARACTER

    # Entities may have decoded to invisible characters or to the placeholder itself: both go before links are replaced.
    text = normalize_characters(decoded).replace(LINK_CHARACTER, "")
    return PlainText(strip_tags(URL_PATTERN.sub(replace_link, text)), tuple(links))


def decode_quoted_printable(text: str) -> str:
    """Decode a mail's quoted-printable source. Text without an encoded `=` keeps its other `=XX` as they are."""
    joined = SOFT_BREAK_PATTERN.sub("", text)
    return QUOTED_PRINTABLE_PATTERN.sub(lambda code: chr(int(code[1], 16)), joined) if "=3D" in joined else joined


def strip_tags(text: str) -> str:
    """Remove HTML tags, styles and scripts, but keep the placeholders of links inside tags."""
    if "<" not in text:
        return text
    parts = HIDDEN_ELEMENT_PATTERN.split(text)
    visible = [parts[0]] + [part for closing, part in zip(parts[1::2], parts[2::2], strict=True) if closing]
    return TAG_PATTERN.sub(
        lambda tag: tag_replacement(tag[1]) + LINK_CHARACTER * tag[1].count(LINK_CHARACTER), "\n".join(visible)
    )


def tag_replacement(tag: str) -> str:
    """Return the text in place of a tag: '' for an inline element, else a line break."""
    return "" if INLINE_TAG_PATTERN.match(tag) else "\n"
