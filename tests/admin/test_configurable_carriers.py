"""An operator connects a carrier that has no adapter by describing its JSON API, and its events arrive."""

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

from tests import factories
from tests.carrier_server import run_carrier_server
from tracking.celery import app
from tracking.ingest.process import process_payload
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.carriers import create_missing_feeds
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.vocabulary import Milestone, Scan, ZoneSource

ADD_URL_NAME = "admin:tracking_carrier_add"
ANSWER = {
    "result": {
        "history": [
            {"on": "2026-09-02", "at": "09:15", "state": "OUT", "note": "Out for delivery", "town": "Delft"},
            {"on": "2026-09-01", "at": "18:40", "state": "HUB", "note": "At our <b>hub</b>", "town": "Utrecht"},
        ]
    }
}
CONFIG_FORM_DATA = {
    "config_path": "/track/v2.4/{number}",
    "config_method": "POST",
    "config_body": '[{"number": "{number}"}]',
    "config_headers": "17token: {key}",
    "config_test_number": "PP1",
    "config_events": "result.history",
    "config_time": "on + at",
    "config_clock_source": "home",
    "config_home_zone": "Europe/Amsterdam",
    "config_home_country": "NL",
    "config_code": "state",
    "config_codes": "OUT = delivery.out_for_delivery",
    "config_text": "note",
    "config_city": "town",
    "config_sample": json.dumps(ANSWER),
}
EMPTY_CODE_FORMSET = {"unmapped_codes-TOTAL_FORMS": 0, "unmapped_codes-INITIAL_FORMS": 0}


def form_data(**changes: Any) -> dict[str, Any]:
    """Return the form data that a browser would send for the carrier's page, with changes."""
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "base_url": "https://api.example"}
    return {
        **company,
        "poll_interval_factor": "1",
        "credential_key": "",
        **CONFIG_FORM_DATA,
        **EMPTY_CODE_FORMSET,
        **changes,
    }


@pytest.fixture
def configurable_carrier(db: None) -> Carrier:
    return Carrier.objects.create(slug="pigeon", name="Pigeon Post", adapter="generic")


@pytest.fixture
def save_carrier(admin_client: Client, configurable_carrier: Carrier) -> Callable[..., str]:
    """Return a function that saves the carrier's page with changes and returns the page that follows."""

    def run(**changes: Any) -> str:
        url = reverse("admin:tracking_carrier_change", args=[configurable_carrier.pk])
        page = unescape(admin_client.post(url, form_data(**changes), follow=True).content.decode())
        configurable_carrier.refresh_from_db()
        return page

    return run


def errors_at(page: str, field: str) -> str:
    """Return the errors that a page shows at one field."""
    match = re.search(rf'<ul class="errorlist" id="id_{field}_error">(.*?)</ul>', page, re.DOTALL)
    return match[1] if match else ""


def test_the_configurable_adapter_is_a_choice_without_a_carrier_of_its_own(admin_client: Client) -> None:
    assert '<option value="generic">' in admin_client.get(reverse(ADD_URL_NAME)).content.decode()
    assert not Carrier.objects.filter(adapter="generic").exists()


def test_a_new_carrier_shows_the_configuration_fields_next(admin_client: Client) -> None:
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "poll_interval_factor": "1"}

    page = admin_client.post(reverse(ADD_URL_NAME), company, follow=True).content.decode()

    assert "is not described yet" in page
    assert all(f'name="{field}"' in page for field in (*CONFIG_FORM_DATA, "credential_key", "credential_secret"))
    assert Carrier.objects.get(slug="pigeon").adapter_config == {}


def test_a_valid_configuration_is_saved_and_the_page_shows_the_parsed_sample(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    page = save_carrier()

    assert (
        configurable_carrier.adapter_config["events"] == "result.history"
        and configurable_carrier.sample_answer == CONFIG_FORM_DATA["config_sample"]
    )
    [table] = re.findall(r'<div class="event-list".*?</table>', page, re.DOTALL)
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:]]
    assert rows == [
        "Out for delivery delivery.out_for_delivery 2026-09-02 07:15:00 2026-09-02 09:15:00 UTC+02:00 "
        "Europe/Amsterdam we assumed it, to the minute Delft (NL) OUT Out for delivery",
        "not in the code table 2026-09-01 16:40:00 2026-09-01 18:40:00 UTC+02:00 "
        "Europe/Amsterdam we assumed it, to the minute Utrecht (NL) HUB At our hub",
    ]


