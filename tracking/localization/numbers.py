"""Numbers as a reader's language writes them: separators, digits, money, telephones, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import phonenumbers
from babel import Locale
from babel.lists import format_list
from babel.numbers import NumberPattern, format_currency, format_decimal, parse_pattern

from tracking.localization.reader import Reader

DIGIT_ZERO_CODE_POINTS: Final[Mapping[str, int]] = {
    "arab": 0x660, "arabext": 0x6F0, "deva": 0x966, "beng": 0x9E6, "gujr": 0xAE6, "guru": 0xA66, "khmr": 0x17E0,
    "knda": 0xCE6, "laoo": 0xED0, "mlym": 0xD66, "mymr": 0x1040, "orya": 0xB66, "tamldec": 0xBE6, "telu": 0xC66,
    "thai": 0xE50, "tibt": 0xF20, "cakm": 0x11136, "olck": 0x1C50, "hmnp": 0x1E140, "adlm": 0x1E950,
}  # fmt: skip
"""The code point of nought in each numbering system that CLDR has as some locale's default (numberingSystems)."""


ORDINALS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"one": "{}st", "two": "{}nd", "few": "{}rd", "other": "{}th"},
    "es": {"other": "{}.º", "f": "{}.ª"},
    "fr": {"one": "{}er", "other": "{}e", "one f": "{}re"},
    "it": {"other": "{}º", "f": "{}ª"},
    "ja": {"other": "第{}"},
    "ko": {"other": "{}번째"},
    "pt": {"other": "{}º", "f": "{}ª"},
    "ru": {"other": "{}-й", "f": "{}-я"},
    "zh": {"other": "第{}"},
}
"""Ordinals in digits (CLDR, rbnf: digits-ordinal) by plural category, `f` those of a feminine word; Korean as said.

Elsewhere a full stop makes an ordinal, as CLDR's root has it; in Arabic the number alone stands behind its word.
"""


@lru_cache(maxsize=8)
def exact_decimal_pattern(places: int) -> NumberPattern:
    """Return the pattern of numbers with so many decimal places."""
    return parse_pattern("#,##0" + ("." + "0" * places if places else ""))


@lru_cache(maxsize=8)
def max_decimal_pattern(places: int) -> NumberPattern:
    """Return the pattern of numbers with at most so many decimal places."""
    return parse_pattern("#,##0" + ("." + "#" * places if places else ""))


@lru_cache(maxsize=128)
def currency_code_pattern(locale: Locale) -> NumberPattern:
    """Return a locale's pattern of money with the code in the place of the sign, apart from the digits (CLDR)."""
    pattern = locale.currency_formats["standard"].pattern
    return parse_pattern(re.sub(r"(?<=[#0])¤", "\xa0¤", re.sub(r"¤(?=[#0])", "¤\xa0", pattern)).replace("¤", "¤¤"))


@lru_cache(maxsize=128)
def digit_translation(system: str) -> Mapping[int, int]:
    """Return how ASCII digits are written in a numbering system; nothing where they stay as they are."""
    zero = DIGIT_ZERO_CODE_POINTS.get(system)
    return {ord("0") + place: zero + place for place in range(10)} if zero else {}


def convert_digits(text: str, locale: Locale, digits: str) -> str:
    """Write the digits of a text as the locale does, unless the reader wants Latin ones."""
    own = digit_translation(locale.default_numbering_system) if digits != "latn" else {}
    return text.translate(own) if own else text


def numbering_system(reader: Reader) -> str:
    """Return the numbering system to ask Babel for."""
    return "latn" if reader.digits == "latn" else "default"


def localize_digits(sentence: str, reader: Reader) -> str:
    """Write the figures of a sentence of ours in the reader's digits; never of one that holds a code or a link."""
    return convert_digits(sentence, reader.locale, reader.digits)


def format_number(value: float | Decimal, reader: Reader, places: int = 0, *, exact: bool = True) -> str:
    """Write a number with the separators and digits of a language, `1,240`, `1 240`, `1.240`.

    It has so many decimal places, or at most so many where it need not be `exact`.
    """
    pattern = exact_decimal_pattern(places) if exact else max_decimal_pattern(places)
    written = format_decimal(value, format=pattern, locale=reader.locale, numbering_system=numbering_system(reader))
    return convert_digits(written, reader.locale, reader.digits)


def format_ordinal(value: int, reader: Reader, *, feminine: bool = False) -> str:
    """Write a whole number as a place in a row: `2nd`, `2e`, `第2`; in the gender of the word that it counts."""
    forms = ORDINALS.get(reader.locale.language, {"other": "{}" if reader.locale.language == "ar" else "{}."})
    category = reader.locale.ordinal_form(value)
    wanted = (f"{category} f", "f") if feminine else ()
    form = next(forms[name] for name in (*wanted, category, "other") if name in forms)
    return form.format(format_number(value, reader))


def format_money(amount: Decimal, currency: str, reader: Reader) -> str:
    """Write an amount of money, the currency (ISO 4217) by its sign, its code or its name as the reader wants."""
    way: dict[str, Any] = {}
    if reader.currency == "name":
        way["format_type"] = "name"
    elif reader.currency == "code":
        way["format"] = currency_code_pattern(reader.locale)
    written = format_currency(amount, currency, locale=reader.locale, numbering_system=numbering_system(reader), **way)
    return convert_digits(written, reader.locale, reader.digits)


def format_phone(number: str) -> str:
    """Write a telephone number (E.164) in the groups of its country, as one dials it from abroad."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def join_list(parts: Iterable[str], reader: Reader) -> str:
    """Write a list of things with the language's commas and its word for `and`."""
    return format_list(list(parts), locale=reader.locale)
