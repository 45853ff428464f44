"""The gazetteer's two files, loaded when the first place is resolved.

Both stay one `bytes` object in memory: a dictionary of the same names would take more than ten times as much.
"""

from __future__ import annotations

import gzip
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

DATA_FOLDER: Final = Path(__file__).parent / "data"
CITIES_FILE: Final = DATA_FOLDER / "cities.tsv.gz"
INDEX_FILE: Final = DATA_FOLDER / "index.tsv.gz"


class Kind(StrEnum):
    """What an entry of the index is about: the first character of its key."""

    AIRPORT = "A"
    CITY = "C"
    COUNTRY = "N"
    LOCODE = "L"
    METROPOLIS = "M"
    POSTAL_AREA = "P"
    REGION = "R"


class CityRecord(NamedTuple):
    """A city. `admin1` is GeoNames' code of its region (in the United States the state), `rank` orders by size."""

    name: str
    country: str
    admin1: str
    lat: float
    lon: float
    population: int
    rank: int


@cache
def load_index() -> bytes:
    """Return the sorted lines of the index: key, tab, values."""
    return b"\n" + gzip.decompress(INDEX_FILE.read_bytes())


@cache
def load_cities() -> bytes:
    """Return the lines of the cities, the largest first."""
    return gzip.decompress(CITIES_FILE.read_bytes())


def look_up(kind: Kind, key: str) -> list[str] | None:
    """Return the values of a key, or None (binary search over the lines)."""
    index, wanted = load_index(), f"{kind}{key}\t".encode()
    low, high = 0, len(index) - 1
    while low < high:
        start = index.rfind(b"\n", low, (low + high) // 2 + 1) + 1 or low + 1
        end = index.find(b"\n", start)
        if index.startswith(wanted, start):
            return index[start + len(wanted) : end].decode().split("\t")
        if index[start:end] < wanted:
            low = end
        else:
            high = start - 1
    return None


def read_city(offset: int) -> CityRecord:
    """Return the city whose line starts at an offset."""
    cities = load_cities()
    line = cities[offset : cities.index(b"\n", offset)].decode()
    name, country, admin1, lat, lon, thousands = line.split("\t")
    return CityRecord(name, country, admin1, float(lat), float(lon), int(thousands) * 1000, offset)


def find_cities(key: str) -> list[CityRecord]:
    """Return the cities with a name, the largest first."""
    values = look_up(Kind.CITY, key)
    return [read_city(int(offset)) for offset in values[0].split(",")] if values else []
