"""Carriers in the admin: credentials are stored and never shown, and a feed's health is visible."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import enqueued_tasks
from tests.carrier_server import Responder, run_carrier_server
from tracking.admin.feed_health import feed_health_of
from tracking.models import Carrier, Leg, UnmappedCode
from tracking.vocabulary import Milestone

SECRET = "sesame-opens-17"


def change_url(carrier: Carrier) -> str:
    return reverse("admin:tracking_carrier_change", args=[carrier.pk])


def form_data(carrier: Carrier, **changes: Any) -> dict[str, Any]:
    """Return the form data that a browser would send for a carrier's page, with changes."""
    codes = {"unmapped_codes-TOTAL_FORMS": 0, "unmapped_codes-INITIAL_FORMS": 0}
    stored = {name: getattr(carrier, name) for name in ("name", "slug", "country", "homepage", "adapter", "base_url")}
    data = {
        **stored,
        "poll_interval_factor": carrier.poll_interval_factor,
        "calls_per_second": "",
        "credential_key": "",
        **codes,
        **changes,
    }
    if "enabled" not in changes and carrier.enabled:
        data["enabled"] = "on"
    return {name: value for name, value in data.items() if value is not None}


def stored_credentials(carrier: Carrier) -> dict[str, str]:
    carrier.refresh_from_db()
    credentials: dict[str, str] = carrier.credentials
    return credentials


def test_a_stored_credential_is_shown_on_no_page(admin_client: Client, feed: Carrier) -> None:
    for url in (change_url(feed), reverse("admin:tracking_carrier_changelist")):
        assert SECRET not in admin_client.get(url).content.decode()


