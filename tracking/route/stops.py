"""What a caller knows of a route, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from math import floor, isfinite
from typing import NamedTuple, TypeGuard

from tracking.gazetteer.distances import Coordinates, distance_km
from tracking.gazetteer.places import PlacePrecision
from tracking.route.vectors import Vector, to_vector

SAME_PLACE_KM = 1.0


class Marker(StrEnum):
    """How the parcel's position is drawn; the values are classes of the style sheet."""

    HERE = "here"
    LAST_SEEN = "lostat"


class RouteStop(NamedTuple):
    """A stop of a route. `name` is in the reader's language; `lat` and `lon` are degrees, or None if unknown.

    `what` is free for the caller (what happens there) and comes back with the facts.
    """

    name: str
    lat: float | None
    lon: float | None
    precision: PlacePrecision = PlacePrecision.CITY
    what: str = ""


class ParcelPosition(NamedTuple):
    """Where the parcel is. `at` counts legs: 2.0 is at the third stop, 1.5 half-way from the second to the third."""

    at: float
    marker: Marker = Marker.HERE


class StopState(StrEnum):
    """Whether the parcel has been at a stop."""

    PAST = "past"
    CURRENT = "current"
    AHEAD = "ahead"


class StopFact(NamedTuple):
    """A stop as the list below the map tells it. `km_from_start` is None for a stop without coordinates."""

    name: str
    precision: PlacePrecision
    what: str
    state: StopState
    is_last_seen: bool
    km_from_start: float | None


class DrawnStop(NamedTuple):
    """A stop with coordinates."""

    name: str
    coordinates: Coordinates
    precision: PlacePrecision

    @property
    def vector(self) -> Vector:
        """Return the stop as a point on the globe."""
        return to_vector(*self.coordinates)


class DrawnPosition(NamedTuple):
    """Where the parcel is among the stops that are drawn. `marker` is None if that is unknown."""

    at: float
    marker: Marker | None


def has_coordinates(stop: RouteStop) -> bool:
    """Tell whether a stop can be drawn."""
    return is_degrees(stop.lat, 90) and is_degrees(stop.lon, 180)


def is_degrees(value: float | None, limit: float) -> TypeGuard[float]:
    """Tell whether a coordinate is a number within its limit."""
    return value is not None and isfinite(value) and abs(value) <= limit


def join_repeated(stops: Sequence[RouteStop], at: float) -> tuple[list[RouteStop], float]:
    """Join stops that follow each other at one place under one name; return them and the position among them."""
    joined: list[RouteStop] = []
    new_index: list[int] = []
    for stop in stops:
        if not (joined and is_same_stop(joined[-1], stop)):
            joined.append(stop)
        elif stop.what:
            joined[-1] = joined[-1]._replace(what=stop.what)
        new_index.append(len(joined) - 1)
    at = min(max(at, 0.0), len(stops) - 1.0) if isfinite(at) else 0.0
    before = floor(at)
    after = min(before + 1, len(stops) - 1)
    share = at - before if new_index[after] != new_index[before] else 0.0
    return joined, new_index[before] + share


def is_same_stop(one: RouteStop, other: RouteStop) -> bool:
    """Tell whether two stops are one place: the same name, and no two positions."""
    if one.name != other.name or has_coordinates(one) != has_coordinates(other):
        return False
    if not has_coordinates(one):
        return True
    return distance_km(coordinates_of(one), coordinates_of(other)) < SAME_PLACE_KM


def coordinates_of(stop: RouteStop) -> Coordinates:
    """Return the coordinates of a stop that has them."""
    assert stop.lat is not None and stop.lon is not None
    return stop.lat, stop.lon


def select_drawn(stops: Sequence[RouteStop], position: ParcelPosition) -> tuple[list[DrawnStop], DrawnPosition]:
    """Return the stops with coordinates and the position among them.

    A parcel at a stop without coordinates was last seen at the drawn stop before it; before all drawn stops its
    position is unknown.
    """
    drawn = [DrawnStop(stop.name, coordinates_of(stop), stop.precision) for stop in stops if has_coordinates(stop)]
    before = floor(position.at)
    index = sum(map(has_coordinates, stops[: before + 1])) - 1
    if index < 0:
        return drawn, DrawnPosition(0.0, None)
    share = position.at - before
    if not has_coordinates(stops[before]):
        return drawn, DrawnPosition(float(index), Marker.LAST_SEEN)
    if share and not has_coordinates(stops[before + 1]):
        share = 0.0
    return drawn, DrawnPosition(index + share, position.marker)


def list_facts(stops: Sequence[RouteStop], position: ParcelPosition) -> tuple[StopFact, ...]:
    """Return the facts of all stops, drawn or not. Distances run along great circles between known coordinates."""
    facts, travelled = [], 0.0
    last: RouteStop | None = None
    for index, stop in enumerate(stops):
        if has_coordinates(stop):
            travelled += distance_km(coordinates_of(last), coordinates_of(stop)) if last else 0.0
            last = stop
        is_current = position.at == index
        state = StopState.CURRENT if is_current else StopState.PAST if index < position.at else StopState.AHEAD
        is_last_seen = is_current and position.marker is Marker.LAST_SEEN
        kilometres = travelled if has_coordinates(stop) else None
        facts.append(StopFact(stop.name, stop.precision, stop.what, state, is_last_seen, kilometres))
    return tuple(facts)


def measure(stops: Sequence[DrawnStop], at: float) -> tuple[float, float]:
    """Return the kilometres behind and ahead of a position along great circles."""
    legs = [distance_km(one.coordinates, other.coordinates) for one, other in pairwise(stops)]
    gone = sum(length * min(1.0, max(0.0, at - index)) for index, length in enumerate(legs))
    return gone, sum(legs) - gone
