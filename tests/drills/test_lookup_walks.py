"""The ways round the limits mean what the drill says: other texts, the same number."""

from __future__ import annotations

from tests.drills.lookup_walks import TRIES, plan_walks, s10_number, spell
from tracking.carriers.numbers import find_numbers
from tracking.models.fields import number_key


def test_spellings_differ_and_are_one_number() -> None:
    spellings = [spell("LF-1001", index) for index in range(TRIES)]

    assert len(set(spellings)) == TRIES
    assert {number_key(text) for text in spellings} == {number_key("LF-1001")}


def test_made_up_postal_numbers_are_recognized_in_a_text() -> None:
    numbers = {s10_number(serial) for serial in range(40)}

    assert len(numbers) == 40
    assert {found.number for number in numbers for found in find_numbers(f"{number} was sent")} == numbers


def test_walks_differ_in_text_or_client_from_try_to_try() -> None:
    for walk in plan_walks():
        assert len({(walk.text(index), walk.client(index)) for index in range(TRIES)}) > 4, walk.name
