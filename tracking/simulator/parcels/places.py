"""Where the simulated parcels go: real cities with their coordinates and clocks."""

from __future__ import annotations

from collections.abc import Iterable
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

EARTH_KM: Final = 6371.0


class Place(NamedTuple):
    """A city: ISO 3166-1 alpha-2 country, the region as its posts write it, an IANA zone, degrees north and east."""

    city: str
    region: str
    country: str
    zone: str
    lat: float
    lon: float


def _by_city(places: Iterable[Place]) -> dict[str, Place]:
    return {place.city: place for place in places}


PLACES: Final[dict[str, Place]] = _by_city(
    (
        Place("Shenzhen", "GD", "CN", "Asia/Shanghai", 22.5431, 114.0579),
        Place("Guangzhou", "GD", "CN", "Asia/Shanghai", 23.1291, 113.2644),
        Place("Dongguan", "GD", "CN", "Asia/Shanghai", 23.0207, 113.7518),
        Place("Yiwu", "ZJ", "CN", "Asia/Shanghai", 29.3069, 120.0753),
        Place("Hangzhou", "ZJ", "CN", "Asia/Shanghai", 30.2741, 120.1551),
        Place("Shanghai", "SH", "CN", "Asia/Shanghai", 31.2304, 121.4737),
        Place("Hong Kong", "HK", "HK", "Asia/Hong_Kong", 22.3080, 113.9185),
        Place("Tokyo", "Tokyo", "JP", "Asia/Tokyo", 35.6762, 139.6503),
        Place("Narita", "Chiba", "JP", "Asia/Tokyo", 35.7720, 140.3929),
        Place("Kawasaki", "Kanagawa", "JP", "Asia/Tokyo", 35.5308, 139.7030),
        Place("Osaka", "Osaka", "JP", "Asia/Tokyo", 34.6937, 135.5023),
        Place("Los Angeles", "CA", "US", "America/Los_Angeles", 34.0522, -118.2437),
        Place("Denver", "CO", "US", "America/Denver", 39.7392, -104.9903),
        Place("Chicago", "IL", "US", "America/Chicago", 41.8781, -87.6298),
        Place("Des Moines", "IA", "US", "America/Chicago", 41.5868, -93.6250),
        Place("New York", "NY", "US", "America/New_York", 40.7128, -74.0060),
        Place("Boston", "MA", "US", "America/New_York", 42.3601, -71.0589),
        Place("Honolulu", "HI", "US", "Pacific/Honolulu", 21.3069, -157.8583),
        Place("Seattle", "WA", "US", "America/Los_Angeles", 47.6062, -122.3321),
        Place("Frankfurt", "HE", "DE", "Europe/Berlin", 50.1109, 8.6821),
        Place("Leipzig", "SN", "DE", "Europe/Berlin", 51.3397, 12.3731),
        Place("Berlin", "BE", "DE", "Europe/Berlin", 52.5200, 13.4050),
        Place("Hamburg", "HH", "DE", "Europe/Berlin", 53.5511, 9.9937),
        Place("Köln", "NW", "DE", "Europe/Berlin", 50.9375, 6.9603),
        Place("Liège", "WLG", "BE", "Europe/Brussels", 50.6326, 5.5797),
        Place("Curitiba", "PR", "BR", "America/Sao_Paulo", -25.4284, -49.2733),
        Place("São Paulo", "SP", "BR", "America/Sao_Paulo", -23.5505, -46.6333),
        Place("Recife", "PE", "BR", "America/Recife", -8.0476, -34.8770),
        Place("Manaus", "AM", "BR", "America/Manaus", -3.1190, -60.0217),
        Place("Paris", "IDF", "FR", "Europe/Paris", 48.8566, 2.3522),
        Place("Lyon", "ARA", "FR", "Europe/Paris", 45.7640, 4.8357),
        Place("Marseille", "PAC", "FR", "Europe/Paris", 43.2965, 5.3698),
        Place("London", "England", "GB", "Europe/London", 51.5074, -0.1278),
        Place("Manchester", "England", "GB", "Europe/London", 53.4808, -2.2426),
        Place("Edinburgh", "Scotland", "GB", "Europe/London", 55.9533, -3.1883),
        Place("Sydney", "NSW", "AU", "Australia/Sydney", -33.8688, 151.2093),
        Place("Melbourne", "VIC", "AU", "Australia/Melbourne", -37.8136, 144.9631),
        Place("Perth", "WA", "AU", "Australia/Perth", -31.9523, 115.8613),
        Place("Auckland", "AUK", "NZ", "Pacific/Auckland", -36.8509, 174.7645),
        Place("Wellington", "WGN", "NZ", "Pacific/Auckland", -41.2866, 174.7756),
        Place("Toronto", "ON", "CA", "America/Toronto", 43.6532, -79.3832),
        Place("Vancouver", "BC", "CA", "America/Vancouver", 49.2827, -123.1207),
        Place("Calgary", "AB", "CA", "America/Edmonton", 51.0447, -114.0719),
        Place("Madrid", "MD", "ES", "Europe/Madrid", 40.4168, -3.7038),
        Place("Valencia", "VC", "ES", "Europe/Madrid", 39.4699, -0.3763),
        Place("Sevilla", "AN", "ES", "Europe/Madrid", 37.3891, -5.9845),
        Place("Cairo", "C", "EG", "Africa/Cairo", 30.0444, 31.2357),
        Place("Alexandria", "ALX", "EG", "Africa/Cairo", 31.2001, 29.9187),
        Place("Moscow", "MOW", "RU", "Europe/Moscow", 55.7558, 37.6173),
        Place("Novosibirsk", "NVS", "RU", "Asia/Novosibirsk", 55.0084, 82.9357),
    )
)

GATEWAYS: Final[dict[str, str]] = {
    "CN": "Guangzhou",
    "US": "Los Angeles",
    "DE": "Frankfurt",
    "BR": "Curitiba",
    "FR": "Paris",
    "GB": "London",
    "JP": "Narita",
    "AU": "Sydney",
    "NZ": "Auckland",
    "CA": "Vancouver",
    "ES": "Madrid",
    "EG": "Cairo",
    "RU": "Moscow",
}
"""The city at which a country's parcels cross its border."""


def gateway(country: str) -> Place:
    """Return the place at which a country's parcels cross its border. Raise KeyError for a country not simulated."""
    return PLACES[GATEWAYS[country]]


def cities_of(country: str) -> tuple[Place, ...]:
    """Return the simulated cities of a country, in a fixed order."""
    return tuple(place for place in PLACES.values() if place.country == country)


def distance_km(one: Place, other: Place) -> float:
    """Return the great-circle distance in kilometres."""
    lat, other_lat = radians(one.lat), radians(other.lat)
    half_lat, half_lon = (other_lat - lat) / 2, radians(other.lon - one.lon) / 2
    return 2 * EARTH_KM * asin(sqrt(sin(half_lat) ** 2 + cos(lat) * cos(other_lat) * sin(half_lon) ** 2))
