"""Webhooks of carriers: verified, stored raw, parsed once by a worker."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tracking.models import Carrier, Event, Payload, Shipment
from tracking.models.payloads import PayloadStatus
from tracking.polling import webhook_health
from tracking.tasks import parse_payload, parse_stale_payloads
from tracking.vocabulary import FeedState, Milestone
from tracking.webhooks import Webhook, receive_webhooks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def parse_synchronously(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a payload where it would be enqueued; `test_worker` covers broker and worker."""
    monkeypatch.setattr(parse_payload, "apply_async", lambda args: parse_payload(*args))


def post_webhook(client: Client, body: bytes, carrier: str = "17track", **headers: str) -> int:
    return client.post(
        reverse("carrier_webhook", args=[carrier]), body, content_type="application/json", headers=headers
    ).status_code


@pytest.mark.usefixtures("parse_synchronously")
def test_a_signed_webhook_updates_the_shipment(client: Client) -> None:
    factories.create_leg("LZ000000015CN")
    body = factories.build_push_body("LZ000000015CN", factories.build_event_json("2026-09-04T11:30:00+08:00"))

    assert post_webhook(client, body, sign=factories.sign_body(body)) == 202

    assert Shipment.objects.get().milestone == Milestone.ACCEPTED
    assert bytes(Payload.objects.get().body) == body


@pytest.mark.parametrize("signature", ["", "0" * 64, "nonsense", "ü"])
def test_a_webhook_with_a_wrong_signature_is_counted_and_not_stored(client: Client, signature: str) -> None:
    factories.create_feed()

    assert post_webhook(client, factories.build_push_body("LZ000000015CN"), sign=signature) == 401

    assert Payload.objects.count() == 0
    assert Carrier.objects.get(slug="17track").invalid_signature_count == 1


def test_the_signature_of_another_body_is_rejected(client: Client) -> None:
    factories.create_feed()
    body = factories.build_push_body("LZ000000015CN")

    assert post_webhook(client, body + b" ", sign=factories.sign_body(body)) == 401


def test_a_feed_without_an_api_key_accepts_no_webhook(client: Client) -> None:
    factories.create_feed(credentials={})
    body = factories.build_push_body("LZ000000015CN")

    assert post_webhook(client, body, sign=factories.sign_body(body, secret="")) == 401


@pytest.mark.usefixtures("parse_synchronously")
def test_the_hmac_signature_of_aftership_is_verified(client: Client) -> None:
    factories.create_feed("aftership")
    body = json.dumps({"event": "tracking_update", "msg": {"tracking_number": "EE1", "slug": "usps"}}).encode()
    digest = hmac.new(factories.API_KEY.encode(), body, hashlib.sha256).digest()

    assert (
        post_webhook(client, body, "aftership", **{"aftership-hmac-sha256": base64.b64encode(digest).decode()}) == 202
    )
    assert post_webhook(client, body, "aftership", **{"aftership-hmac-sha256": "AAAA"}) == 401


def test_a_body_over_1_mib_is_refused_and_not_stored(client: Client) -> None:
    factories.create_feed()
    body = b" " * (10 * 1024 * 1024)

    assert post_webhook(client, body, sign=factories.sign_body(body)) == 413
    assert Payload.objects.count() == 0


def test_only_posts_to_known_feeds_are_accepted(client: Client) -> None:
    assert post_webhook(client, b"{}", "pigeon") == 404
    assert client.get(reverse("carrier_webhook", args=["17track"])).status_code == 405


@pytest.mark.usefixtures("parse_synchronously")
def test_a_signed_body_that_cannot_be_parsed_is_stored_as_unreadable(client: Client) -> None:
    factories.create_feed()
    body = b"<html>not what you expected</html>"

    assert post_webhook(client, body, sign=factories.sign_body(body)) == 202

    payload = Payload.objects.get()
    assert payload.status == PayloadStatus.UNREADABLE
    assert bytes(payload.body) == body


