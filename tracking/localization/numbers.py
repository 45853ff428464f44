"""Format numbers for a reader: separators, digits, ordinals, money, telephone numbers, lists."""

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
"""Code point of the digit 0 in each numbering system that is some locale's default (CLDR, numberingSystems)."""


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
"""Ordinals by plural category (CLDR, rbnf: digits-ordinal); `f` is the feminine form. Korean follows spoken use.

Other languages add a full stop, as CLDR's root does, except Arabic, which writes the bare number after the noun.
"""


@lru_cache(maxsize=8)
def exact_decimal_pattern(places: int) -> NumberPattern:
    """Return the pattern of numbers with exactly this many decimal places."""
    return parse_pattern("#,##0" + ("." + "0" * places if places else ""))


@lru_cache(maxsize=8)
def max_decimal_pattern(places: int) -> NumberPattern:
    """Return the pattern of numbers with at most this many decimal places."""
    return parse_pattern("#,##0" + ("." + "#" * places if places else ""))


@lru_cache(maxsize=128)
def currency_code_pattern(locale: Locale) -> NumberPattern:
    """Return a locale's money pattern with the currency code instead of the symbol, spaced from the digits (CLDR)."""
    pattern = locale.currency_formats["standard"].pattern
    return parse_pattern(re.sub(r"(?<=[#0])¤", "\xa0¤", re.sub(r"¤(?=[#0])", "¤\xa0", pattern)).replace("¤", "¤¤"))


@lru_cache(maxsize=128)
def digit_translation(system: str) -> Mapping[int, int]:
    """Return the `str.translate` table from ASCII digits to a numbering system; empty if they stay ASCII."""
    zero = DIGIT_ZERO_CODE_POINTS.get(system)
    return {ord("0") + place: zero + place for place in range(10)} if zero else {}


def convert_digits(text: str, locale: Locale, digits: str) -> str:
    """Replace ASCII digits by the locale's own, unless the reader chose Latin digits (`latn`)."""
    table = digit_translation(locale.default_numbering_system) if digits != "latn" else {}
    return text.translate(table) if table else text


def numbering_system(reader: Reader) -> str:
    """Return the numbering system in Babel's terms: `latn`, or the locale's default."""
    return "latn" if reader.digits == "latn" else "default"


def localize_digits(sentence: str, reader: Reader) -> str:
    """Convert the digits of one of our own sentences; never use it on text with a code, a number to copy or a link."""
    return convert_digits(sentence, reader.locale, reader.digits)


def format_number(value: float | Decimal, reader: Reader, places: int = 0, *, exact: bool = True) -> str:
    """Format a number with the separators and digits of a language: `1,240`, `1 240`, `1.240`.

    `places` is the number of decimal places, or their maximum if not `exact`.
    """
    pattern = exact_decimal_pattern(places) if exact else max_decimal_pattern(places)
    text = format_decimal(value, format=pattern, locale=reader.locale, numbering_system=numbering_system(reader))
    return convert_digits(text, reader.locale, reader.digits)


def format_ordinal(value: int, reader: Reader, *, feminine: bool = False) -> str:
    """Format an ordinal number: `2nd`, `2e`, `第2`; `feminine` is the gender of the counted noun."""
    forms = ORDINALS.get(reader.locale.language, {"other": "{}" if reader.locale.language == "ar" else "{}."})
    category = reader.locale.ordinal_form(value)
    feminine_forms = (f"{category} f", "f") if feminine else ()
    form = next(forms[name] for name in (*feminine_forms, category, "other") if name in forms)
    return form.format(format_number(value, reader))


def format_money(amount: Decimal, currency: str, reader: Reader) -> str:
    """Format money with the currency (ISO 4217) as symbol, code or name, as the reader prefers."""
    options: dict[str, Any] = {}
    if reader.currency == "name":
        options["format_type"] = "name"
    elif reader.currency == "code":
        options["format"] = currency_code_pattern(reader.locale)
    text = format_currency(amount, currency, locale=reader.locale, numbering_system=numbering_system(reader), **options)
    return convert_digits(text, reader.locale, reader.digits)


def format_phone(number: str) -> str:
    """Format a telephone number (E.164) in international notation, grouped as its country does."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def join_list(parts: Iterable[str], reader: Reader) -> str:
    """Join texts with the language's commas and its word for `and`."""
    return format_list(list(parts), locale=reader.locale)
