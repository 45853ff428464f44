"""The places in the adapters' samples are found, and never in another country."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.resolver import resolve_place

SAMPLES = Path(__file__).parent.parent / "carriers" / "samples"
SMALLEST_SHARE = 0.9
"""The part of the places with more than a country's name that are found as precisely as a city."""


def sample_places() -> list[dict[str, Any]]:
    """Return the different places of all samples."""
    lines = [line for path in sorted(SAMPLES.glob("*/*.scans.jsonl")) for line in path.read_text("utf-8").splitlines()]
    places = {json.dumps(json.loads(line)["place"], sort_keys=True) for line in lines}
    return [json.loads(place) for place in sorted(places) if place != "null"]


def resolve_sample(place: dict[str, Any]) -> ResolvedPlace | None:
    """Resolve a place of a sample from all its parts."""
    parts = {name: place[name] or "" for name in ("text", "city", "region", "postal_code", "country")}
    return resolve_place(**parts, lat=place["lat"], lon=place["lon"])


def test_most_places_are_found_as_precisely_as_a_city() -> None:
    detailed = [place for place in sample_places() if place["city"] or len(place["text"] or "") > 2]
    found = [resolve_sample(place) for place in detailed]
    precise = [place for place in found if place and place.precision in (PlacePrecision.CITY, PlacePrecision.AIRPORT)]

    assert len(detailed) > 80
    assert len(precise) / len(detailed) >= SMALLEST_SHARE


def test_every_place_with_a_country_is_found_in_it() -> None:
    for place in sample_places():
        if place["country"]:
            resolved = resolve_sample(place)
            assert resolved is not None and resolved.country == place["country"], place
