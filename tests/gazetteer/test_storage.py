"""The gazetteer's files."""

from __future__ import annotations

import pytest

from tracking.gazetteer.storage import CITIES_FILE, INDEX_FILE, Kind, find_cities, load_cities, load_index, look_up


def test_every_line_of_the_index_is_found_under_its_key() -> None:
    lines = load_index().strip(b"\n").split(b"\n")

    for line in (lines[0], lines[-1], *lines[:: len(lines) // 500]):
        key, _, values = line.decode().partition("\t")
        assert look_up(Kind(key[0]), key[1:]) == values.split("\t")


@pytest.mark.parametrize("key", ["", "zzzzzzzzz", "\x00", "\U0010ffff", "lon", "londonx"])
def test_unknown_keys_are_not_found(key: str) -> None:
    assert look_up(Kind.CITY, key) is None
    assert find_cities(key) == []


def test_cities_of_one_name_come_largest_first() -> None:
    populations = [city.population for city in find_cities("london")]

    assert len(populations) > 3
    assert populations == sorted(populations, reverse=True)


def test_there_are_five_thousand_cities_and_the_files_stay_small() -> None:
    assert load_cities().count(b"\n") >= 5_000
    assert CITIES_FILE.stat().st_size + INDEX_FILE.stat().st_size < 3_000_000
    assert len(load_index()) + len(load_cities()) < 8_000_000
