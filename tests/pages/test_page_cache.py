"""A page is rendered once for all who read the same, and anew as soon as anything that it shows has changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests import factories
from tests.parsed_answers import record_shipment
from tracking.buyer_tasks.transitions import close_buyer_task, open_buyer_task
from tracking.ingest.alerts import check_due_alerts
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import cancel_order
from tracking.models import Alert, Leg, Order, OrderLine, Shipment, Shop
from tracking.optional_cache import OptionalRedisCache
from tracking.pages import order as order_page
from tracking.pages import shipment as parcel_page
from tracking.pages.identity_check import trust_browser
from tracking.pages.page_cache import MAX_RECENT_PAGES, RECENT_PAGES
from tracking.shops.pictures import EncodedPicture, store_logo, store_picture
from tracking.vocabulary import BuyerTaskKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 10, 12, 0, 5, tzinfo=UTC)
PICKED_UP = ("origin.picked_up", "2026-09-04T11:30:00+08:00")
DEPARTED = ("linehaul.departed", "2026-09-07T23:40:00+08:00")
BUYER_CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(autouse=True)
def cached_pages(settings: Any) -> None:
    settings.PAGE_CACHE_SECONDS = 90


@pytest.fixture(autouse=True)
def frozen_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=True) as clock:  # `updated_at` moves
        yield clock


@pytest.fixture
def leg() -> Leg:
    leg = factories.create_leg("LZ000000015CN")
    scan_at(leg, PICKED_UP)
    OrderLine.objects.create(order=leg.shipment.order, shipment=leg.shipment, title="A kettle", sku="K-1")
    leg.shipment.refresh_from_db()
    return leg


def scan_at(leg: Leg, *scans: tuple[str, str]) -> None:
    """Let the feed report scans about a number."""
    parsed = factories.build_shipment(*(factories.build_scan(*scan, country="CN") for scan in scans))
    record_shipment(leg, parsed, factories.create_payload())


class Reading:
    """Reads the pages of a parcel and its order, and says which of them were rendered for it."""

    def __init__(self, client: Client, shipment: Shipment) -> None:
        self.client = client
        self.paths = {"parcel": shipment.get_absolute_url(), "order": shipment.order.get_absolute_url()}

    def rendered(self, **headers: str) -> set[str]:
        loaders = {"parcel": (parcel_page, "load_parcel"), "order": (order_page, "load_order")}
        rendered = set()
        for name, (module, loader) in loaders.items():
            with patch.object(module, loader, wraps=getattr(module, loader)) as spy:
                assert self.client.get(self.paths[name], headers=headers).status_code == 200
            if spy.called:
                rendered.add(name)
        return rendered


@pytest.fixture
def reading(client: Client, leg: Leg) -> Reading:
    """Both pages, read once."""
    reading = Reading(client, leg.shipment)
    assert reading.rendered() == {"parcel", "order"}
    return reading


BOTH = {"parcel", "order"}


def test_the_next_reader_gets_the_same_page_without_rendering(reading: Reading) -> None:
    assert reading.rendered() == set()


def test_a_poll_without_news_keeps_the_page_and_moves_the_line_about_checks(reading: Reading, leg: Leg) -> None:
    before = reading.client.get(reading.paths["parcel"]).content.decode()
    scan_at(leg, PICKED_UP)
    Leg.objects.filter(pk=leg.pk).update(last_answer_at=NOW - timedelta(hours=5))

    assert reading.rendered() == set()
    after = reading.client.get(reading.paths["parcel"]).content.decode()
    assert ("5 hours ago" in before, "5 hours ago" in after) == (False, True)


def change_scan(leg: Leg) -> None:
    scan_at(leg, PICKED_UP, DEPARTED)


def change_task(leg: Leg) -> None:
    task = open_buyer_task(leg.shipment, BuyerTaskKind.PAPERS, "An invoice.", None, NOW)
    assert task.pk


def change_alert(leg: Leg) -> None:
    kind = {"kind": "stalled", "severity": "warning", "evidence": {"limit_days": 5}}
    Alert.objects.create(shipment=leg.shipment, **kind, started_at=NOW, opened_at=NOW, updated_at=NOW)


def change_order(leg: Leg) -> None:
    Order.objects.get().save(update_fields=["city"])


def change_line(leg: Leg) -> None:
    OrderLine.objects.get().delete()


def change_promise(leg: Leg) -> None:
    Shipment.objects.get().save(update_fields=["promised_on"])


def change_shop(leg: Leg) -> None:
    Shop.objects.get().save(update_fields=["support_email"])


def change_logo(leg: Leg) -> None:
    store_logo(Shop.objects.get(), EncodedPicture(b"large", b"small"))


def change_picture(leg: Leg) -> None:
    store_picture(Shop.objects.get(), "K-1", EncodedPicture(b"large", b"small"))


def change_by_operator(leg: Leg) -> None:
    cancel_order(leg.shipment.order, Decider(None, "sold out", NOW))


def add_parcel(leg: Leg) -> None:
    Shipment.objects.create(order=leg.shipment.order)


def change_carrier(leg: Leg) -> None:
    leg.carrier = factories.create_feed("usps")
    leg.save(update_fields=["carrier"])


@pytest.mark.parametrize(
    ("change", "renewed"),
    [
        *((change_scan, BOTH), (change_task, BOTH), (change_alert, BOTH), (change_order, BOTH), (change_line, BOTH)),
        *((change_promise, BOTH), (change_shop, BOTH), (change_logo, BOTH), (change_picture, BOTH)),
        *((change_by_operator, BOTH), (change_carrier, BOTH), (add_parcel, {"order"})),
    ],
)
def test_every_kind_of_change_renews_the_page_at_once(
    reading: Reading, leg: Leg, change: Callable[[Leg], None], renewed: set[str]
) -> None:
    change(leg)

    assert reading.rendered() == renewed
    assert reading.rendered() == set()


def test_a_closed_task_renews_the_page(leg: Leg, client: Client) -> None:
    task = open_buyer_task(leg.shipment, BuyerTaskKind.PAPERS, "An invoice.", None, NOW)
    reading = Reading(client, leg.shipment)
    reading.rendered()

    close_buyer_task(task, NOW, "no longer needed")

    assert reading.rendered() == BOTH


def test_alerts_that_open_by_themselves_renew_the_page(
    reading: Reading, leg: Leg, frozen_clock: time_machine.Traveller
) -> None:
    before = Shipment.objects.get().revision
    Shipment.objects.update(alerts_due_at=NOW)

    check_due_alerts(NOW + timedelta(days=60))

    assert Alert.objects.exists()
    assert Shipment.objects.get().revision > before


@pytest.mark.parametrize(
    ("seconds", "rendered"), [pytest.param(20, set(), id="same minute"), pytest.param(60, BOTH, id="next minute")]
)
def test_texts_that_depend_on_the_time_are_at_most_a_minute_old(
    reading: Reading, frozen_clock: time_machine.Traveller, seconds: int, rendered: set[str]
) -> None:
    frozen_clock.shift(seconds)

    assert reading.rendered() == rendered


@pytest.mark.parametrize(
    "preference", ["language=de", "zone=Asia/Tokyo", "units=us", "hours=24", "clock=mine", "look=dark"]
)
def test_each_setting_of_the_reader_has_its_own_page(reading: Reading, preference: str) -> None:
    name, value = preference.split("=")
    reading.client.cookies[name] = value

    assert reading.rendered() == BOTH
    assert reading.rendered() == set()


def test_a_fragment_is_not_the_page(reading: Reading) -> None:
    assert reading.rendered(**{"hx-request": "true"}) == BOTH
    assert b"<html" not in reading.client.get(reading.paths["parcel"], headers={"hx-request": "true"}).content


def test_readers_of_different_access_never_share_bytes(leg: Leg) -> None:
    """Link, proven by an identity check, signed in, operator: none of them is given what was rendered for another."""
    path = leg.shipment.get_absolute_url()
    link, proven, signed_in, operator = Client(), Client(), Client(), Client()
    proof = trust_browser(HttpResponse(), leg.shipment.order).cookies
    for name, morsel in proof.items():
        proven.cookies[name] = morsel.value
    signed_in.force_login(User.objects.create_user("reader@example.com"))
    operator.force_login(User.objects.create_superuser("operator@example.com"))
    keys = []
    cache_class = type(caches["pages"])

    def remember(self: OptionalRedisCache, key: str, *_args: object) -> None:
        keys.append(key)

    RECENT_PAGES.clear()
    with patch.object(cache_class, "get", remember):
        for client in (link, proven, signed_in, operator):
            client.get(path)

    page_keys = [key for key in keys if len(key) == 64]
    assert len(page_keys) == len(set(page_keys)) == 4


def test_what_belongs_to_one_request_is_not_cached(leg: Leg) -> None:
    first, second, path = Client(), Client(), leg.shipment.get_absolute_url()

    pages = [
        client.get(f"{path}?via={index}", headers={"accept-encoding": "gzip"})
        for index, client in enumerate((first, second))
    ]

    plain = [Client().get(f"{path}?via={index}").content for index in range(2)]
    assert [f"{path}?via={index}".encode() in page for index, page in enumerate(plain)] == [True, True]
    assert b"via=0" not in plain[1]
    assert len({BUYER_CSRF.findall(page)[0] for page in plain}) == 2
    assert [page.headers["Content-Encoding"] for page in pages] == ["gzip", "gzip"]
    assert all("no-store" in page.headers["Cache-Control"] for page in pages)


def test_a_path_in_a_page_is_escaped(leg: Leg, client: Client) -> None:
    page = client.get(leg.shipment.get_absolute_url() + "?a=1&b=%22><script>").content.decode()

    assert "?a=1&amp;b=%22" in page
    assert "<script>" not in page


def test_what_was_wrong_with_a_request_is_told_only_to_who_made_it(reading: Reading) -> None:
    path = reading.paths["parcel"]

    told = [b"We do not know" in reading.client.get(url).content for url in (f"{path}?units=cubits", path)]

    assert told == [True, False]


def test_without_redis_pages_are_rendered_each_time(reading: Reading) -> None:
    with patch.object(OptionalRedisCache, "unavailable_until", float("inf")), patch.dict(RECENT_PAGES, clear=True):
        first = reading.rendered()
        RECENT_PAGES.clear()
        assert (first, reading.rendered()) == (BOTH, BOTH)


def test_processes_share_pages_and_each_keeps_few(reading: Reading) -> None:
    RECENT_PAGES.clear()
    assert reading.rendered() == set()

    with patch.dict(RECENT_PAGES, {f"key {index}": next(iter(RECENT_PAGES.values())) for index in range(300)}):
        reading.rendered()
        assert len(RECENT_PAGES) == MAX_RECENT_PAGES
