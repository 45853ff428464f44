"""An operator connects a carrier that nobody wrote an adapter for, and its news arrive."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from aiohttp import web
from celery.contrib.testing.worker import start_worker
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import make
from tests.carrier import serving
from tracking.celery import app
from tracking.ingest.read import read
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.carriers import add_missing_feeds
from tracking.models.payloads import Arrival, Outcome
from tracking.vocabulary import Milestone, Scan, ZoneSource

ADD = "admin:tracking_carrier_add"
ANSWER = {
    "result": {
        "history": [
            {"on": "2026-09-02", "at": "09:15", "state": "OUT", "note": "Out for delivery", "town": "Delft"},
            {"on": "2026-09-01", "at": "18:40", "state": "HUB", "note": "At our <b>hub</b>", "town": "Utrecht"},
        ]
    }
}
RECIPE = {
    "recipe_path": "/track/v2.4/{number}",
    "recipe_method": "POST",
    "recipe_body": '[{"number": "{number}"}]',
    "recipe_headers": "17token: {key}",
    "recipe_test_number": "PP1",
    "recipe_events": "result.history",
    "recipe_time": "on + at",
    "recipe_clock": "home",
    "recipe_home": "Europe/Amsterdam",
    "recipe_home_country": "NL",
    "recipe_code": "state",
    "recipe_codes": "OUT = delivery.out_for_delivery",
    "recipe_words": "note",
    "recipe_city": "town",
    "recipe_sample": json.dumps(ANSWER),
}
NO_CODES = {"unmapped_codes-TOTAL_FORMS": 0, "unmapped_codes-INITIAL_FORMS": 0}


def sent(**changes: Any) -> dict[str, Any]:
    """Return what a browser would send for the page of the carrier, with an operator's changes."""
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "base_url": "https://api.example"}
    return {**company, "pacing": "1", "credential_key": "", **RECIPE, **NO_CODES, **changes}


@pytest.fixture
def pigeon(db: None) -> Carrier:
    return Carrier.objects.create(slug="pigeon", name="Pigeon Post", adapter="generic")


@pytest.fixture
def save(admin_client: Client, pigeon: Carrier) -> Callable[..., str]:
    """Save the page of the carrier with changes, and return the page that follows."""

    def run(**changes: Any) -> str:
        address = reverse("admin:tracking_carrier_change", args=[pigeon.pk])
        page = unescape(admin_client.post(address, sent(**changes), follow=True).content.decode())
        pigeon.refresh_from_db()
        return page

    return run


def errors_at(page: str, field: str) -> str:
    """Return the errors that stand at one field of a page."""
    found = re.search(rf'<ul class="errorlist" id="id_{field}_error">(.*?)</ul>', page, re.DOTALL)
    return found[1] if found else ""


def test_any_json_api_is_a_choice_and_has_no_row_of_its_own(admin_client: Client) -> None:
    assert '<option value="generic">' in admin_client.get(reverse(ADD)).content.decode()
    assert not Carrier.objects.filter(adapter="generic").exists()


def test_a_new_carrier_is_asked_for_its_description_next(admin_client: Client) -> None:
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "pacing": "1"}

    page = admin_client.post(reverse(ADD), company, follow=True).content.decode()

    assert "is not described yet" in page
    assert all(f'name="{field}"' in page for field in (*RECIPE, "credential_key", "credential_secret"))
    assert Carrier.objects.get(slug="pigeon").recipe == {}


def test_a_good_recipe_is_saved_and_the_page_shows_the_reading(save: Callable[..., str], pigeon: Carrier) -> None:
    page = save()

    assert pigeon.recipe["events"] == "result.history" and pigeon.sample_answer == RECIPE["recipe_sample"]
    [table] = re.findall(r'<div class="event-list".*?</table>', page, re.DOTALL)
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:]]
    assert rows == [
        "Out for delivery delivery.out_for_delivery 2026-09-02 07:15:00 2026-09-02 09:15:00 UTC+02:00 "
        "Europe/Amsterdam we assumed it, to the minute Delft (NL) OUT Out for delivery",
        "not in the code table 2026-09-01 16:40:00 2026-09-01 18:40:00 UTC+02:00 "
        "Europe/Amsterdam we assumed it, to the minute Utrecht (NL) HUB At our hub",
    ]


