"""Persons' names become initials, and what is no name becomes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.details.names import initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("MUSTER", "M."),
        ("J. Muster", "J. M."),
        ("Mr John Paul Example", "J. P. E."),
        ("Anna-Maria Muster", "A. M. M."),
        ("王小明", "王…"),
        ("Иван Примеров", "И. П."),
        ("FRONT DOOR", ""),
        ("Neighbour", ""),
        ("andere anwesende Person", ""),
        ("本人签收", ""),
        ("163000", ""),
        ("", ""),
    ],
)
def test_a_name_becomes_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@given(name=st.text(max_size=100))
def test_no_word_of_a_name_is_kept(name: str) -> None:
    assert all(len(part.rstrip(".…")) <= 2 for part in initials_of(name).split())
