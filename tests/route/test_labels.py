"""Names on the map."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.route.globe import HEIGHT, WIDTH, Frame
from tracking.route.labels import LONGEST, Box, NamedPoint, clean_name, place_names, text_width

POINTS = st.lists(
    st.builds(
        NamedPoint, st.text("abc深圳 W", max_size=20), st.floats(10, 390), st.floats(10, 198), is_key=st.booleans()
    ),
    max_size=12,
).filter(lambda points: sum(point.is_key for point in points) <= 3)


@settings(deadline=None)
@given(POINTS)
def test_names_neither_overlap_nor_leave_the_frame(points: list[NamedPoint]) -> None:
    placed = place_names(points, [(point.x, point.y) for point in points], Frame())

    assert not any(one.box.overlaps(other.box) for one, other in combinations(placed, 2))
    assert all(name.box.left >= 0 and name.box.right <= WIDTH for name in placed)
    assert all(name.box.top >= 0 and name.box.bottom <= HEIGHT for name in placed)


def test_key_names_come_first_where_there_is_no_room_for_all() -> None:
    crowd = [NamedPoint(f"Crowded place {index}", 200 + index, 100, is_key=index == 4) for index in range(12)]

    assert "Crowded place 4" in [name.text for name in place_names(crowd, [], Frame())]
    assert len(place_names(crowd, [], Frame())) < 12


def test_name_stays_off_the_line() -> None:
    line = [(200.0, 20.0), (200.0, 100.0)]
    (name,) = place_names([NamedPoint("Madrid", 200, 100, is_key=True)], line, Frame())

    assert not any(name.box.holds(200, y) for y in range(20, 100))


def test_name_keeps_clear_of_what_is_taken() -> None:
    taken = Box(100, 60, 300, 100)
    (name,) = place_names([NamedPoint("Madrid", 200, 104)], [], Frame(), [taken])

    assert not name.box.overlaps(taken)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Hong \n Kong ", "Hong Kong"),
        ("A\u202eB\x00C\ud800", "ABC"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("深圳", "深圳"),
    ],
)
def test_invisible_characters_are_removed_except_joiners(name: str, shown: str) -> None:
    assert clean_name(name) == shown


def test_long_name_is_cut_with_an_ellipsis() -> None:
    assert clean_name("W" * 500).endswith("…")
    assert text_width(clean_name("深" * 500)) <= LONGEST
    assert clean_name("Frankfurt am Main") == "Frankfurt am Main"
