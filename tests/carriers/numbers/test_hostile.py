"""Texts made to be slow take time linear in their length."""

from __future__ import annotations

import time

import pytest

from tracking.carriers.numbers import detect_carriers, find_numbers

SIZE = 40_000
HOSTILE = [
    *("1", "1 ", "12 ", "12-34 ", "1Z", "RB 12 ", "AB-", "9400 1112 ", "1234567890 ", "tracking 1234567890 ", "a1"),
    *("1Z5R89390357567127 ", "<", "<a ", "<a>", "<style>", "<!--", "&", "&#", "&amp;", "=", "=\n", "=3D", "%", "%3D"),
    *(
        "https://",
        "https://a.b/ ",
        "http%3A%2F%2F",
        "https://ups.com/track?tracknum=1Z5R89390357567127,",
        "www.a.",
        "a.",
        "a-",
        "a.bc/",
    ),
    *("\u0661", "\u200b", "\ufdfa", "\ue000", "\n", "\t1", "\x00", "order ", "單號", "DHL "),
]


def search_seconds(text: str) -> float:
    """Return the processor time that a search and a detection take: the least of three, without other work's share."""
    return min(single_search_seconds(text) for _ in range(3))


def single_search_seconds(text: str) -> float:
    """Return the processor time of one search and one detection."""
    start = time.process_time()
    find_numbers(text)
    detect_carriers(text)
    return time.process_time() - start


@pytest.mark.parametrize("pattern", HOSTILE, ids=repr)
def test_forty_kilobytes_take_linear_time(pattern: str) -> None:
    text = (pattern * (SIZE // len(pattern) + 1))[:SIZE]

    assert search_seconds(text) < 30 * max(search_seconds(text[: SIZE // 10]), 0.01)


def test_a_link_of_a_hundred_kilobytes_is_searched_in_time() -> None:
    assert search_seconds("https://www.ups.com/track?tracknum=" + "1Z5R89390357567127%2C" * 5000) < 20
    assert search_seconds("https://a.example/?" + "url=https%3A%2F%2F" * 5000) < 20
