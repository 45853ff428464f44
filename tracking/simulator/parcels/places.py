"""The places of simulated parcels: real cities with their coordinates and time zones."""

from __future__ import annotations

from collections.abc import Iterable
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

EARTH_RADIUS_KM: Final = 6371.0


class SimulatedPlace(NamedTuple):
    """A city: the region as its post writes it, ISO 3166-1 alpha-2 country, IANA zone, degrees north and east."""

    city: str
    region: str
    country: str
    zone: str
    lat: float
    lon: float


def _by_city(places: Iterable[SimulatedPlace]) -> dict[str, SimulatedPlace]:
    return {place.city: place for place in places}


PLACES: Final[dict[str, SimulatedPlace]] = _by_city(
    (
        SimulatedPlace("Shenzhen", "GD", "CN", "Asia/Shanghai", 22.5431, 114.0579),
        SimulatedPlace("Guangzhou", "GD", "CN", "Asia/Shanghai", 23.1291, 113.2644),
        SimulatedPlace("Dongguan", "GD", "CN", "Asia/Shanghai", 23.0207, 113.7518),
        SimulatedPlace("Yiwu", "ZJ", "CN", "Asia/Shanghai", 29.3069, 120.0753),
        SimulatedPlace("Hangzhou", "ZJ", "CN", "Asia/Shanghai", 30.2741, 120.1551),
        SimulatedPlace("Shanghai", "SH", "CN", "Asia/Shanghai", 31.2304, 121.4737),
        SimulatedPlace("Hong Kong", "HK", "HK", "Asia/Hong_Kong", 22.3080, 113.9185),
        SimulatedPlace("Tokyo", "Tokyo", "JP", "Asia/Tokyo", 35.6762, 139.6503),
        SimulatedPlace("Narita", "Chiba", "JP", "Asia/Tokyo", 35.7720, 140.3929),
        SimulatedPlace("Kawasaki", "Kanagawa", "JP", "Asia/Tokyo", 35.5308, 139.7030),
        SimulatedPlace("Osaka", "Osaka", "JP", "Asia/Tokyo", 34.6937, 135.5023),
        SimulatedPlace("Los Angeles", "CA", "US", "America/Los_Angeles", 34.0522, -118.2437),
        SimulatedPlace("Denver", "CO", "US", "America/Denver", 39.7392, -104.9903),
        SimulatedPlace("Chicago", "IL", "US", "America/Chicago", 41.8781, -87.6298),
        SimulatedPlace("Des Moines", "IA", "US", "America/Chicago", 41.5868, -93.6250),
        SimulatedPlace("New York", "NY", "US", "America/New_York", 40.7128, -74.0060),
        SimulatedPlace("Boston", "MA", "US", "America/New_York", 42.3601, -71.0589),
        SimulatedPlace("Honolulu", "HI", "US", "Pacific/Honolulu", 21.3069, -157.8583),
        SimulatedPlace("Seattle", "WA", "US", "America/Los_Angeles", 47.6062, -122.3321),
        SimulatedPlace("Frankfurt", "HE", "DE", "Europe/Berlin", 50.1109, 8.6821),
        SimulatedPlace("Leipzig", "SN", "DE", "Europe/Berlin", 51.3397, 12.3731),
        SimulatedPlace("Berlin", "BE", "DE", "Europe/Berlin", 52.5200, 13.4050),
        SimulatedPlace("Hamburg", "HH", "DE", "Europe/Berlin", 53.5511, 9.9937),
        SimulatedPlace("Köln", "NW", "DE", "Europe/Berlin", 50.9375, 6.9603),
        SimulatedPlace("Liège", "WLG", "BE", "Europe/Brussels", 50.6326, 5.5797),
        SimulatedPlace("Curitiba", "PR", "BR", "America/Sao_Paulo", -25.4284, -49.2733),
        SimulatedPlace("São Paulo", "SP", "BR", "America/Sao_Paulo", -23.5505, -46.6333),
        SimulatedPlace("Recife", "PE", "BR", "America/Recife", -8.0476, -34.8770),
        SimulatedPlace("Manaus", "AM", "BR", "America/Manaus", -3.1190, -60.0217),
        SimulatedPlace("Paris", "IDF", "FR", "Europe/Paris", 48.8566, 2.3522),
        SimulatedPlace("Lyon", "ARA", "FR", "Europe/Paris", 45.7640, 4.8357),
        SimulatedPlace("Marseille", "PAC", "FR", "Europe/Paris", 43.2965, 5.3698),
        SimulatedPlace("London", "England", "GB", "Europe/London", 51.5074, -0.1278),
        SimulatedPlace("Manchester", "England", "GB", "Europe/London", 53.4808, -2.2426),
        SimulatedPlace("Edinburgh", "Scotland", "GB", "Europe/London", 55.9533, -3.1883),
        SimulatedPlace("Sydney", "NSW", "AU", "Australia/Sydney", -33.8688, 151.2093),
        SimulatedPlace("Melbourne", "VIC", "AU", "Australia/Melbourne", -37.8136, 144.9631),
        SimulatedPlace("Perth", "WA", "AU", "Australia/Perth", -31.9523, 115.8613),
        SimulatedPlace("Auckland", "AUK", "NZ", "Pacific/Auckland", -36.8509, 174.7645),
        SimulatedPlace("Wellington", "WGN", "NZ", "Pacific/Auckland", -41.2866, 174.7756),
        SimulatedPlace("Toronto", "ON", "CA", "America/Toronto", 43.6532, -79.3832),
        SimulatedPlace("Vancouver", "BC", "CA", "America/Vancouver", 49.2827, -123.1207),
        SimulatedPlace("Calgary", "AB", "CA", "America/Edmonton", 51.0447, -114.0719),
        SimulatedPlace("Madrid", "MD", "ES", "Europe/Madrid", 40.4168, -3.7038),
        SimulatedPlace("Valencia", "VC", "ES", "Europe/Madrid", 39.4699, -0.3763),
        SimulatedPlace("Sevilla", "AN", "ES", "Europe/Madrid", 37.3891, -5.9845),
        SimulatedPlace("Cairo", "C", "EG", "Africa/Cairo", 30.0444, 31.2357),
        SimulatedPlace("Alexandria", "ALX", "EG", "Africa/Cairo", 31.2001, 29.9187),
        SimulatedPlace("Moscow", "MOW", "RU", "Europe/Moscow", 55.7558, 37.6173),
        SimulatedPlace("Novosibirsk", "NVS", "RU", "Asia/Novosibirsk", 55.0084, 82.9357),
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


def gateway_of(country: str) -> SimulatedPlace:
    """Return the place at which a country's parcels cross its border. Raise KeyError for a country not simulated."""
    return PLACES[GATEWAYS[country]]


def cities_of(country: str) -> tuple[SimulatedPlace, ...]:
    """Return the simulated cities of a country, in the order of `PLACES`, on which random draws depend."""
    return tuple(place for place in PLACES.values() if place.country == country)


def distance_km(start: SimulatedPlace, end: SimulatedPlace) -> float:
    """Return the great-circle distance in kilometres (haversine formula)."""
    start_lat, end_lat = radians(start.lat), radians(end.lat)
    half_lat, half_lon = (end_lat - start_lat) / 2, radians(end.lon - start.lon) / 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(half_lat) ** 2 + cos(start_lat) * cos(end_lat) * sin(half_lon) ** 2))
