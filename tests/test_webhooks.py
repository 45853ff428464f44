"""What carriers push: kept raw, checked in constant time, read by a worker, once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from tests import make
from tracking.models import Carrier, Event, Payload, Shipment
from tracking.models.payloads import Outcome
from tracking.tasks import read_forgotten, read_payload
from tracking.vocabulary import Milestone, Tracker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a message where it would be queued; the journey through broker and worker has tests of its own."""
    monkeypatch.setattr(read_payload, "apply_async", lambda args: read_payload(*args))


def post(client: Client, body: bytes, carrier: str = "17track", **headers: str) -> int:
    return client.post(
        reverse("webhook", args=[carrier]), body, content_type="application/json", headers=headers
    ).status_code


@pytest.mark.usefixtures("read_at_once")
def test_a_signed_push_moves_the_parcel(client: Client) -> None:
    make.leg("LZ000000015CN")
    body = make.push("LZ000000015CN", make.event("2026-09-04T11:30:00+08:00"))

    assert post(client, body, sign=make.sign(body)) == 202

    assert Shipment.objects.get().milestone == Milestone.ACCEPTED
    assert bytes(Payload.objects.get().body) == body


@pytest.mark.parametrize("signature", ["", "0" * 64, "nonsense", "ü"])
def test_a_forged_push_stores_nothing_but_a_counter(client: Client, signature: str) -> None:
    make.feed()

    assert post(client, make.push("LZ000000015CN"), sign=signature) == 401

    assert Payload.objects.count() == 0
    assert Carrier.objects.get(slug="17track").forged_webhooks == 1


def test_a_body_signed_with_another_bodys_signature_is_forged(client: Client) -> None:
    make.feed()
    body = make.push("LZ000000015CN")

    assert post(client, body + b" ", sign=make.sign(body)) == 401


def test_a_feed_without_a_key_takes_nothing(client: Client) -> None:
    make.feed(credentials={})
    body = make.push("LZ000000015CN")

    assert post(client, body, sign=make.sign(body, key="")) == 401


@pytest.mark.usefixtures("read_at_once")
def test_aftership_signs_with_an_hmac(client: Client) -> None:
    make.feed("aftership")
    body = json.dumps({"event": "tracking_update", "msg": {"tracking_number": "EE1", "slug": "usps"}}).encode()
    digest = hmac.new(make.KEY.encode(), body, hashlib.sha256).digest()

    assert post(client, body, "aftership", **{"aftership-hmac-sha256": base64.b64encode(digest).decode()}) == 202
    assert post(client, body, "aftership", **{"aftership-hmac-sha256": "AAAA"}) == 401


def test_a_body_over_1_mib_is_refused_and_not_stored(client: Client) -> None:
    make.feed()
    body = b" " * (10 * 1024 * 1024)

    assert post(client, body, sign=make.sign(body)) == 413
    assert Payload.objects.count() == 0


def test_only_known_feeds_and_only_posts_are_heard(client: Client) -> None:
    assert post(client, b"{}", "pigeon") == 404
    assert client.get(reverse("webhook", args=["17track"])).status_code == 405


@pytest.mark.usefixtures("read_at_once")
def test_signed_nonsense_is_kept_with_its_error(client: Client) -> None:
    make.feed()
    body = b"<html>not what you expected</html>"

    assert post(client, body, sign=make.sign(body)) == 202

    kept = Payload.objects.get()
    assert kept.outcome == Outcome.UNREADABLE
    assert bytes(kept.body) == body


@pytest.mark.usefixtures("read_at_once")
def test_a_stop_ends_the_following_and_not_the_history(client: Client) -> None:
    leg = make.leg("LZ000000015CN")
    body = make.push("LZ000000015CN", make.event("2026-09-04T11:30:00+08:00"))
    post(client, body, sign=make.sign(body))
    stop = json.dumps({"event": "TRACKING_STOPPED", "data": {"number": "LZ000000015CN"}}).encode()

    post(client, stop, sign=make.sign(stop))

    leg.refresh_from_db()
    assert leg.tracker == Tracker.STOPPED
    assert leg.next_check_at is None
    assert Event.objects.count() == 1
    assert Shipment.objects.get().milestone == Milestone.ACCEPTED


def test_with_the_broker_away_a_message_is_kept_and_read_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(args: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(read_payload, "apply_async", away)
    make.leg("LZ000000015CN")
    body = make.push("LZ000000015CN", make.event("2026-09-04T11:30:00+08:00"))

    assert post(client, body, sign=make.sign(body)) == 202
    assert read_forgotten() == 0
    Payload.objects.update(received_at=make.HEARD)
    assert read_forgotten() == 1

    assert Payload.objects.get().outcome == Outcome.READ
    assert Event.objects.count() == 1