def test_the_form_shows_only_that_a_credential_is_stored(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.get(change_url(feed)).content.decode()

    [field] = re.findall(r'<input[^>]*name="credential_key"[^>]*>', page)

    assert 'type="password"' in field and 'placeholder="stored"' in field and "value" not in field


def test_an_invalid_form_does_not_show_the_entered_credential(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.post(
        change_url(feed), form_data(feed, name="", credential_key="typed-in-vain")
    ).content.decode()

    assert "errornote" in page and "typed-in-vain" not in page and SECRET not in page


def test_an_empty_input_keeps_the_stored_credential(admin_client: Client, feed: Carrier) -> None:
    response = admin_client.post(change_url(feed), form_data(feed, name="Seventeen"))

    assert response.status_code == 302
    assert stored_credentials(feed) == {"key": SECRET} and feed.name == "Seventeen"


def test_a_new_credential_replaces_the_old_one_and_is_not_logged(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, credential_key="a-new-one"))

    assert stored_credentials(feed) == {"key": "a-new-one"}
    assert "a-new-one" not in LogEntry.objects.get().change_message


def test_credentials_are_encrypted_in_the_database(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, credential_key="a-new-one"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM tracking_carrier WHERE id = %s", [feed.pk])
        [stored] = cursor.fetchone()
    assert bytes(stored) and b"a-new-one" not in bytes(stored)


def test_all_credentials_can_be_forgotten(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, enabled=None, forget_credentials="on"))

    assert stored_credentials(feed) == {} and not feed.enabled


def test_a_change_of_adapter_discards_the_credentials(admin_client: Client, feed: Carrier) -> None:
    response = admin_client.post(change_url(feed), form_data(feed, adapter="aftership", enabled=None), follow=True)

    assert stored_credentials(feed) == {} and feed.adapter == "aftership"
    page = response.content.decode()
    assert 'name="credential_webhook_secret"' in page and "still asks for: API key (as-api-key)" in page


def test_a_changed_address_requires_the_credentials_again(admin_client: Client, feed: Carrier) -> None:
    elsewhere = form_data(feed, base_url="https://elsewhere.example")

    rejected = admin_client.post(change_url(feed), elsewhere).content.decode()
    assert "Enter the credentials again" in rejected and not Carrier.objects.get(pk=feed.pk).base_url

    admin_client.post(change_url(feed), {**elsewhere, "credential_key": "entered-for-it"})
    assert stored_credentials(feed) == {"key": "entered-for-it"} and feed.base_url == "https://elsewhere.example"


def test_a_feed_cannot_be_enabled_without_its_credentials(admin_client: Client, feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(enabled=False, credentials={})
    feed.refresh_from_db()

    page = admin_client.post(change_url(feed), form_data(feed, enabled="on")).content.decode()

    assert "Still missing, to switch it on: API key (17token)." in page
    assert not Carrier.objects.get(pk=feed.pk).enabled


def test_a_new_feed_shows_the_inputs_for_its_credentials(admin_client: Client) -> None:
    url = reverse("admin:tracking_carrier_add")
    assert 'name="credential_' not in admin_client.get(url).content.decode()

    data = {"name": "Second account", "slug": "second", "adapter": "17track", "poll_interval_factor": "1"}
    page = admin_client.post(url, data, follow=True).content.decode()

    assert 'name="credential_key"' in page and 'placeholder="not set"' in page


def test_a_carrier_without_adapter_has_no_inputs_for_a_feed(admin_client: Client) -> None:
    data = {"name": "Post", "slug": "post", "adapter": "", "poll_interval_factor": "1"}

    admin_client.post(reverse("admin:tracking_carrier_add"), data)

    carrier = Carrier.objects.get(slug="post")
    page = admin_client.get(change_url(carrier)).content.decode()
    assert 'name="credential_' not in page and 'name="enabled"' not in page


def test_saving_the_form_does_not_undo_what_a_worker_stored_meanwhile(
    admin_client: Client, feed: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_clean = Carrier.full_clean

    def update_as_worker(self: Carrier, *args: Any, **kwargs: Any) -> None:
        Carrier.objects.filter(pk=self.pk).update(consecutive_failures=4)
        full_clean(self, *args, **kwargs)

    monkeypatch.setattr(Carrier, "full_clean", update_as_worker)
    admin_client.post(change_url(feed), form_data(feed, name="Seventeen"))

    feed.refresh_from_db()
    assert (feed.name, feed.consecutive_failures) == ("Seventeen", 4)


def test_the_page_shows_the_webhook_url(admin_client: Client, feed: Carrier, settings: Any) -> None:
    settings.SITE_URL = "https://parcels.example"

    assert "https://parcels.example/hooks/17track/" in admin_client.get(change_url(feed)).content.decode()


def test_unmapped_codes_are_shown_escaped_and_cannot_be_edited(admin_client: Client, feed: Carrier) -> None:
    UnmappedCode.objects.create(carrier=feed, code="Teleported_01", example_text="<b>gone</b>", occurrence_count=7)

    page = admin_client.get(change_url(feed)).content.decode()

    assert "Teleported_01" in page and "&lt;b&gt;gone" in page and 'name="unmapped_codes-0-code"' not in page


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"adapter": ""}, "only a name"),
        ({}, "never asked"),
        ({"last_success_at": timezone.now()}, "healthy"),
        ({"last_webhook_at": timezone.now()}, "healthy"),
        ({"last_success_at": timezone.now(), "consecutive_failures": 1, "last_error": "500"}, "failing"),
        (
            {"consecutive_failures": 3, "last_error": "500", "circuit_open_until": timezone.now() + timedelta(hours=1)},
            "resting until",
        ),
        ({"last_error": "429", "circuit_open_until": timezone.now() - timedelta(hours=1)}, "failing"),
    ],
)
def test_health_is_a_short_text(state: dict[str, Any], text: str) -> None:
    carrier = Carrier(**{"adapter": "17track", **state})

    assert feed_health_of(carrier, timezone.now()).text.startswith(text)


def respond_ok(verb: str, items: Any) -> web.Response:
    return web.json_response({"code": 0, "data": {"quota_remain": 93}})


