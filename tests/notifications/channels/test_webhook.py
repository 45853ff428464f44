"""Webhooks post notices as JSON with an idempotency key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.notifications.channels.http_receiver import HttpReceiver
from tests.notifications.channels.sample_messages import CHINESE, ENGLISH, PARCEL_JSON_LD, make_message
from tracking.notifications.channels import CHANNELS, configured_channels, public_http
from tracking.notifications.channels.channel import (
    DeadAddressError,
    InvalidContactAddressError,
    MessageRejectedError,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)

WEBHOOK = CHANNELS["webhook"]


def test_notice_is_posted_as_json(receiver: HttpReceiver) -> None:
    receipt = WEBHOOK.send(CHINESE, f"{receiver.url}/mine?key=1")

    (call,) = receiver.requests
    body = json.loads(call.body)
    assert receipt.response_text == "201: taken"
    assert call.path == "/mine?key=1"
    assert call.headers["content-type"] == "application/json"
    assert (body["kind"], body["language"], body["headline"]) == ("out_for_delivery", "zh-hans", "派送中")
    assert body["facts"][0] == {"label": "时间", "value": "3月4日周三 08:12"}
    assert body["link"] == CHINESE.action.url
    assert body["parcel"] == PARCEL_JSON_LD


def test_idempotency_key_is_the_same_for_each_attempt_of_a_notice(receiver: HttpReceiver) -> None:
    for message in (ENGLISH, ENGLISH, make_message(idempotency_key="notice 319 7")):
        WEBHOOK.send(message, receiver.url)

    first, second, other = (call.headers["idempotency-key"] for call in receiver.requests)
    assert first == second != other


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        *(
            (410, DeadAddressError),
            (400, MessageRejectedError),
            (401, MessageRejectedError),
            (404, MessageRejectedError),
            (302, MessageRejectedError),
        ),
        *(
            (408, TemporaryDeliveryError),
            (425, TemporaryDeliveryError),
            (429, TemporaryDeliveryError),
            (500, TemporaryDeliveryError),
            (503, TemporaryDeliveryError),
        ),
    ],
)
def test_each_status_has_its_error(receiver: HttpReceiver, status: int, error_class: type[Exception]) -> None:
    receiver.responses = [(status, {"Location": "/inside"}, b"no")]

    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        WEBHOOK.send(ENGLISH, receiver.url)

    assert type(caught.value) is error_class
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("failure", ["drop", "hang", "drip", "noise"])
def test_missing_answer_is_unconfirmed(receiver: HttpReceiver, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_http, "CALL_TIMEOUT_SECONDS", 0.5)
    receiver.responses = [failure]

    with pytest.raises(UnconfirmedDeliveryError):
        WEBHOOK.send(ENGLISH, receiver.url)


def test_channel_is_offered_only_if_switched_on(settings: Any) -> None:
    assert "webhook" not in configured_channels()
    settings.NOTICE_WEBHOOKS = True
    assert "webhook" in configured_channels()


def test_private_address_is_refused(settings: Any) -> None:
    settings.PUSH_LOCAL = False

    with pytest.raises(InvalidContactAddressError, match="reachable from the internet"):
        WEBHOOK.clean_address("https://192.168.1.1/")


def test_page_shows_the_host_but_no_key() -> None:
    assert WEBHOOK.display_address("https://example.com:8443/hook?key=secret") == "example.com:8443"
