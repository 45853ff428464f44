"""Tell whether two countries lie on different continents."""

from __future__ import annotations

from functools import cache

import pytz


def are_on_different_continents(country: str, other_country: str) -> bool:
    """Return whether two countries have no continent in common; False if either is unknown."""
    here, there = continents_of(country), continents_of(other_country)
    return bool(here and there) and not here & there


@cache
def continents_of(country: str) -> frozenset[str]:
    """Return the areas ("Europe", "Asia") of a country's time zones; empty for an unknown country."""
    zones = pytz.country_timezones.get(country, [])
    return frozenset(zone.partition("/")[0] for zone in zones)
