"""Find spans of plain text that may be a number: one word, or several groups separated by one space or dash each."""

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
MAX_GROUPS, MAX_NUMBER_LENGTH, MIN_NUMBER_LENGTH, MAX_GROUP_LENGTH = 12, 40, 8, 9


class NumberSpan(NamedTuple):
    """A part of a text that may be a number, without its separators; or the placeholder of a link."""

    text: str
    start: int
    is_complete: bool
    """It is not part of something longer, such as a decimal or a hyphenated word."""
    is_disqualified: bool
    """A neighbouring character shows that it is something else: a price, a telephone number, an address."""


def find_spans(source_text: str) -> Iterator[NumberSpan]:
    """Yield the spans that may be a number, in reading order, without overlap."""
    groups = list(GROUP_PATTERN.finditer(source_text))
    index = 0
    while index < len(groups):
        span, group_count = span_at(groups, index, source_text)
        if span:
            yield span
        index += group_count


def span_at(groups: list[re.Match[str]], index: int, source_text: str) -> tuple[NumberSpan | None, int]:
    """Return the span that starts at a group, if any, and how many groups it takes (at least 1)."""
    text = groups[index][0]
    if text == LINK_CHARACTER:
        return NumberSpan(LINK_CHARACTER, groups[index].start(), True, False), 1
    if not can_start_number(text):
        return None, 1
    if is_complete_number(text):
        return build_span(groups, index, 1, source_text), 1
    group_count = count_joined_groups(groups, index, source_text)
    if group_count == 1 and not is_long_enough(text):
        return None, 1
    return build_span(groups, index, group_count, source_text), group_count


def can_start_number(text: str) -> bool:
    """Return whether a group may begin a number: it has a digit, or is up to four capital letters."""
    return len(text) <= MAX_NUMBER_LENGTH and (
        DIGIT_PATTERN.search(text) is not None or (len(text) <= 4 and text.isupper())
    )


def is_long_enough(text: str) -> bool:
    """Return whether a single group may be a number: it has a digit and the minimum length."""
    return len(text) >= MIN_NUMBER_LENGTH and DIGIT_PATTERN.search(text) is not None


def is_complete_number(text: str) -> bool:
    """Return whether a single group is a number that no further group belongs to; plain digits may continue."""
    return is_long_enough(text) and (
        not text.isdigit() or DISTINCTIVE_FORMAT_PATTERN.fullmatch(text.upper()) is not None
    )


def count_joined_groups(groups: list[re.Match[str]], index: int, source_text: str) -> int:
    """Return how many groups make a number: the most that match a distinctive format, else a run of digits, else 1."""
    adjacent, best = count_adjacent_groups(groups, index, source_text), 1
    text = groups[index][0]
    for count, group in enumerate(groups[index + 1 : index + adjacent], start=2):
        text += group[0]
        if MIN_NUMBER_LENGTH <= len(text) <= MAX_NUMBER_LENGTH and DISTINCTIVE_FORMAT_PATTERN.fullmatch(text.upper()):
            best = count
    return best if best > 1 else count_digit_groups(groups, index, adjacent)


def count_adjacent_groups(groups: list[re.Match[str]], index: int, source_text: str) -> int:
    """Return how many groups follow each other with the same single space or dash; only the first may be long."""
    separator = source_text[groups[index].end() : groups[index].end() + 1]
    count = 1
    while separator in (" ", "-") and count < MAX_GROUPS and index + count < len(groups):
        previous, group = groups[index + count - 1], groups[index + count]
        if (
            source_text[previous.end() : group.start()] != separator
            or len(group[0]) > MAX_GROUP_LENGTH
            or group[0] == LINK_CHARACTER
        ):
            break
        count += 1
    return count


def count_digit_groups(groups: list[re.Match[str]], index: int, group_count: int) -> int:
    """Return how many of the groups, from the first on, are two to six digits; at least 1."""
    sizes = [len(group[0]) if group[0].isdigit() else 0 for group in groups[index : index + group_count]]
    count = next((position for position, size in enumerate(sizes) if not 2 <= size <= 6), len(sizes))
    return max(count, 1)


def build_span(groups: list[re.Match[str]], index: int, group_count: int, source_text: str) -> NumberSpan:
    """Return the span of some groups, judged by the characters around it."""
    start, end = groups[index].start(), groups[index + group_count - 1].end()
    text = "".join(group[0] for group in groups[index : index + group_count])
    return NumberSpan(
        text, start, is_standalone(source_text, start, end), has_disqualifying_neighbour(source_text, start, end)
    )


def is_standalone(source_text: str, start: int, end: int) -> bool:
    """Return whether nothing is joined to a span: digits by a point, colon or comma, or anything by a dash."""
    return not (
        JOINED_BEFORE_PATTERN.search(source_text[max(0, start - 2) : start])
        or JOINED_AFTER_PATTERN.match(source_text[end : end + 2])
    )


def has_disqualifying_neighbour(source_text: str, start: int, end: int) -> bool:
    """Return whether a neighbour shows a price, a telephone number, an address or part of something longer."""
    nearby = source_text[max(0, start - 2) : start] + source_text[end : end + 2]
    return (
        source_text[start - 1 : start] in DISQUALIFYING_BEFORE
        or source_text[end : end + 1] in DISQUALIFYING_AFTER
        or bool(CURRENCY_SYMBOLS & set(nearby))
    )
