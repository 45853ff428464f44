"""A feed that answers 200 without saying anything about the requested parcel is failing, and operators see why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.carrier_server import CarrierServer, run_carrier_server
from tracking.admin.feed_health import feed_health_of
from tracking.ingest.attempts import poll_legs
from tracking.ingest.replay import replay_payloads
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.polling.circuit_breaker import FAILURES_TO_OPEN

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
Items = list[dict[str, Any]]
Responder = Callable[[str, Items], web.Response]
ASKED, OTHER = "LZ000000015CN", "LZ000000029CN"
ERROR_PAGE = "<html><title>Maintenance</title></html>"
EARLIER = timezone.now() - timedelta(hours=5)


def answer_about(*numbers: str) -> Responder:
    return lambda endpoint, items: web.json_response(factories.build_answer_json(*numbers))


def error_page(endpoint: str, items: Items) -> web.Response:
    return web.Response(text=ERROR_PAGE, content_type="text/html")


def empty_answer(endpoint: str, items: Items) -> web.Response:
    return web.json_response({"code": 0, "data": {"accepted": [], "rejected": []}})


def followed_leg(server: CarrierServer, number: str = ASKED) -> Leg:
    feed = factories.create_feed(base_url=server.url, calls_per_second=500, last_success_at=EARLIER)
    return factories.create_leg(number, from_feed=feed, registered_at=EARLIER, next_check_at=EARLIER)


def poll(leg: Leg) -> Carrier:
    assert leg.feed is not None
    leg.feed.refresh_from_db()
    poll_legs(leg.feed, [leg.pk])
    leg.feed.refresh_from_db()
    return leg.feed


@pytest.mark.parametrize(
    ("responder", "status", "error"),
    [
        (error_page, PayloadStatus.UNREADABLE, "JSON"),
        (empty_answer, PayloadStatus.REFUSED, "says nothing about the requested numbers"),
        (answer_about(OTHER), PayloadStatus.REFUSED, OTHER),
    ],
)
def test_unusable_answer_counts_as_a_failure(responder: Responder, status: str, error: str) -> None:
    with run_carrier_server(responder) as server:
        leg = followed_leg(server)
        feed = poll(leg)

        leg.refresh_from_db()
        assert (feed.consecutive_failures, feed.last_success_at) == (1, EARLIER)
        assert error in feed.last_error
        assert feed_health_of(feed, timezone.now()).text == "failing"
        assert (leg.consecutive_failures, leg.last_answer_at) == (1, None)
        assert error in leg.last_error
        assert leg.next_check_at is not None
        assert timezone.now() < leg.next_check_at < timezone.now() + timedelta(minutes=5)

        for _ in range(FAILURES_TO_OPEN - 1):
            assert feed.circuit_open_until is None
            feed = poll(leg)

    payload = Payload.objects.get(received_via=ReceivedVia.POLL)
    assert (payload.status, payload.times_received) == (status, FAILURES_TO_OPEN)
    assert error in payload.error
    assert feed.circuit_open_until is not None
    assert feed.last_success_at == EARLIER


def test_next_usable_answer_ends_the_failures() -> None:
    with run_carrier_server(error_page) as server:
        leg = followed_leg(server)
        poll(leg)
        server.responder = answer_about(ASKED)
        feed = poll(leg)

    leg.refresh_from_db()
    assert (feed.consecutive_failures, feed.last_error, leg.consecutive_failures, leg.last_error) == (0, "", 0, "")
    assert feed.last_success_at is not None
    assert feed.last_success_at > EARLIER
    assert Event.objects.get().leg == leg


def test_answer_about_another_number_reaches_no_parcel() -> None:
    with run_carrier_server(answer_about(OTHER)) as server:
        leg, other = followed_leg(server), followed_leg(server, OTHER)
        poll(leg)

    other.refresh_from_db()
    assert not Event.objects.exists()
    assert (other.last_answer_at, other.consecutive_failures) == (None, 0)


def test_answer_may_name_more_than_was_requested() -> None:
    with run_carrier_server(answer_about(OTHER, ASKED)) as server:
        leg, other = followed_leg(server), followed_leg(server, OTHER)
        feed = poll(leg)

    assert feed.consecutive_failures == 0
    assert set(Event.objects.values_list("leg", flat=True)) == {leg.pk, other.pk}


def test_rejected_number_is_an_answer() -> None:
    rejection = {"number": ASKED, "error": {"code": -18019909, "message": "No tracking information"}}
    answer = {"code": 0, "data": {"accepted": [], "rejected": [rejection]}}
    with run_carrier_server(lambda endpoint, items: web.json_response(answer)) as server:
        feed = poll(followed_leg(server))

    assert (feed.consecutive_failures, feed.last_error) == (0, "")


def test_readable_webhook_does_not_hide_that_polls_fail() -> None:
    with run_carrier_server(error_page) as server:
        leg = followed_leg(server)
        feed = poll(leg)
    body = factories.build_push_body(ASKED, factories.build_event_json("2026-09-04T11:30:00+08:00"))
    payload, _ = Payload.objects.store(feed, body, ReceivedVia.WEBHOOK, timezone.now())

    replay_payloads(Payload.objects.filter(pk=payload.pk))

    feed.refresh_from_db()
    assert Event.objects.count() == 1
    assert (feed.consecutive_failures, bool(feed.last_error)) == (1, True)


def test_replayed_error_page_says_nothing_about_the_feed_of_today() -> None:
    with run_carrier_server(error_page) as server:
        leg = followed_leg(server)
        poll(leg)
        server.responder = answer_about(ASKED)
        feed = poll(leg)

    replay_payloads(Payload.objects.filter(status=PayloadStatus.UNREADABLE))

    feed.refresh_from_db()
    assert (feed.consecutive_failures, feed.last_error) == (0, "")


def test_operator_sees_what_was_refused_with_its_payload(admin_client: Client) -> None:
    with run_carrier_server(answer_about(OTHER)) as server:
        feed = poll(followed_leg(server))
    payload = Payload.objects.get()

    page = admin_client.get(reverse("admin:tracking_carrier_change", args=[feed.pk])).content.decode()
    payloads = admin_client.get(reverse("admin:tracking_payload_changelist")).content.decode()
    detail = admin_client.get(reverse("admin:tracking_payload_change", args=[payload.pk])).content.decode()

    assert "1 in a week" in page
    assert reverse("admin:tracking_payload_change", args=[payload.pk]) in page
    assert "the answer is about other numbers" in payloads
    assert OTHER in detail
