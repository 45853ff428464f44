"""Read days, clocks and amounts of money as people write them. What could mean two things is not read."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.numbers import list_currencies

MONTH_LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "ru", "nl", "it")
NUMERIC_DAY: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2}))?\.?")
ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
EAST_ASIAN_DAY: Final = re.compile(r"(?:(\d{4})[年년] ?)?(\d{1,2})[月월] ?(\d{1,2})[日号일]")
DAY_THEN_MONTH: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s*(?:of |de |d’|d')?([^\W\d_]{3,12})\.?(?:,?\s*(?:de )?(\d{4}))?", re.IGNORECASE
)
MONTH_THEN_DAY: Final = re.compile(r"([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s*(\d{4}))?", re.IGNORECASE)
DAY_FORMS: Final = (
    r"\d{4}-\d{2}-\d{2}|(?:\d{4}[年년] ?)?\d{1,2}[月월] ?\d{1,2}[日号일]"
    r"|\d{1,2}[./-]\d{1,2}(?:[./-](?:\d{4}|\d{2}))?(?!\d)"
    r"|\d{1,2}(?:st|nd|rd|th|er|º|\.)?\s*(?:of |de |d[’'])?[^\W\d_]{3,12}\.?(?:,?\s*(?:de )?\d{4})?"
    r"|[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?(?:,?\s*\d{4})?"
)
"""A pattern that finds what may be a day; `parse_day` says whether it is one."""
HALF_YEAR_DAYS: Final = 183
CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.h時点시](\d{2})?(?:[:.](\d{2}))?)?\s*(a\.?m\.?|p\.?m\.?)?", re.IGNORECASE)
CLOCK_FORM: Final = r"\d{1,2}(?:[:.h時点시](?:\d{2})?)?\s*(?:[ap]\.?m\b\.?)?"
CURRENCY_SIGNS: Final = {
    "€": "EUR",
    "£": "GBP",
    "₩": "KRW",
    "원": "KRW",
    "₽": "RUB",
    "руб": "RUB",
    "₺": "TRY",
    "zł": "PLN",
    "₹": "INR",
    "R$": "BRL",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "HK$": "HKD",
    "NZ$": "NZD",
    "S$": "SGD",
    "元": "CNY",
    "円": "JPY",
    "CHF": "CHF",
    "EURO": "EUR",
    "EUROS": "EUR",
}
"""Signs of one currency. `$`, `¥` and `kr` have several and are not read."""
NUMBER_FORM: Final = r"\d{1,3}(?:[ .,' \u00a0]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?"
CURRENCY_FORM: Final = r"(?-i:\b[A-Z]{3}\b)|(?:US|CA|AU|HK|NZ|[RCAS])\$|[€£₩₽₺₹元円원]|руб|zł|euros?\b"
AMOUNT_FORM: Final = (
    rf"(?:(?P<before>{CURRENCY_FORM})\s*(?P<amount>{NUMBER_FORM})(?!\d)"
    rf"|(?<![\d.,])(?P<amount_>{NUMBER_FORM})\s*(?P<after>{CURRENCY_FORM}))"
)
AMOUNT: Final = re.compile(AMOUNT_FORM, re.IGNORECASE)
MAX_AMOUNT: Final = Decimal(10_000_000)


@cache
def months_by_name() -> dict[str, int]:
    """Return the numbers of months by their case-folded names and abbreviations in several languages."""
    names: dict[str, int] = {}
    for language in MONTH_LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    names.setdefault(name.casefold().rstrip("."), number)
    return names


@lru_cache(maxsize=4096)
def parse_day(text: str, near: date | None) -> date | None:
    """Return the day that a text writes, or None. A day without a year is the one closest to `near`."""
    text = text.strip()
    if match := ISO_DAY.fullmatch(text):
        return build_day(match[1], match[2], match[3], near)
    if match := EAST_ASIAN_DAY.fullmatch(text):
        return build_day(match[1], match[2], match[3], near)
    if match := NUMERIC_DAY.fullmatch(text):
        return parse_numeric_day(match, near)
    if match := DAY_THEN_MONTH.fullmatch(text):
        return build_day(match[3], months_by_name().get(match[2].casefold()), match[1], near)
    if match := MONTH_THEN_DAY.fullmatch(text):
        return build_day(match[3], months_by_name().get(match[1].casefold()), match[2], near)
    return None


def parse_numeric_day(match: re.Match[str], near: date | None) -> date | None:
    """Return a day in digits. With dots the day comes first; otherwise only where the other order is impossible."""
    first, separator, second, year = match.groups()
    if separator == "." or int(first) > 12 or first == second:
        return build_day(year, second, first, near)
    return build_day(year, first, second, near) if int(second) > 12 else None


def build_day(year: str | None, month: str | int | None, day: str, near: date | None) -> date | None:
    """Return a day from its parts, or None where it does not exist."""
    if month is None or (year is None and near is None):
        return None
    try:
        if year is not None:
            return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        assert near is not None
        found = date(near.year, int(month), int(day))
        if (found - near).days > HALF_YEAR_DAYS:
            return found.replace(year=near.year - 1)
        return found.replace(year=near.year + 1) if (near - found).days > HALF_YEAR_DAYS else found
    except ValueError:
        return None


def parse_clock(text: str) -> time | None:
    """Return a clock such as `9:30`, `14h`, `2 pm` or `143000`, or None."""
    text = text.strip()
    if len(text) in (4, 6) and text.isdecimal() and text.isascii():
        text = ":".join((text[:2], text[2:4], text[4:])).rstrip(":")
    match = CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, half = int(match[1]), (match[4] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    minute = int(match[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


@lru_cache(maxsize=2048)
def parse_amount(text: str) -> Decimal | None:
    """Return an amount of money in digits, with points, commas or spaces in any role; None for 0 and for no amount."""
    digits = re.sub(r"[\s'\u00a0]", "", text)
    head, separator, cents = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", digits, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        amount = Decimal(re.sub(r"[.,]", "", head) + (f".{cents}" if separator else ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount < MAX_AMOUNT else None


def currency_code(text: str) -> str:
    """Return the ISO 4217 code of a currency's code or sign, or '' for none and for a sign of several."""
    text = text.strip()
    if code := CURRENCY_SIGNS.get(text) or CURRENCY_SIGNS.get(text.upper()) or CURRENCY_SIGNS.get(text.lower()):
        return code
    code = text.upper()
    return code if len(code) == 3 and code.isascii() and code in known_currencies() else ""


@cache
def known_currencies() -> frozenset[str]:
    """Return the ISO 4217 codes that CLDR lists."""
    return frozenset(list_currencies())


def find_amount(text: str) -> tuple[Decimal, str] | None:
    """Return the first amount with its currency in a text, or None."""
    for match in AMOUNT.finditer(text):
        currency = currency_code(match["before"] or match["after"])
        amount = parse_amount(match["amount"] or match["amount_"])
        if currency and amount is not None:
            return amount, currency
    return None
