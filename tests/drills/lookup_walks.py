"""Ways round the limits on guessing: the same order typed in other words, or from other addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

TRIES: Final = 30
UPS: Final = "1Z999AA10123456784"
S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


class Walk(NamedTuple):
    """A way round the limits: what to type and from which address, by the number of the try; the buyer's text."""

    name: str
    text: Callable[[int], str]
    client: Callable[[int], str]
    buyer_text: str


def spell(number: str, index: int) -> str:
    """Return a spelling of an order number that is the same number, another for each index below 32."""
    letters = number.lower() if index % 2 else number
    dash = ["-", " ", "\u2013", "\u2011"][index // 2 % 4]
    return "#" * (index // 8 % 2) + letters.replace("-", dash) + "\u200b" * (index // 16 % 2)


def s10_number(serial: int) -> str:
    """Return a postal number with a right check digit (UPU S10)."""
    digits = f"{serial:08d}"
    remainder = (
        11 - sum(int(digit) * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    )
    return f"RB{digits}{ {10: 0, 11: 5}.get(remainder, remainder) }CN"


def plan_walks() -> list[Walk]:
    """Return the walks; each is about orders of its own and comes from clients of its own."""

    def same(walk: int) -> Callable[[int], str]:
        return lambda _: f"192.0.2.{walk}"

    return [
        Walk("spellings of one order number", lambda index: spell("LF-1001", index), same(1), "LF-1001"),
        Walk("mails with one tracking number", lambda index: f"Hello {index}, {UPS} was sent", same(2), "LF-1002"),
        Walk("one number behind others", lambda index: f"{s10_number(index)} {s10_number(7001)}", same(3), "LF-1003"),
        Walk("addresses of one IPv6 /64", lambda _: "LF-1004", lambda index: f"2001:db8:1:2::{index + 1:x}", "LF-1004"),
        Walk("neighbouring order numbers", lambda index: f"LF-{2001 + index}", same(5), "LF-2001"),
        Walk("many strangers at one order", lambda _: "LF-1006", lambda index: f"198.51.100.{index // 6}", "LF-1006"),
    ]
