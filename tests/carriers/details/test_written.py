"""Days, clocks and amounts are read as people write them; what could mean two things is not read."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.details.written import currency_code, find_amount, parse_amount, parse_clock, parse_day

TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-12", date(2026, 12, 12)),
        ("12.12.2026", date(2026, 12, 12)),
        ("12.12.", date(2026, 12, 12)),
        ("3. Januar", date(2027, 1, 3)),
        ("Dec 12th, 2026", date(2026, 12, 12)),
        ("12 de diciembre", date(2026, 12, 12)),
        ("12月12日", date(2026, 12, 12)),
        ("30 Nov", date(2026, 11, 30)),
        ("13/06/2026", date(2026, 6, 13)),
        ("06/13/2026", date(2026, 6, 13)),
        ("05/06/2026", None),
        ("30.02.2026", None),
        ("12 days", None),
    ],
)
def test_a_day_is_read(text: str, day: date | None) -> None:
    assert parse_day(text, TODAY) == day


def test_a_day_without_a_year_needs_a_day_near_it() -> None:
    assert parse_day("12 Dec", None) is None
    assert parse_day("12 Dec 2026", None) == date(2026, 12, 12)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("9:30", time(9, 30)),
        ("9.30", time(9, 30)),
        ("14h", time(14)),
        ("2 pm", time(14)),
        ("12 am", time(0)),
        ("143000", time(14, 30)),
        ("0930", time(9, 30)),
        ("18時", time(18)),
        ("25:00", None),
        ("13 pm", None),
        ("", None),
    ],
)
def test_a_clock_is_read(text: str, clock: time | None) -> None:
    assert parse_clock(text) == clock


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("EUR 12.40", (Decimal("12.40"), "EUR")),
        ("1.234,50 €", (Decimal("1234.50"), "EUR")),
        ("1 234,50 EUR", (Decimal("1234.50"), "EUR")),
        ("R$ 120,00", (Decimal("120.00"), "BRL")),
        ("3500円", (Decimal(3500), "JPY")),
        ("$12", None),
        ("12.40 due", None),
        ("EUR 0.00", None),
    ],
)
def test_an_amount_needs_a_clear_currency(text: str, amount: tuple[Decimal, str] | None) -> None:
    assert find_amount(text) == amount


@given(text=st.text(max_size=40))
def test_any_text_is_read_without_an_error(text: str) -> None:
    day = parse_day(text, TODAY)
    amount = parse_amount(text)
    parse_clock(text)

    assert day is None or isinstance(day, date)
    assert amount is None or amount > 0
    assert len(currency_code(text)) in (0, 3)