def respond_bad_key(verb: str, items: Any) -> web.Response:
    return web.json_response({"code": -18010002, "data": {"errors": [{"message": "Access token is invalid."}]}})


def respond_unauthorized(verb: str, items: Any) -> web.Response:
    return web.Response(status=401, text="Who are you?")


def test_connection_test_shows_the_answer_and_resets_failures(run_action: Callable[..., str], feed: Carrier) -> None:
    with run_carrier_server(respond_ok) as server:
        Carrier.objects.filter(pk=feed.pk).update(base_url=server.url, consecutive_failures=2, last_error="401")
        page = run_action("test_connection", feed)

    assert "connected; 93 registrations left" in page and server.calls == [("getquota", [], SECRET)]
    feed.refresh_from_db()
    assert (
        feed.last_success_at
        and feed.consecutive_failures == 0
        and feed_health_of(feed, timezone.now()).text == "healthy"
    )


@pytest.mark.parametrize(
    ("responder", "text"), [(respond_bad_key, "Access token is invalid."), (respond_unauthorized, "401: Who are you?")]
)
def test_connection_test_with_a_wrong_key_shows_the_rejection(
    run_action: Callable[..., str], feed: Carrier, responder: Responder, text: str
) -> None:
    with run_carrier_server(responder) as server:
        Carrier.objects.filter(pk=feed.pk).update(base_url=server.url)
        page = run_action("test_connection", feed)

    assert "17TRACK: Refused:" in page and text in page
    feed.refresh_from_db()
    assert feed.consecutive_failures == 1 and feed_health_of(feed, timezone.now()).text.startswith("resting until")


def test_connection_test_without_a_server_shows_that_there_is_no_connection(
    run_action: Callable[..., str], feed: Carrier
) -> None:
    feed.base_url = "http://127.0.0.1:9"
    feed.save()

    assert "No good answer: no connection" in run_action("test_connection", feed)


def test_connection_test_names_the_missing_credentials(run_action: Callable[..., str], feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(credentials={})

    assert "Still missing: API key (17token)." in run_action("test_connection", feed)


def test_a_carrier_without_a_feed_cannot_be_tested(run_action: Callable[..., str], feed: Carrier) -> None:
    carrier = Carrier.objects.create(slug="post", name="Post")

    assert "there is nobody to ask" in run_action("test_connection", carrier)


def test_poll_now_makes_the_polled_legs_of_a_feed_due(
    run_action: Callable[..., str], leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    leg.next_check_at = timezone.now() + timedelta(hours=5)
    leg.save()
    reported = Leg.objects.create(shipment=leg.shipment, number="REPORTED", feed=leg.feed, reported_by=leg)

    with django_capture_on_commit_callbacks() as callbacks:
        page = run_action("poll_now", leg.feed)

    assert "1 tracking number is due now." in page
    assert [leg.pk] == list(Leg.objects.due(timezone.now()).values_list("pk", flat=True)) != [reported.pk]
    assert enqueued_tasks(callbacks) == [("tracking.tasks.fetch_due_legs", ())]


def test_poll_now_ignores_delivered_parcels(run_action: Callable[..., str], leg: Leg) -> None:
    leg.shipment.milestone = Milestone.DELIVERED
    leg.shipment.save()

    assert "0 tracking numbers are due now." in run_action("poll_now", leg.feed)


def test_poll_now_names_feeds_that_cannot_be_polled(run_action: Callable[..., str], leg: Leg, feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(circuit_open_until=timezone.now() + timedelta(hours=1))

    assert "Not asked while switched off or resting: 17TRACK." in run_action("poll_now", feed)


def test_closing_the_circuit_makes_a_feed_pollable(run_action: Callable[..., str], feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(
        circuit_open_until=timezone.now() + timedelta(hours=1), consecutive_failures=5
    )

    assert "1 feed may be asked again." in run_action("close_circuit", feed)

    assert list(Carrier.objects.pollable(timezone.now())) == [feed]
    feed.refresh_from_db()
    assert feed.consecutive_failures == 0
