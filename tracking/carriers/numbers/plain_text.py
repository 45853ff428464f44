"""Pasted text as plain text: one script of digits and dashes, nothing invisible, no mail encoding, no HTML.

Everything here takes time linear in the text, whatever the text. A link is replaced by a mark, so that what stands in
it and what stands around it keep their order.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final, NamedTuple

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
    """A text in reading order, with a mark for each link."""

    text: str
    links: tuple[str, ...]


class CharacterMap(dict[int, str | None]):
    """What becomes of each character: digits of any script as 0 to 9, dashes and blanks as one, the invisible gone."""

    def __missing__(self, code: int) -> str | None:
        self[code] = plain = normalize_character(chr(code))
        return plain


CHARACTER_MAP: Final = CharacterMap()


def normalize_character(char: str) -> str | None:
    """Return the plain form of one character, or None for one that nobody sees."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category in ("Cf", "Co", "Cs", "Me") or "\ufe00" <= char <= "\ufe0f":
        return None
    if category in ("Pd", "Zs"):
        return "-" if category == "Pd" else " "
    return char


def normalize_characters(text: str) -> str:
    """Return a text with wide and foreign digits, dashes and blanks made plain, and without invisible characters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(CHARACTER_MAP)


def extract_plain_text(text: str) -> PlainText:
    """Return a pasted text, mail or HTML as its words and its links."""
    plain = ENTITY_PATTERN.sub(
        lambda entity: html.unescape(entity[0]), decode_quoted_printable(normalize_characters(text))
    )
    links: list[str] = []

    def remember(address: re.Match[str]) -> str:
        links.append(address[0].rstrip(TRAILING_PUNCTUATION))
        return LINK_CHARACTER

    return PlainText(
        strip_tags(URL_PATTERN.sub(remember, normalize_characters(plain).replace(LINK_CHARACTER, ""))), tuple(links)
    )


def decode_quoted_printable(text: str) -> str:
    """Return a mail's quoted-printable source as text. A lone `=` that stands for itself is left alone."""
    joined = SOFT_BREAK_PATTERN.sub("", text)
    return QUOTED_PRINTABLE_PATTERN.sub(lambda code: chr(int(code[1], 16)), joined) if "=3D" in joined else joined


def strip_tags(text: str) -> str:
    """Return the words of HTML, its links' marks kept. Other text has no tags and stays as it is."""
    if "<" not in text:
        return text
    pieces = HIDDEN_ELEMENT_PATTERN.split(text)
    shown = [pieces[0]] + [words for closing, words in zip(pieces[1::2], pieces[2::2], strict=True) if closing]
    return TAG_PATTERN.sub(
        lambda tag: tag_replacement(tag[1]) + LINK_CHARACTER * tag[1].count(LINK_CHARACTER), "\n".join(shown)
    )


def tag_replacement(tag: str) -> str:
    """Return what stands in place of a tag: nothing within a line of text, else a line's end."""
    return "" if INLINE_TAG_PATTERN.match(tag) else "\n"
