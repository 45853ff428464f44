"""Rows 1 and 4: how many parcel pages are answered per second, and with how many queries.

Row 1 compares a parcel's page with an empty view behind the same middleware, on the same server: once when nobody has
read the page before (`PAGE_CACHE_SECONDS=0` renders each), once when it has not changed since the last reader.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import User
from tests import factories
from tests.bench.http_load import fetch_body, requests_per_second, serve_site
from tests.bench.measurement import Row, measure_alternating
from tests.bench.page_urls import EMPTY_PATH
from tracking.ingest.process import process_payload
from tracking.models import Order, OrderLine, Shipment

EVENT_COUNT: Final = 30
MANY_EVENTS: Final = 300
MANY_PARCELS: Final = 60
FIRST_READER_TARGET: Final = 0.15
UNCHANGED_TARGET: Final = 0.6
GUEST_QUERIES: Final = 2
SIGNED_IN_QUERIES: Final = 3
NUMBERS: Final = count(1)
FIRST_EVENT_AT: Final = datetime(2026, 9, 1, tzinfo=UTC)
STOPS: Final = (("CN", "Shenzhen"), ("CN", "Guangzhou"), ("HK", "Hong Kong"), ("DE", "Leipzig"), ("DE", "Berlin"))


def create_parcel(event_count: int = EVENT_COUNT, order: Order | None = None) -> Shipment:
    """Create a parcel that travels from China to Germany in `event_count` scans, four hours apart."""
    number = next(NUMBERS)
    for_order = order or factories.create_order(f"BENCH-PAGE-{number}", country="DE", city="Berlin", currency="EUR")
    leg = factories.create_leg(f"LP{number:09}CN", for_order=for_order)
    line = {"title": "Tent, two persons", "sku": "TENT-2", "unit_price": "129.00", "weight_grams": 2400}
    OrderLine.objects.create(order=for_order, shipment=leg.shipment, **line)
    events = [build_event(index, event_count) for index in reversed(range(event_count))]
    process_payload(factories.create_payload(factories.build_answer_json(leg.number, events=tuple(events))))
    return leg.shipment


def build_event(index: int, event_count: int) -> dict[str, object]:
    """Return one of the events of a parcel: the first picks it up, the others move it along the stops."""
    country, city = STOPS[index * len(STOPS) // event_count]
    occurred_at = FIRST_EVENT_AT + timedelta(hours=4 * index)
    status = "InTransit_PickedUp" if index == 0 else "InTransit_Other"
    event = factories.build_event_json(occurred_at.isoformat(), status, f"Processed at hall {index}", country)
    return {**event, "location": city, "address": {"country": country, "city": city}}


def page_rate_rows() -> list[Row]:
    """Measure row 1 for the first reader and for an unchanged page."""
    path, order_path = create_pages()
    with serve_site(PAGE_CACHE_SECONDS="0") as port:
        first, empty = measure_alternating(
            lambda: requests_per_second(port, path), lambda: requests_per_second(port, EMPTY_PATH)
        )
        first_order = requests_per_second(port, order_path)
    details = {"per_second": round(first), "empty_view": round(empty), "order_of_three": round(first_order)}
    rows = [Row(1, "parcel page / empty view, first reader", first / empty, FIRST_READER_TARGET, True, details)]
    with serve_site() as port:
        unchanged, empty = measure_alternating(
            lambda: requests_per_second(port, path), lambda: requests_per_second(port, EMPTY_PATH)
        )
        unchanged_order = requests_per_second(port, order_path)
        page_bytes = len(fetch_body(port, path))
    details = {
        "per_second": round(unchanged),
        "empty_view": round(empty),
        "order_of_three": round(unchanged_order),
        "gzip_bytes": page_bytes,
    }
    rows.append(Row(1, "parcel page / empty view, unchanged", unchanged / empty, UNCHANGED_TARGET, True, details))
    return rows


def create_pages() -> tuple[str, str]:
    """Create a parcel and an order of three; return the paths of their pages."""
    parcel, order = create_parcel(), factories.create_order("BENCH-ORDER", country="DE")
    for _ in range(3):
        create_parcel(order=order)
    return parcel.get_absolute_url(), order.get_absolute_url()


def query_rows() -> list[Row]:
    """Count row 4: the most queries of a guest and of a signed-in reader, over pages of all sizes."""
    order = factories.create_order("BENCH-MANY", country="DE")
    for _ in range(MANY_PARCELS):
        create_parcel(1, order)
    one, many = create_parcel(1), create_parcel(MANY_EVENTS)
    pages = {
        "parcel_of_1_event": one.get_absolute_url(),
        f"parcel_of_{MANY_EVENTS}_events": many.get_absolute_url(),
        "order_of_1_parcel": one.order.get_absolute_url(),
        f"order_of_{MANY_PARCELS}_parcels": order.get_absolute_url(),
    }
    guest, signed_in = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    signed_in.force_login(User.objects.create_user("reader@example.com"))
    return [
        query_row("queries per page, guest", guest, pages, GUEST_QUERIES),
        query_row("queries per page, signed in", signed_in, pages, SIGNED_IN_QUERIES),
    ]


def query_row(name: str, client: Client, pages: dict[str, str], target: int) -> Row:
    """Count the queries of each page for its first reader; the value is the highest number."""
    counts = {}
    for page, path in pages.items():
        client.get(path)  # fills what the process keeps
        with override_settings(PAGE_CACHE_SECONDS=0), CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        counts[page] = len(captured)
    return Row(4, name, max(counts.values()), target, False, counts)
