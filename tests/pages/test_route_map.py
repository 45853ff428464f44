"""The route on a parcel's page: places of its scans in order, where it is, and where it goes."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.localization.reader import build_reader
from tracking.models import Event, Order, Shipment
from tracking.page_state import StateKind
from tracking.pages.route_map import RouteMap, build_route_map

pytestmark = pytest.mark.django_db
ENGLISH = build_reader({}, "en", "GB")
PLACES = [
    ("origin.picked_up", "CN", "SHENZHEN"),
    ("linehaul.departed", "CN", "SHENZHEN"),
    ("linehaul.arrived_destination", "DE", "LEIPZIG"),
]


def route_of(
    *scans: tuple[str, str, str], kind: StateKind = StateKind.ON_THE_WAY, city: str = "Berlin"
) -> RouteMap | None:
    leg = factories.create_leg(for_order=factories.create_order(country="DE"))
    Order.objects.update(city=city)
    parsed = [
        factories.build_scan(name, f"2026-09-{day:02d}T10:00:00Z", country=country, place=place)
        for day, (name, country, place) in enumerate(scans, start=4)
    ]
    record_shipment(leg, factories.build_shipment(*parsed, origin="CN"), factories.create_payload())
    shipment = Shipment.objects.select_related("order").get()
    return build_route_map(shipment, list(Event.objects.order_by("occurred_at")), kind, ENGLISH)


def names_of(route: RouteMap | None) -> list[str]:
    assert route is not None
    return [stop.name for stop in route.drawn.stops]


def current_of(route: RouteMap | None) -> list[str]:
    assert route is not None
    return [stop.name for stop in route.drawn.stops if stop.state == "current"]


def test_stops_are_the_places_in_order_and_the_destination() -> None:
    route = route_of(*PLACES)

    assert names_of(route) == ["Shenzhen", "Leipzig", "Berlin"]
    assert current_of(route) == ["Leipzig"]
    assert route is not None and route.gone.endswith("mi") and route.left.endswith("mi")


def test_parcel_that_has_left_a_country_is_between_two_places() -> None:
    route = route_of(*PLACES[:2])

    assert names_of(route) == ["Shenzhen", "Berlin"]
    assert current_of(route) == []


def test_delivered_parcel_is_at_its_destination() -> None:
    route = route_of(*PLACES, ("delivery.delivered", "DE", "BERLIN"), kind=StateKind.DELIVERED)

    assert current_of(route) == ["Berlin"]
    assert route is not None and route.left == ""


def test_returning_parcel_goes_to_where_it_came_from() -> None:
    route = route_of(*PLACES, kind=StateKind.RETURNING)

    assert names_of(route)[-1] == "China"


def test_lost_parcel_is_where_it_was_last_seen() -> None:
    route = route_of(*PLACES, kind=StateKind.LOST)

    assert route is not None and 'class="lostat"' in route.drawn.svg


def test_cancelled_parcel_has_nothing_ahead() -> None:
    assert names_of(route_of(*PLACES, kind=StateKind.CANCELLED)) == ["Shenzhen", "Leipzig"]


def test_parcel_before_its_first_scan_shows_the_way_ahead() -> None:
    Shipment.objects.update(origin_country="CN")

    assert names_of(route_of())[-1] == "Berlin"


def test_page_credits_the_places(client: Client) -> None:
    route_of(*PLACES)
    html = client.get(Shipment.objects.get().get_absolute_url()).content.decode()

    assert '<svg class="map"' in html
    assert "Places: GeoNames, CC BY 4.0" in html
