"""The page of a user's parcels: groups, the next arrival, the search, and a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from tests import factories
from tests.notifications.forecasts import make_forecast
from tracking import buyer_tasks
from tracking.models import Order, OrderLine, Shipment
from tracking.vocabulary import BuyerTaskKind, Milestone, Overlay, Scan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
ANA = "ana@example.com"
ON_THE_WAY = {"milestone": Milestone.LAST_MILE, "last_event_at": NOW, "last_received_at": NOW}


@pytest.fixture(autouse=True)
def frozen_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana(client: Client) -> User:
    user = User.objects.create_user(ANA)
    EmailAddress.objects.create(user=user, email=ANA, verified=True, primary=True)
    client.force_login(user)
    return user


def create_shipment(number: str, **fields: object) -> Shipment:
    order = factories.create_order(f"LF-{number}", email=ANA, country="DE")
    shipment = factories.create_leg(number, for_order=order).shipment
    Shipment.objects.filter(pk=shipment.pk).update(**fields)
    return Shipment.objects.get(pk=shipment.pk)


def delivered(days_ago: int) -> dict[str, object]:
    moment = NOW - timedelta(days=days_ago)
    return {"milestone": Milestone.DELIVERED, "delivered_at": moment, "delivered_on": moment.date()}


def page_of(client: Client, **data: str) -> str:
    return client.get(reverse("account_orders"), data).content.decode()


def section(html: str, name: str) -> str:
    """Return the part of the page that the heading with an id names."""
    return html.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


@pytest.mark.usefixtures("ana")
def test_parcels_stand_in_the_group_of_what_happens_to_them(client: Client) -> None:
    coming = create_shipment("CP1", milestone=Milestone.LAST_MILE)
    asked = create_shipment("CP2", milestone=Milestone.LAST_MILE)
    came, old = create_shipment("CP3", **delivered(3)), create_shipment("CP4", **delivered(40))
    buyer_tasks.open_buyer_task(asked, BuyerTaskKind.PHONE, "", None, NOW)

    html = page_of(client)

    assert coming.token in section(html, "coming") and asked.token not in section(html, "coming")
    assert asked.token in section(html, "turn") and "A phone number" in section(html, "turn")
    recent, _summary, archive = section(html, "came").partition("<details")
    assert came.token in recent and old.token not in recent
    assert old.token in archive and "Archive, 1 parcel" in archive and "August 2026" in archive
    assert "2 parcels on the way" in html


@pytest.mark.usefixtures("ana")
def test_a_lost_parcel_is_not_counted_as_on_the_way(client: Client) -> None:
    lost = create_shipment(
        "CP1",
        milestone=Milestone.LAST_MILE,
        overlay=Overlay.EXCEPTION,
        last_scan=Scan.EXCEPTION_LOST,
        problem_scan=Scan.EXCEPTION_LOST,
        last_event_at=NOW,
        last_received_at=NOW,
    )
    coming = create_shipment("CP2", milestone=Milestone.LAST_MILE)

    html = page_of(client)

    assert lost.token in section(html, "trouble") and coming.token in section(html, "coming")
    assert "1 parcel on the way" in html


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("query", ["lf-cp1", "CP1", "kettle"])
def test_the_search_finds_number_tracking_number_and_item(client: Client, query: str) -> None:
    found, other = create_shipment("CP1"), create_shipment("CP2")
    OrderLine.objects.create(order=found.order, shipment=found, title="Enamel kettle", quantity=1)

    html = page_of(client, q=query)

    assert found.token in html and other.token not in html
    assert f"1 parcel for “{query}”" in html and 'role="search"' in html
    assert found.token in page_of(client) and other.token in page_of(client)


@pytest.mark.usefixtures("ana")
def test_what_is_searched_is_shown_as_text(client: Client) -> None:
    create_shipment("CP1")

    html = page_of(client, q="<b>nothing</b>")

    assert "0 parcels for “&lt;b&gt;nothing&lt;/b&gt;”" in html and "<b>nothing" not in html


@pytest.mark.usefixtures("ana")
def test_the_search_never_leaves_the_users_own_orders(client: Client) -> None:
    own = create_shipment("CP1")
    other = factories.create_leg("CP9", for_order=factories.create_order("LF-CP9", email="eve@example.com")).shipment

    assert own.token in page_of(client, q="CP1")
    assert other.token not in page_of(client, q="CP9")


@pytest.mark.usefixtures("ana")
def test_an_order_without_a_parcel_is_listed(client: Client) -> None:
    order = factories.create_order("LF-7", email=ANA)

    assert order.get_absolute_url() in section(page_of(client), "unshipped")
    assert Order.objects.count() == 1


@pytest.mark.usefixtures("ana")
def test_a_user_without_orders_reads_how_they_appear(client: Client) -> None:
    html = page_of(client)

    assert "No orders here yet." in html and f"Orders placed with {ANA} appear here by themselves." in html
    assert 'role="search"' not in html


@pytest.mark.usefixtures("ana")
def test_more_parcels_cost_no_more_queries(client: Client) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        return len(queries)

    create_shipment("CP1", milestone=Milestone.LAST_MILE)
    page_of(client)
    before = count_queries()
    for number in range(2, 8):
        create_shipment(f"CP{number}", milestone=Milestone.LAST_MILE)

    assert count_queries() == before


@pytest.mark.usefixtures("ana")
def test_the_next_arrival_is_the_headline_and_likely_days_are_marked(client: Client) -> None:
    later, sooner = (create_shipment(number, **ON_THE_WAY) for number in ("CP1", "CP2"))
    make_forecast(later, date(2026, 9, 26), 2)
    make_forecast(sooner, date(2026, 9, 23), 2)

    html = page_of(client)

    heading = html.partition("<h1")[2].partition("</h1>")[0]
    assert "2 parcels on the way. The next:" in heading and "23" in heading and "26" not in heading
    strip = html.partition('<ol class="days"')[2].partition("</ol>")[0]
    assert re.findall(r'class="([a-z ]+)">\w+<b>(\d+)', strip) == [("today", "21"), ("best", "23"), ("best", "26")]
    assert "Then most likely" in html
    assert html.index(sooner.token) < html.index(later.token)
