"""Where a number may stand in plain text: one word, or several groups apart by one blank or one dash each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tracking.carriers.numbers.clean import LINK
from tracking.carriers.numbers.formats import FORMATS

GROUP: Final = re.compile(rf"{LINK}|[0-9A-Za-z]+", re.ASCII)
DIGIT: Final = re.compile(r"\d", re.ASCII)
MARKED: Final = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", f"(?:{row.pattern.pattern})") for row in FORMATS if row.marked), re.ASCII
)
EARLIER: Final = re.compile(r"\d[.:,]$|\w-$", re.ASCII)
LATER: Final = re.compile(r"[.:,]\d|-\w", re.ASCII)
TAINT_BEFORE: Final = frozenset("+#@/\\%&=.,-")
TAINT_AFTER: Final = frozenset("@/\\%&=-")
MONEY: Final = frozenset("€$£¥₹")
MOST_GROUPS, LONGEST, SHORTEST, LONGEST_GROUP = 12, 40, 8, 8


class Piece(NamedTuple):
    """A stretch of text that may be a number, or the mark of a link."""

    text: str
    start: int
    whole: bool
    """No further digits belong to it."""
    tainted: bool
    """A neighbouring character says that it is something else: a price, a telephone number, an address."""


def pieces(words: str) -> Iterator[Piece]:
    """Yield what may be a number, in order of reading. None overlaps another."""
    groups = list(GROUP.finditer(words))
    place = 0
    while place < len(groups):
        piece, used = piece_at(groups, place, words)
        if piece:
            yield piece
        place += used


def piece_at(groups: list[re.Match[str]], place: int, words: str) -> tuple[Piece | None, int]:
    """Return what may be a number at one group, and how many groups it takes."""
    text = groups[place][0]
    if text == LINK:
        return Piece(LINK, groups[place].start(), True, False), 1
    if len(text) > LONGEST or not (DIGIT.search(text) or (len(text) <= 4 and text.isupper())):
        return None, 1
    if len(text) >= SHORTEST and DIGIT.search(text) and (MARKED.fullmatch(text.upper()) or not text.isdigit()):
        return cut(groups, place, 1, words), 1
    used = joined(groups, place, words)
    piece = cut(groups, place, used, words)
    return (piece if used > 1 or (DIGIT.search(text) and len(text) >= SHORTEST) else None), used


def joined(groups: list[re.Match[str]], place: int, words: str) -> int:
    """Return how many groups make a number: the most that have a marked shape, else a run of digits, else one."""
    reach, best = reached(groups, place, words), 1
    text = groups[place][0]
    for used, group in enumerate(groups[place + 1 : place + reach], start=2):
        text += group[0]
        if SHORTEST <= len(text) <= LONGEST and MARKED.fullmatch(text.upper()):
            best = used
    return best if best > 1 else run_of_digits(groups, place, reach)


def reached(groups: list[re.Match[str]], place: int, words: str) -> int:
    """Return how many groups follow one another by one and the same blank or dash; a long one only stands first."""
    gap = words[groups[place].end() : groups[place].end() + 1]
    reach = 1
    while gap in (" ", "-") and reach < MOST_GROUPS and place + reach < len(groups):
        last, group = groups[place + reach - 1], groups[place + reach]
        if words[last.end() : group.start()] != gap or len(group[0]) > LONGEST_GROUP or group[0] == LINK:
            break
        reach += 1
    return reach


def run_of_digits(groups: list[re.Match[str]], place: int, reach: int) -> int:
    """Return how many groups are short groups of digits in a row; more of them than a number holds are none."""
    sizes = [len(group[0]) if group[0].isdigit() else 0 for group in groups[place : place + reach]]
    used = next((count for count, size in enumerate(sizes) if not 2 <= size <= 6), len(sizes))
    return max(used, 1)


def cut(groups: list[re.Match[str]], place: int, used: int, words: str) -> Piece:
    """Return the piece that some groups make, with what its neighbours say."""
    start, end = groups[place].start(), groups[place + used - 1].end()
    text = "".join(group[0] for group in groups[place : place + used])
    return Piece(text, start, stands_alone(words, start, end), is_tainted(words, start, end))


def stands_alone(words: str, start: int, end: int) -> bool:
    """Say whether nothing else belongs to it: digits behind a point or a colon, or anything behind a dash."""
    return not (EARLIER.search(words[max(0, start - 2) : start]) or LATER.match(words[end : end + 2]))


def is_tainted(words: str, start: int, end: int) -> bool:
    """Say whether a neighbour makes it a price, a telephone number, an address or part of something longer."""
    near = words[max(0, start - 2) : start] + words[end : end + 2]
    return words[start - 1 : start] in TAINT_BEFORE or words[end : end + 1] in TAINT_AFTER or bool(MONEY & set(near))