def test_what_a_carrier_says_is_shown_as_text(admin_client: Client, save: Callable[..., str], pigeon: Carrier) -> None:
    save()

    page = admin_client.get(reverse("admin:tracking_carrier_change", args=[pigeon.pk])).content.decode()

    assert "At our &lt;b&gt;hub" in page and "At our <b>hub" not in page


@pytest.mark.parametrize(
    ("field", "entered", "says"),
    [
        ("recipe_events", "result.events", "The pasted answer has no result.events. There it has: history."),
        ("recipe_events", "result.history[0].town", "It cannot be read: an event at result.history[0].town is text"),
        ("recipe_events", "", "This field is required."),
        ("recipe_time", "when", "No event has a time there. An event has: on, at, state, note, town."),
        ("recipe_time", "note", "“Out for delivery” is not understood as a time."),
        ("recipe_time", "", "This field is required."),
        ("recipe_codes", "OUT = out_for_delivery", "Line 1: no scan is called out_for_delivery. Nearest: delivery.out"),
        ("recipe_path", "track/{number}", "It starts with /"),
        ("recipe_home", "Amsterdam", "No zone has this name. Nearest: Europe/Amsterdam"),
        ("base_url", "", "This field is required."),
        ("recipe_sample", "", "This field is required."),
        ("recipe_sample", "<html>", "It cannot be read: the answer is not JSON"),
        ("recipe_sample", '{"result": {"history": []}}', "This list is empty"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    save: Callable[..., str], pigeon: Carrier, field: str, entered: str, says: str
) -> None:
    page = save(**{field: entered, "name": "Renamed"})

    assert says in errors_at(page, "recipe_events" if says.startswith("This list") else field)
    assert (pigeon.name, pigeon.recipe, pigeon.sample_answer) == ("Pigeon Post", {}, "")


def test_a_pasted_answer_that_says_not_found_shows_nothing(save: Callable[..., str], pigeon: Carrier) -> None:
    missing = {"recipe_missing": "error", "recipe_missing_values": "NONE"}

    page = save(recipe_sample='{"error": "NONE"}', **missing)

    assert "It says that the number is not known" in errors_at(page, "recipe_sample") and not pigeon.recipe


def test_it_is_not_switched_on_before_it_is_described(admin_client: Client, feed: Carrier) -> None:
    switched = {"name": "Seventeen", "slug": "17track", "adapter": "generic", "pacing": "1", "enabled": "on"}

    page = admin_client.post(
        reverse("admin:tracking_carrier_change", args=[feed.pk]), {**switched, **NO_CODES}
    ).content.decode()

    assert "First say how it is asked" in errors_at(page, "enabled")


def test_a_key_in_its_headers_is_asked_for(save: Callable[..., str], pigeon: Carrier) -> None:
    assert "Still missing, to switch it on: API key." in save(enabled="on") and not pigeon.enabled
    assert "still asks for: API key." in save()

    save(enabled="on", credential_key=make.KEY)

    assert pigeon.enabled and pigeon.credentials["key"] == make.KEY


def test_another_adapter_keeps_the_recipe_and_asks_for_nothing_of_it(save: Callable[..., str], pigeon: Carrier) -> None:
    save()

    save(adapter="17track", recipe_events="???", recipe_sample="")

    assert pigeon.adapter == "17track" and pigeon.recipe["events"] == "result.history"


def test_events_that_would_stand_twice_are_warned_of(save: Callable[..., str], pigeon: Carrier) -> None:
    save()
    make.leg("PP1", source=pigeon)
    told, _ = Payload.objects.keep(pigeon, json.dumps(ANSWER).encode(), Arrival.POLL, timezone.now(), ["PP1"])
    read(Payload.objects.get(pk=told.pk))

    assert "will stand twice" not in save(recipe_codes="HUB = linehaul.in_transit", recipe_words="note ")
    assert "will stand twice" in save(recipe_words="state")


def test_two_carriers_have_two_recipes(save: Callable[..., str], pigeon: Carrier) -> None:
    save()
    other = Carrier(slug="owl", name="Owl Post", adapter="generic", recipe={**pigeon.recipe, "events": "$"})

    assert pigeon.feed is Carrier.objects.get(pk=pigeon.pk).feed
    assert other.feed.version != pigeon.feed.version


def test_missing_feeds_are_added_without_a_carrier_of_nobodys(pigeon: Carrier) -> None:
    add_missing_feeds(app_config(), "default")

    assert list(Carrier.objects.filter(adapter="generic")) == [pigeon]


def app_config() -> Any:
    return Carrier._meta.app_config


def not_known(verb: str, items: Any) -> web.Response:
    return web.json_response({"error": {"code": "NONE"}}, status=404)


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_an_operator_connects_a_carrier_from_nothing_and_its_news_arrive(
    admin_client: Client, act: Callable[..., str]
) -> None:
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "pacing": "1"}
    admin_client.post(reverse(ADD), company)
    pigeon = Carrier.objects.get(slug="pigeon")
    page = reverse("admin:tracking_carrier_change", args=[pigeon.pk])
    missing = {"recipe_missing": "error.code", "recipe_missing_values": "NONE"}

    with serving(not_known) as server:
        good = sent(base_url=server.url, enabled="on", credential_key=make.KEY, **missing)
        admin_client.post(page, {**good, "recipe_events": "result"})
        assert not Carrier.objects.get(pk=pigeon.pk).enabled
        assert "not in the code table" in admin_client.post(page, good, follow=True).content.decode()
        assert "the test number is not known" in act("test_the_connection", pigeon)

        server.answer = lambda verb, items: web.json_response(ANSWER)
        leg = make.leg("PP 42", of=make.order(country="NL"), source=pigeon, next_check_at=timezone.now())
        with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False):
            act("ask_now", pigeon)
            deadline = time.monotonic() + 15
            while not Event.objects.exists() and time.monotonic() < deadline:
                time.sleep(0.05)

    assert server.calls == [("PP1", [{"number": "PP1"}], make.KEY), ("PP 42", [{"number": "PP 42"}], make.KEY)]
    events = Event.objects.filter(leg=leg).order_by("sequence").values_list("scan", "zone_source", "city")
    assert list(events) == [
        (Scan.UNMAPPED, ZoneSource.ASSUMED, "Utrecht"),
        (Scan.DELIVERY_OUT, ZoneSource.ASSUMED, "Delft"),
    ]
    leg = Leg.objects.select_related("carrier", "shipment").get()
    assert (leg.carrier, leg.shipment.milestone) == (pigeon, Milestone.OUT_FOR_DELIVERY)
    assert list(pigeon.unmapped_codes.values_list("code", "count")) == [("HUB", 1)]


@pytest.mark.database
@pytest.mark.django_db
def test_an_answer_that_names_no_number_is_about_the_one_that_was_asked(pigeon: Carrier) -> None:
    pigeon.recipe = {key.removeprefix("recipe_"): entered for key, entered in RECIPE.items() if key != "recipe_sample"}
    pigeon.save()
    asked, other = make.leg("PP 1", source=pigeon), make.leg("PP 2", source=pigeon)
    body = json.dumps(ANSWER).encode()
    payload, _ = Payload.objects.keep(pigeon, body, Arrival.POLL, timezone.now(), [asked.number])
    unasked, _ = Payload.objects.keep(pigeon, body, Arrival.WEBHOOK, timezone.now())

    assert len(read(payload)) == 2 and read(unasked) == []

    assert {event.leg_id for event in Event.objects.all()} == {asked.pk} != {other.pk}
    assert (payload.outcome, unasked.outcome) == (Outcome.READ, Outcome.WAITING)
