"""The route of a parcel as its page draws it: the places of its scans, where it is now, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from babel import Locale

from tracking.gazetteer.names import place_name
from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.resolver import resolve_place
from tracking.localization import units
from tracking.localization.reader import Reader
from tracking.models import Event, Shipment
from tracking.page_state import DELIVERED_KINDS, StateKind
from tracking.route.drawing import DrawnRoute, draw_route
from tracking.route.stops import Marker, ParcelPosition, RouteStop
from tracking.vocabulary import Scan

MAX_STOPS: Final = 12
IN_FLIGHT_SCANS: Final = frozenset(
    {Scan.LINEHAUL_DEPARTED, Scan.LINEHAUL_TRANSIT_DEPARTED, Scan.EXPORT_OFFICE_DEPARTED}
)
"""Scans after which the parcel is between two places."""
ARRIVED_KINDS: Final = DELIVERED_KINDS | {StateKind.NOT_RECEIVED}
GOES_BACK_KINDS: Final = frozenset({StateKind.RETURNING, StateKind.RETURNED, StateKind.SENT_BACK})


class RouteMap(NamedTuple):
    """The drawn route with its distances as text; `left` is '' once nothing is to go."""

    drawn: DrawnRoute
    gone: str
    left: str


def build_route_map(shipment: Shipment, events: Sequence[Event], kind: StateKind, reader: Reader) -> RouteMap | None:
    """Return the drawn route of a parcel; None where no place is known. `events` are those that count, oldest first."""
    visited = without_vague_places(list(visited_places(shipment, events)))
    goal = goal_of(shipment, kind)
    if not visited and goal is None:
        return None
    position = ParcelPosition(max(len(visited) - 1, 0), Marker.LAST_SEEN if kind is StateKind.LOST else Marker.HERE)
    stops = list(visited)
    if goal is not None and not is_same_city(goal, visited):
        stops.append(goal)
        if visited and is_in_flight(events):
            position = ParcelPosition(len(visited) - 0.5)
        elif kind in ARRIVED_KINDS or kind is StateKind.RETURNED:
            position = ParcelPosition(len(stops) - 1)
    drawn = draw_route([route_stop(place, reader.locale) for place in stops], position, f"map-{shipment.pk}")
    if drawn is None:
        return None
    return RouteMap(drawn, distance_text(drawn.gone_km, reader), distance_text(drawn.left_km, reader))


def visited_places(shipment: Shipment, events: Iterable[Event]) -> Iterable[ResolvedPlace]:
    """Yield where the parcel was, oldest first; before its first scan the country that it comes from."""
    places = [place for event in events if (place := place_of(event)) is not None]
    origin = resolve_place(country=shipment.origin_country) if shipment.origin_country else None
    if origin is not None and (not places or places[0].country != origin.country):
        yield origin
    yield from places[-MAX_STOPS:]


def place_of(event: Event) -> ResolvedPlace | None:
    """Return where a scan was made; None where nothing says it."""
    if not (event.country or event.city or event.raw_place):
        return None
    return resolve_place(
        event.raw_place,
        city=event.city,
        region=event.region,
        postal_code=event.postal_code,
        country=event.country,
        lat=event.lat,
        lon=event.lon,
    )


def without_vague_places(places: list[ResolvedPlace]) -> list[ResolvedPlace]:
    """Leave out the countries whose places are known better from the scans beside them."""
    kept = []
    for index, place in enumerate(places):
        beside = [other for other in places[max(index - 1, 0) : index + 2] if other is not place]
        is_vague = place.precision is PlacePrecision.COUNTRY
        if not (is_vague and any(other.country == place.country for other in beside)):
            kept.append(place)
    return kept


def goal_of(shipment: Shipment, kind: StateKind) -> ResolvedPlace | None:
    """Return where the parcel goes: to its buyer, or back to where it came from; None once it is cancelled."""
    if kind is StateKind.CANCELLED:
        return None
    if kind in GOES_BACK_KINDS:
        return resolve_place(country=shipment.origin_country) if shipment.origin_country else None
    order = shipment.order
    return (
        resolve_place(city=order.city, postal_code=order.postal_code, country=order.country) if order.country else None
    )


def is_same_city(goal: ResolvedPlace, visited: Sequence[ResolvedPlace]) -> bool:
    """Return whether the parcel is already where it goes, as far as the places can be told apart."""
    if not visited:
        return False
    last = visited[-1]
    is_vague = PlacePrecision.COUNTRY in (goal.precision, last.precision)
    return (goal.name, goal.country) == (last.name, last.country) or (is_vague and goal.country == last.country)


def is_in_flight(events: Sequence[Event]) -> bool:
    """Return whether the last scan says that the parcel has left a place for the next country."""
    return bool(events) and Scan(events[-1].scan) in IN_FLIGHT_SCANS


def route_stop(place: ResolvedPlace, locale: Locale) -> RouteStop:
    """Return a place as a stop, named in the reader's language."""
    return RouteStop(place_name(place, locale), place.lat, place.lon, place.precision)


def distance_text(kilometres: float, reader: Reader) -> str:
    """Return a distance in the reader's units; '' below one kilometre."""
    return units.format_distance(round(kilometres) * 1000, reader) if kilometres >= 1 else ""