def test_html_in_a_carriers_text_is_escaped(
    admin_client: Client, save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    save_carrier()

    page = admin_client.get(reverse("admin:tracking_carrier_change", args=[configurable_carrier.pk])).content.decode()

    assert "At our &lt;b&gt;hub" in page and "At our <b>hub" not in page


@pytest.mark.parametrize(
    ("field", "entered", "message"),
    [
        ("config_events", "result.events", "The pasted answer has no result.events. There it has: history."),
        ("config_events", "result.history[0].town", "It cannot be read: an event at result.history[0].town is text"),
        ("config_events", "", "This field is required."),
        ("config_time", "when", "No event has a time there. An event has: on, at, state, note, town."),
        ("config_time", "note", "“Out for delivery” is not understood as a time."),
        ("config_time", "", "This field is required."),
        ("config_codes", "OUT = out_for_delivery", "Line 1: no scan is called out_for_delivery. Nearest: delivery.out"),
        ("config_path", "track/{number}", "It starts with /"),
        ("config_home_zone", "Amsterdam", "No zone has this name. Nearest: Europe/Amsterdam"),
        ("base_url", "", "This field is required."),
        ("config_sample", "", "This field is required."),
        ("config_sample", "<html>", "It cannot be read: the answer is not JSON"),
        ("config_sample", '{"result": {"history": []}}', "This list is empty"),
    ],
)
def test_an_error_is_shown_at_its_field_and_nothing_is_saved(
    save_carrier: Callable[..., str], configurable_carrier: Carrier, field: str, entered: str, message: str
) -> None:
    page = save_carrier(**{field: entered, "name": "Renamed"})

    assert message in errors_at(page, "config_events" if message.startswith("This list") else field)
    assert (configurable_carrier.name, configurable_carrier.adapter_config, configurable_carrier.sample_answer) == (
        "Pigeon Post",
        {},
        "",
    )


def test_a_sample_that_says_not_found_is_rejected(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    missing = {"config_not_found": "error", "config_not_found_values": "NONE"}

    page = save_carrier(config_sample='{"error": "NONE"}', **missing)

    assert (
        "It says that the number is not known" in errors_at(page, "config_sample")
        and not configurable_carrier.adapter_config
    )


def test_a_carrier_cannot_be_enabled_before_it_is_configured(admin_client: Client, feed: Carrier) -> None:
    data = {
        "name": "Seventeen",
        "slug": "17track",
        "adapter": "generic",
        "poll_interval_factor": "1",
        "enabled": "on",
    }

    page = admin_client.post(
        reverse("admin:tracking_carrier_change", args=[feed.pk]), {**data, **EMPTY_CODE_FORMSET}
    ).content.decode()

    assert "First say how it is asked" in errors_at(page, "enabled")


def test_a_key_used_in_the_headers_is_a_required_credential(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    assert "Still missing, to switch it on: API key." in save_carrier(enabled="on") and not configurable_carrier.enabled
    assert "still asks for: API key." in save_carrier()

    save_carrier(enabled="on", credential_key=factories.API_KEY)

    assert configurable_carrier.enabled and configurable_carrier.credentials["key"] == factories.API_KEY


def test_another_adapter_keeps_the_configuration_and_does_not_validate_it(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    save_carrier()

    save_carrier(adapter="17track", config_events="???", config_sample="")

    assert (
        configurable_carrier.adapter == "17track" and configurable_carrier.adapter_config["events"] == "result.history"
    )


def test_a_change_that_would_duplicate_events_causes_a_warning(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    save_carrier()
    factories.create_leg("PP1", from_feed=configurable_carrier)
    payload, _ = Payload.objects.store(
        configurable_carrier, json.dumps(ANSWER).encode(), ReceivedVia.POLL, timezone.now(), ["PP1"]
    )
    process_payload(Payload.objects.get(pk=payload.pk))

    assert "will stand twice" not in save_carrier(config_codes="HUB = linehaul.in_transit", config_text="note ")
    assert "will stand twice" not in save_carrier(config_text="state")
    assert "will stand twice" in save_carrier(config_time="on")


def test_two_configurable_carriers_have_their_own_adapters(
    save_carrier: Callable[..., str], configurable_carrier: Carrier
) -> None:
    save_carrier()
    other = Carrier(
        slug="owl",
        name="Owl Post",
        adapter="generic",
        adapter_config={**configurable_carrier.adapter_config, "events": "$"},
    )

    assert configurable_carrier.adapter_instance is Carrier.objects.get(pk=configurable_carrier.pk).adapter_instance
    assert other.adapter_instance.version != configurable_carrier.adapter_instance.version


def test_creating_missing_feeds_adds_no_configurable_carrier(configurable_carrier: Carrier) -> None:
    create_missing_feeds(app_config(), "default")

    assert list(Carrier.objects.filter(adapter="generic")) == [configurable_carrier]


def app_config() -> Any:
    return Carrier._meta.app_config


def respond_not_found(verb: str, items: Any) -> web.Response:
    return web.json_response({"error": {"code": "NONE"}}, status=404)


@pytest.mark.django_db(transaction=True)
@pytest.mark.database
def test_an_operator_configures_a_carrier_and_its_events_arrive(
    admin_client: Client, run_action: Callable[..., str]
) -> None:
    company = {"name": "Pigeon Post", "slug": "pigeon", "adapter": "generic", "poll_interval_factor": "1"}
    admin_client.post(reverse(ADD_URL_NAME), company)
    carrier = Carrier.objects.get(slug="pigeon")
    url = reverse("admin:tracking_carrier_change", args=[carrier.pk])
    missing = {"config_not_found": "error.code", "config_not_found_values": "NONE"}

    with run_carrier_server(respond_not_found) as server:
        valid = form_data(base_url=server.url, enabled="on", credential_key=factories.API_KEY, **missing)
        admin_client.post(url, {**valid, "config_events": "result"})
        assert not Carrier.objects.get(pk=carrier.pk).enabled
        assert "not in the code table" in admin_client.post(url, valid, follow=True).content.decode()
        assert "the test number is not known" in run_action("test_connection", carrier)

        server.responder = lambda verb, items: web.json_response(ANSWER)
        leg = factories.create_leg(
            "PP 42", for_order=factories.create_order(country="NL"), from_feed=carrier, next_check_at=timezone.now()
        )
        with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False):
            run_action("poll_now", carrier)
            deadline = time.monotonic() + 15
            while not Event.objects.exists() and time.monotonic() < deadline:
                time.sleep(0.05)

    assert server.calls == [
        ("PP1", [{"number": "PP1"}], factories.API_KEY),
        ("PP 42", [{"number": "PP 42"}], factories.API_KEY),
    ]
    events = Event.objects.filter(leg=leg).order_by("sequence").values_list("scan", "zone_source", "city")
    assert list(events) == [
        (Scan.UNMAPPED, ZoneSource.ASSUMED, "Utrecht"),
        (Scan.DELIVERY_OUT, ZoneSource.ASSUMED, "Delft"),
    ]
    leg = Leg.objects.select_related("carrier", "shipment").get()
    assert (leg.carrier, leg.shipment.milestone) == (carrier, Milestone.OUT_FOR_DELIVERY)
    assert list(carrier.unmapped_codes.values_list("code", "occurrence_count")) == [("HUB", 1)]


@pytest.mark.database
@pytest.mark.django_db
def test_an_answer_without_a_number_belongs_to_the_polled_number(configurable_carrier: Carrier) -> None:
    configurable_carrier.adapter_config = {
        key.removeprefix("config_"): entered for key, entered in CONFIG_FORM_DATA.items() if key != "config_sample"
    }
    configurable_carrier.save()
    polled, other = (
        factories.create_leg("PP 1", from_feed=configurable_carrier),
        factories.create_leg("PP 2", from_feed=configurable_carrier),
    )
    body = json.dumps(ANSWER).encode()
    payload, _ = Payload.objects.store(configurable_carrier, body, ReceivedVia.POLL, timezone.now(), [polled.number])
    pushed, _ = Payload.objects.store(configurable_carrier, body, ReceivedVia.WEBHOOK, timezone.now())

    assert len(process_payload(payload)) == 2 and process_payload(pushed) == []

    assert {event.leg_id for event in Event.objects.all()} == {polled.pk} != {other.pk}
    assert (payload.status, pushed.status) == (PayloadStatus.PARSED, PayloadStatus.UNMATCHED)