@pytest.mark.usefixtures("parse_synchronously")
def test_a_stop_event_ends_polling_and_keeps_the_history(client: Client) -> None:
    leg = factories.create_leg("LZ000000015CN")
    body = factories.build_push_body("LZ000000015CN", factories.build_event_json("2026-09-04T11:30:00+08:00"))
    post_webhook(client, body, sign=factories.sign_body(body))
    stop = json.dumps({"event": "TRACKING_STOPPED", "data": {"number": "LZ000000015CN"}}).encode()

    post_webhook(client, stop, sign=factories.sign_body(stop))

    leg.refresh_from_db()
    assert leg.feed_state == FeedState.STOPPED
    assert leg.next_check_at is None
    assert Event.objects.count() == 1
    assert Shipment.objects.get().milestone == Milestone.ACCEPTED


def test_without_a_broker_a_webhook_is_stored_and_parsed_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def raise_broker_error(args: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(parse_payload, "apply_async", raise_broker_error)
    factories.create_leg("LZ000000015CN")
    body = factories.build_push_body("LZ000000015CN", factories.build_event_json("2026-09-04T11:30:00+08:00"))

    assert post_webhook(client, body, sign=factories.sign_body(body)) == 202
    assert parse_stale_payloads() == 0
    Payload.objects.update(next_attempt_at=factories.RECEIVED_AT)
    assert parse_stale_payloads() == 1

    assert Payload.objects.get().status == PayloadStatus.PARSED
    assert Event.objects.count() == 1


def sign_webhook(number: int, secret: str = factories.API_KEY) -> tuple[str, dict[str, str], bytes]:
    body = factories.build_push_body(f"LZ{number:09d}CN")
    return "17track", {"sign": factories.sign_body(body, secret)}, body


def test_a_webhook_of_a_known_feed_is_stored_with_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    factories.create_feed()
    enqueued: list[int] = []
    receive_webhooks([sign_webhook(1)], enqueued.extend)

    with django_assert_num_queries(1):
        answers = receive_webhooks([sign_webhook(2)], enqueued.extend)

    assert [answer.status for answer in answers] == [202]
    assert enqueued == sorted(Payload.objects.values_list("pk", flat=True)) and len(enqueued) == 2


def test_webhooks_that_arrive_together_are_each_answered_and_stored_once() -> None:
    factories.create_feed()
    enqueued: list[int] = []
    wrong = sign_webhook(3, "another key")
    unknown: Webhook = ("pigeon", {}, b"{}")

    answers = receive_webhooks([sign_webhook(1), wrong, sign_webhook(2), unknown, sign_webhook(1)], enqueued.extend)

    assert [answer.status for answer in answers] == [202, 401, 202, 404, 202]
    assert sorted(Payload.objects.values_list("times_received", flat=True)) == [1, 2]
    assert sorted(enqueued) == sorted(Payload.objects.values_list("pk", flat=True))
    assert Carrier.objects.get(slug="17track").invalid_signature_count == 1


def test_a_repeated_webhook_is_counted_and_enqueued_only_while_it_is_unparsed() -> None:
    factories.create_feed()
    enqueued: list[int] = []
    for _ in range(2):
        receive_webhooks([sign_webhook(1)], enqueued.extend)
    Payload.objects.update(status=PayloadStatus.PARSED)
    receive_webhooks([sign_webhook(1)], enqueued.extend)

    assert len(enqueued) == 2 and Payload.objects.get().times_received == 3


def test_a_new_key_of_a_feed_is_used_for_the_next_webhook() -> None:
    feed = factories.create_feed()
    assert receive_webhooks([sign_webhook(1)], lambda _: None)[0].status == 202

    feed.credentials = {"key": "a new key"}
    feed.save()

    assert receive_webhooks([sign_webhook(2)], lambda _: None)[0].status == 401
    assert receive_webhooks([sign_webhook(2, "a new key")], lambda _: None)[0].status == 202


def test_webhooks_of_a_busy_feed_are_recorded_every_few_seconds() -> None:
    feed = factories.create_feed()
    seconds = [0, 1, 4, 5, 9, 60]
    recorded = []
    for second in seconds:
        now = factories.RECEIVED_AT + timedelta(seconds=second)
        webhook_health.record_webhooks([feed.pk], now)
        feed.refresh_from_db()
        recorded.append(feed.last_webhook_at == now)

    assert recorded == [True, False, False, True, False, True]
