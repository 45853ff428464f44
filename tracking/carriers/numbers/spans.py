"""Where a number may stand in plain text: one word, or several groups apart by one blank or one dash each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tracking.carriers.numbers.formats import FORMATS
from tracking.carriers.numbers.plain_text import LINK_CHARACTER

GROUP_PATTERN: Final = re.compile(rf"{LINK_CHARACTER}|[0-9A-Za-z]+", re.ASCII)
DIGIT_PATTERN: Final = re.compile(r"\d", re.ASCII)
DISTINCTIVE_FORMAT_PATTERN: Final = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", f"(?:{row.pattern.pattern})") for row in FORMATS if row.is_distinctive), re.ASCII
)
JOINED_BEFORE_PATTERN: Final = re.compile(r"\d[.:,]$|\w-$", re.ASCII)
JOINED_AFTER_PATTERN: Final = re.compile(r"[.:,]\d|-\w", re.ASCII)
DISQUALIFYING_BEFORE: Final = frozenset("+#@/\\%&=.,-")
DISQUALIFYING_AFTER: Final = frozenset("@/\\%&=-")
CURRENCY_SYMBOLS: Final = frozenset("€$£¥₹")
MAX_GROUPS, MAX_NUMBER_LENGTH, MIN_NUMBER_LENGTH, MAX_GROUP_LENGTH = 12, 40, 8, 8


class NumberSpan(NamedTuple):
    """A stretch of text that may be a number, or the mark of a link."""

    text: str
    start: int
    is_complete: bool
    """No further digits belong to it."""
    is_disqualified: bool
    """A neighbouring character says that it is something else: a price, a telephone number, an address."""


def find_spans(source_text: str) -> Iterator[NumberSpan]:
    """Yield what may be a number, in order of reading. None overlaps another."""
    groups = list(GROUP_PATTERN.finditer(source_text))
    place = 0
    while place < len(groups):
        piece, used = span_at(groups, place, source_text)
        if piece:
            yield piece
        place += used


def span_at(groups: list[re.Match[str]], index: int, source_text: str) -> tuple[NumberSpan | None, int]:
    """Return what may be a number at one group, and how many groups it takes."""
    text = groups[index][0]
    if text == LINK_CHARACTER:
        return NumberSpan(LINK_CHARACTER, groups[index].start(), True, False), 1
    if len(text) > MAX_NUMBER_LENGTH or not (DIGIT_PATTERN.search(text) or (len(text) <= 4 and text.isupper())):
        return None, 1
    if (
        len(text) >= MIN_NUMBER_LENGTH
        and DIGIT_PATTERN.search(text)
        and (DISTINCTIVE_FORMAT_PATTERN.fullmatch(text.upper()) or not text.isdigit())
    ):
        return build_span(groups, index, 1, source_text), 1
    used = count_joined_groups(groups, index, source_text)
    piece = build_span(groups, index, used, source_text)
    return (piece if used > 1 or (DIGIT_PATTERN.search(text) and len(text) >= MIN_NUMBER_LENGTH) else None), used


def count_joined_groups(groups: list[re.Match[str]], index: int, source_text: str) -> int:
    """Return how many groups make a number: the most that have a marked shape, else a run of digits, else one."""
    reach, best = count_adjacent_groups(groups, index, source_text), 1
    text = groups[index][0]
    for used, group in enumerate(groups[index + 1 : index + reach], start=2):
        text += group[0]
        if MIN_NUMBER_LENGTH <= len(text) <= MAX_NUMBER_LENGTH and DISTINCTIVE_FORMAT_PATTERN.fullmatch(text.upper()):
            best = used
    return best if best > 1 else count_digit_groups(groups, index, reach)


def count_adjacent_groups(groups: list[re.Match[str]], index: int, source_text: str) -> int:
    """Return how many groups follow one another by one and the same blank or dash; a long one only stands first."""
    gap = source_text[groups[index].end() : groups[index].end() + 1]
    reach = 1
    while gap in (" ", "-") and reach < MAX_GROUPS and index + reach < len(groups):
        last, group = groups[index + reach - 1], groups[index + reach]
        if (
            source_text[last.end() : group.start()] != gap
            or len(group[0]) > MAX_GROUP_LENGTH
            or group[0] == LINK_CHARACTER
        ):
            break
        reach += 1
    return reach


def count_digit_groups(groups: list[re.Match[str]], index: int, group_count: int) -> int:
    """Return how many groups are short groups of digits in a row; more of them than a number holds are none."""
    sizes = [len(group[0]) if group[0].isdigit() else 0 for group in groups[index : index + group_count]]
    used = next((count for count, size in enumerate(sizes) if not 2 <= size <= 6), len(sizes))
    return max(used, 1)


def build_span(groups: list[re.Match[str]], index: int, group_count: int, source_text: str) -> NumberSpan:
    """Return the piece that some groups make, with what its neighbours say."""
    start, end = groups[index].start(), groups[index + group_count - 1].end()
    text = "".join(group[0] for group in groups[index : index + group_count])
    return NumberSpan(
        text, start, is_standalone(source_text, start, end), has_disqualifying_neighbour(source_text, start, end)
    )


def is_standalone(source_text: str, start: int, end: int) -> bool:
    """Say whether nothing else belongs to it: digits behind a point or a colon, or anything behind a dash."""
    return not (
        JOINED_BEFORE_PATTERN.search(source_text[max(0, start - 2) : start])
        or JOINED_AFTER_PATTERN.match(source_text[end : end + 2])
    )


def has_disqualifying_neighbour(source_text: str, start: int, end: int) -> bool:
    """Say whether a neighbour makes it a price, a telephone number, an address or part of something longer."""
    near = source_text[max(0, start - 2) : start] + source_text[end : end + 2]
    return (
        source_text[start - 1 : start] in DISQUALIFYING_BEFORE
        or source_text[end : end + 1] in DISQUALIFYING_AFTER
        or bool(CURRENCY_SYMBOLS & set(near))
    )
