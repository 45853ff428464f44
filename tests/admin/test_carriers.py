"""Carriers on the operators' desk: secrets go in and never come out, and a feed's health is plain to see."""

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
    """Return what a browser would send for a carrier's page, with an operator's changes."""
    codes = {"unmapped_codes-TOTAL_FORMS": 0, "unmapped_codes-INITIAL_FORMS": 0}
    held = {name: getattr(carrier, name) for name in ("name", "slug", "country", "homepage", "adapter", "base_url")}
    sent = {
        **held,
        "poll_interval_factor": carrier.poll_interval_factor,
        "calls_per_second": "",
        "credential_key": "",
        **codes,
        **changes,
    }
    if "enabled" not in changes and carrier.enabled:
        sent["enabled"] = "on"
    return {name: value for name, value in sent.items() if value is not None}


def stored_credentials(carrier: Carrier) -> dict[str, str]:
    carrier.refresh_from_db()
    held: dict[str, str] = carrier.credentials
    return held


def test_a_stored_credential_is_on_no_page(admin_client: Client, feed: Carrier) -> None:
    for address in (change_url(feed), reverse("admin:tracking_carrier_changelist")):
        assert SECRET not in admin_client.get(address).content.decode()


def test_the_form_says_only_that_a_credential_is_stored(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.get(change_url(feed)).content.decode()

    [field] = re.findall(r'<input[^>]*name="credential_key"[^>]*>', page)

    assert 'type="password"' in field and 'placeholder="stored"' in field and "value" not in field


def test_a_refused_form_does_not_show_what_was_typed(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.post(
        change_url(feed), form_data(feed, name="", credential_key="typed-in-vain")
    ).content.decode()

    assert "errornote" in page and "typed-in-vain" not in page and SECRET not in page


def test_an_empty_input_keeps_the_stored_credential(admin_client: Client, feed: Carrier) -> None:
    answer = admin_client.post(change_url(feed), form_data(feed, name="Seventeen"))

    assert answer.status_code == 302
    assert stored_credentials(feed) == {"key": SECRET} and feed.name == "Seventeen"


def test_a_new_credential_replaces_the_old_one_and_is_not_logged(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, credential_key="a-new-one"))

    assert stored_credentials(feed) == {"key": "a-new-one"}
    assert "a-new-one" not in LogEntry.objects.get().change_message


def test_the_database_holds_no_clear_text(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, credential_key="a-new-one"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM tracking_carrier WHERE id = %s", [feed.pk])
        [held] = cursor.fetchone()
    assert bytes(held) and b"a-new-one" not in bytes(held)


def test_all_credentials_can_be_forgotten(admin_client: Client, feed: Carrier) -> None:
    admin_client.post(change_url(feed), form_data(feed, enabled=None, forget_credentials="on"))

    assert stored_credentials(feed) == {} and not feed.enabled


def test_another_adapter_never_gets_the_credentials_of_the_old_one(admin_client: Client, feed: Carrier) -> None:
    answer = admin_client.post(change_url(feed), form_data(feed, adapter="aftership", enabled=None), follow=True)

    assert stored_credentials(feed) == {} and feed.adapter == "aftership"
    page = answer.content.decode()
    assert 'name="credential_webhook_secret"' in page and "still asks for: API key (as-api-key)" in page


def test_another_address_never_gets_stored_credentials_unseen(admin_client: Client, feed: Carrier) -> None:
    elsewhere = form_data(feed, base_url="https://elsewhere.example")

    refused = admin_client.post(change_url(feed), elsewhere).content.decode()
    assert "Enter the credentials again" in refused and not Carrier.objects.get(pk=feed.pk).base_url

    admin_client.post(change_url(feed), {**elsewhere, "credential_key": "entered-for-it"})
    assert stored_credentials(feed) == {"key": "entered-for-it"} and feed.base_url == "https://elsewhere.example"


def test_a_feed_is_not_switched_on_without_what_it_needs(admin_client: Client, feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(enabled=False, credentials={})
    feed.refresh_from_db()

    page = admin_client.post(change_url(feed), form_data(feed, enabled="on")).content.decode()

    assert "Still missing, to switch it on: API key (17token)." in page
    assert not Carrier.objects.get(pk=feed.pk).enabled


def test_a_new_feed_is_asked_for_its_credentials_next(admin_client: Client) -> None:
    address = reverse("admin:tracking_carrier_add")
    assert 'name="credential_' not in admin_client.get(address).content.decode()

    sent = {"name": "Second account", "slug": "second", "adapter": "17track", "poll_interval_factor": "1"}
    page = admin_client.post(address, sent, follow=True).content.decode()

    assert 'name="credential_key"' in page and 'placeholder="not set"' in page


def test_a_carrier_that_is_only_a_name_needs_no_more(admin_client: Client) -> None:
    sent = {"name": "Post", "slug": "post", "adapter": "", "poll_interval_factor": "1"}

    admin_client.post(reverse("admin:tracking_carrier_add"), sent)

    post = Carrier.objects.get(slug="post")
    page = admin_client.get(change_url(post)).content.decode()
    assert 'name="credential_' not in page and 'name="enabled"' not in page


def test_saving_the_form_does_not_undo_what_a_worker_noted_meanwhile(
    admin_client: Client, feed: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = Carrier.full_clean

    def worker_passes(self: Carrier, *args: Any, **kwargs: Any) -> None:
        Carrier.objects.filter(pk=self.pk).update(consecutive_failures=4)
        clean(self, *args, **kwargs)

    monkeypatch.setattr(Carrier, "full_clean", worker_passes)
    admin_client.post(change_url(feed), form_data(feed, name="Seventeen"))

    feed.refresh_from_db()
    assert (feed.name, feed.consecutive_failures) == ("Seventeen", 4)


def test_the_page_shows_the_address_to_enter_at_the_carrier(admin_client: Client, feed: Carrier, settings: Any) -> None:
    settings.SITE_URL = "https://parcels.example"

    assert "https://parcels.example/hooks/17track/" in admin_client.get(change_url(feed)).content.decode()


def test_unmapped_codes_stand_on_the_page_and_cannot_be_edited(admin_client: Client, feed: Carrier) -> None:
    UnmappedCode.objects.create(carrier=feed, code="Teleported_01", example_text="<b>gone</b>", occurrence_count=7)

    page = admin_client.get(change_url(feed)).content.decode()

    assert "Teleported_01" in page and "&lt;b&gt;gone" in page and 'name="unmapped_codes-0-code"' not in page


@pytest.mark.parametrize(
    ("state", "words"),
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
def test_health_is_one_word(state: dict[str, Any], words: str) -> None:
    carrier = Carrier(**{"adapter": "17track", **state})

    assert feed_health_of(carrier, timezone.now()).text.startswith(words)


def respond_ok(verb: str, items: Any) -> web.Response:
    return web.json_response({"code": 0, "data": {"quota_remain": 93}})


def respond_bad_key(verb: str, items: Any) -> web.Response:
    return web.json_response({"code": -18010002, "data": {"errors": [{"message": "Access token is invalid."}]}})


def respond_unauthorized(verb: str, items: Any) -> web.Response:
    return web.Response(status=401, text="Who are you?")


def test_testing_the_connection_says_what_came_back(run_action: Callable[..., str], feed: Carrier) -> None:
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
    ("answer", "words"), [(respond_bad_key, "Access token is invalid."), (respond_unauthorized, "401: Who are you?")]
)
def test_testing_the_connection_with_a_wrong_key_says_so(
    run_action: Callable[..., str], feed: Carrier, answer: Responder, words: str
) -> None:
    with run_carrier_server(answer) as server:
        Carrier.objects.filter(pk=feed.pk).update(base_url=server.url)
        page = run_action("test_connection", feed)

    assert "17TRACK: Refused:" in page and words in page
    feed.refresh_from_db()
    assert feed.consecutive_failures == 1 and feed_health_of(feed, timezone.now()).text.startswith("resting until")


def test_testing_the_connection_with_nobody_there_says_so(run_action: Callable[..., str], feed: Carrier) -> None:
    feed.base_url = "http://127.0.0.1:9"
    feed.save()

    assert "No good answer: no connection" in run_action("test_connection", feed)


def test_testing_the_connection_names_what_is_missing(run_action: Callable[..., str], feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(credentials={})

    assert "Still missing: API key (17token)." in run_action("test_connection", feed)


def test_a_carrier_without_a_feed_cannot_be_tested(run_action: Callable[..., str], feed: Carrier) -> None:
    post = Carrier.objects.create(slug="post", name="Post")

    assert "there is nobody to ask" in run_action("test_connection", post)


def test_ask_now_makes_the_moving_legs_of_a_feed_due(
    run_action: Callable[..., str], leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    leg.next_check_at = timezone.now() + timedelta(hours=5)
    leg.save()
    told = Leg.objects.create(shipment=leg.shipment, number="TOLD", feed=leg.feed, reported_by=leg)

    with django_capture_on_commit_callbacks() as callbacks:
        page = run_action("poll_now", leg.feed)

    assert "1 tracking number is due now." in page
    assert [leg.pk] == list(Leg.objects.due(timezone.now()).values_list("pk", flat=True)) != [told.pk]
    assert enqueued_tasks(callbacks) == [("tracking.tasks.fetch_due_legs", ())]


def test_ask_now_leaves_delivered_parcels_alone(run_action: Callable[..., str], leg: Leg) -> None:
    leg.shipment.milestone = Milestone.DELIVERED
    leg.shipment.save()

    assert "0 tracking numbers are due now." in run_action("poll_now", leg.feed)


def test_ask_now_says_that_a_feed_rests(run_action: Callable[..., str], leg: Leg, feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(circuit_open_until=timezone.now() + timedelta(hours=1))

    assert "Not asked while switched off or resting: 17TRACK." in run_action("poll_now", feed)


def test_closing_the_circuit_ends_the_rest(run_action: Callable[..., str], feed: Carrier) -> None:
    Carrier.objects.filter(pk=feed.pk).update(
        circuit_open_until=timezone.now() + timedelta(hours=1), consecutive_failures=5
    )

    assert "1 feed may be asked again." in run_action("close_circuit", feed)

    assert list(Carrier.objects.pollable(timezone.now())) == [feed]
    feed.refresh_from_db()
    assert feed.consecutive_failures == 0
