"""Check digits. Each function takes a number whose last character is the check digit, and says whether it agrees.

Sources: GS1's General Specifications (weights 3 and 1 from the right), the UPU's S10, ISO 7064 (MOD 37,36, which DPD's
parcel label specification names), and `jkeen/tracking_number_data` (MIT) for UPS, FedEx, USPS, OnTrac and DHL Express.
GLS: the Uni-Box documentation, chapter 3.2.1. Identcode: Deutsche Post's weights 4 and 9. Australia Post: the eParcel
label specification, where a letter counts as the last digit of its ASCII code. Colissimo: the ten digits after the
product code, by GS1's rule, as its label software does.

GS1, GLS, Luhn and ISO 7064 find each single wrong digit. The others miss some: UPS and Identcode a change by five
under an even weight, DHL Express a change by seven, FedEx one between the remainders that it writes 0, S10 one between
those that it writes 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def weighted_sum(digits: Iterable[int], weights: Iterable[int]) -> int:
    """Return the sum of the digits, each by its weight; the weights are used over and over."""
    return sum(digit * weight for digit, weight in zip(digits, cycle(weights), strict=False))


def reversed_digits(number: str) -> list[int]:
    """Return the digits before the check digit, last first; a letter is the last digit of its ASCII code."""
    return [int(char) if char.isdigit() else ord(char) % 10 for char in reversed(number[:-1])]


def gs1(number: str, addend: int = 0) -> bool:
    """Modulo 10, weights 3 and 1 from the right: GTIN and SSCC, IMpb, Canada Post, Colissimo, FedEx Ground and more."""
    return (weighted_sum(reversed_digits(number), (3, 1)) + addend + int(number[-1])) % 10 == 0


def gls(number: str) -> bool:
    """GLS, 11 digits and one: as GS1, with one added to the sum."""
    return gs1(number, addend=1)


def usps_after_91(number: str) -> bool:
    """USPS, 20 digits that were printed without their 91 and are checked with it."""
    return gs1("91" + number)


def fedex_after_92(number: str) -> bool:
    """FedEx SmartPost, 20 digits that were printed without their 92 and are checked with it."""
    return gs1("92" + number)


def identcode(number: str) -> bool:
    """Deutsche Post's Identcode, 11 digits and one: modulo 10, weights 4 and 9 from the left."""
    return (weighted_sum(map(int, number[:-1]), (4, 9)) + int(number[-1])) % 10 == 0


def luhn(number: str) -> bool:
    """Luhn: every second digit from the right doubled, and its own digits summed. Purolator."""
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in positioned_digits(number)]
    return (sum(doubled) + int(number[-1])) % 10 == 0


def positioned_digits(number: str) -> Iterable[tuple[int, int]]:
    """Return the digits before the check digit with their places, last first."""
    return enumerate(reversed_digits(number))


def ups(number: str) -> bool:
    """UPS 1Z after its prefix, and OnTrac: modulo 10, weights 1 and 2 from the left; letters run A = 2, B = 3, ..."""
    values = [int(char) if char.isdigit() else (ord(char) - 3) % 10 for char in number[:-1]]
    return (weighted_sum(values, (1, 2)) + int(number[-1])) % 10 == 0


def fedex(number: str) -> bool:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, then modulo 10."""
    return weighted_sum(reversed_digits(number), (1, 3, 7)) % 11 % 10 == int(number[-1])


def dhl_mod7(number: str) -> bool:
    """DHL Express: the number itself modulo 7."""
    return int(number[:-1]) % 7 == int(number[-1])


def s10(number: str) -> bool:
    """UPU S10, eight digits and one: 11 less the weighted sum modulo 11, where 10 is written 0 and 11 is written 5."""
    check = 11 - weighted_sum(map(int, number[:-1]), (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: 0, 11: 5}.get(check, check) == int(number[-1])


def mod37_36(number: str) -> bool:
    """ISO 7064 MOD 37,36, digits and letters: DPD."""
    product = 36
    for char in number[:-1]:
        product = ((product + ALPHABET.index(char)) % 36 or 36) * 2 % 37
    return (product + ALPHABET.index(number[-1])) % 36 == 1
