"""Pasted text as plain text: one script of digits and dashes, nothing invisible, no mail encoding, no HTML.

Everything here takes time linear in the text, whatever the text. A link is replaced by a mark, so that what stands in
it and what stands around it keep their order.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final, NamedTuple

LINK: Final = "\ue000"
ENTITY: Final = re.compile(r"&#?[0-9A-Za-z]{1,31};")
SOFT_BREAK: Final = re.compile(r"=[ \t]{0,8}\r?\n")
QUOTED: Final = re.compile(r"=([2-7][0-9A-F])")
TAG: Final = re.compile(r"<(/?[A-Za-z!][^<>]*)>")
INLINE: Final = re.compile(r"/?(?:b|i|u|em|strong|span|font|wbr|mark|small)\b", re.IGNORECASE)
UNSEEN: Final = re.compile(r"<(/?)(?:style|script)\b[^<>]*>", re.IGNORECASE)
ADDRESS: Final = re.compile(
    r"(?:https?://|(?<![\w.@/-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,10}/)[^\s<>\"'\\^`{}|\ue000]+", re.IGNORECASE
)
CLOSING: Final = ".,;:!?)]*_"


class Page(NamedTuple):
    """A text in reading order, with a mark for each link."""

    words: str
    links: tuple[str, ...]


class Characters(dict[int, str | None]):
    """What becomes of each character: digits of any script as 0 to 9, dashes and blanks as one, the invisible gone."""

    def __missing__(self, code: int) -> str | None:
        self[code] = plain = plain_character(chr(code))
        return plain


CHARACTERS: Final = Characters()


def plain_character(char: str) -> str | None:
    """Return the plain form of one character, or None for one that nobody sees."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category in ("Cf", "Co", "Cs", "Me") or "\ufe00" <= char <= "\ufe0f":
        return None
    if category in ("Pd", "Zs"):
        return "-" if category == "Pd" else " "
    return char


def readable(text: str) -> str:
    """Return a text with wide and foreign digits, dashes and blanks made plain, and without invisible characters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(CHARACTERS)


def page_of(text: str) -> Page:
    """Return a pasted text, mail or HTML as its words and its links."""
    plain = ENTITY.sub(lambda entity: html.unescape(entity[0]), unquoted(readable(text)))
    links: list[str] = []

    def remember(address: re.Match[str]) -> str:
        links.append(address[0].rstrip(CLOSING))
        return LINK

    return Page(without_tags(ADDRESS.sub(remember, readable(plain).replace(LINK, ""))), tuple(links))


def unquoted(text: str) -> str:
    """Return a mail's quoted-printable source as text. A lone `=` that stands for itself is left alone."""
    joined = SOFT_BREAK.sub("", text)
    return QUOTED.sub(lambda code: chr(int(code[1], 16)), joined) if "=3D" in joined else joined


def without_tags(text: str) -> str:
    """Return the words of HTML, its links' marks kept. Other text has no tags and stays as it is."""
    if "<" not in text:
        return text
    pieces = UNSEEN.split(text)
    shown = [pieces[0]] + [words for closing, words in zip(pieces[1::2], pieces[2::2], strict=True) if closing]
    return TAG.sub(lambda tag: gap(tag[1]) + LINK * tag[1].count(LINK), "\n".join(shown))


def gap(tag: str) -> str:
    """Return what stands in place of a tag: nothing within a line of text, else a line's end."""
    return "" if INLINE.match(tag) else "\n"
