"""A reader's own program is told in JSON, and knows a copy by its key."""

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


def test_a_program_gets_the_notice_as_data(receiver: HttpReceiver) -> None:
    receipt = WEBHOOK.send(CHINESE, f"{receiver.url}/mine?key=1")

    (call,) = receiver.requests
    told = json.loads(call.body)
    assert receipt.response_text == "201: taken"
    assert call.path == "/mine?key=1"
    assert call.headers["content-type"] == "application/json"
    assert (told["kind"], told["language"], told["headline"]) == ("out_for_delivery", "zh-hans", "派送中")
    assert told["facts"][0] == {"label": "时间", "value": "3月4日周三 08:12"}
    assert told["link"] == CHINESE.action.url
    assert told["parcel"] == PARCEL_JSON_LD


def test_a_copy_bears_the_same_key_and_another_notice_another(receiver: HttpReceiver) -> None:
    for letter in (ENGLISH, ENGLISH, make_message(idempotency_key="notice 319 7")):
        WEBHOOK.send(letter, receiver.url)

    first, again, other = (call.headers["idempotency-key"] for call in receiver.requests)
    assert first == again != other


@pytest.mark.parametrize(
    ("status", "meaning"),
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
def test_each_status_has_its_meaning(receiver: HttpReceiver, status: int, meaning: type[Exception]) -> None:
    receiver.responses = [(status, {"Location": "/inside"}, b"no")]

    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        WEBHOOK.send(ENGLISH, receiver.url)

    assert type(caught.value) is meaning
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("how", ["drop", "hang", "drip", "noise"])
def test_no_answer_leaves_a_doubt(receiver: HttpReceiver, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_http, "CALL_TIMEOUT_SECONDS", 0.5)
    receiver.responses = [how]

    with pytest.raises(UnconfirmedDeliveryError):
        WEBHOOK.send(ENGLISH, receiver.url)


def test_it_is_offered_only_where_the_operator_wants_it(settings: Any) -> None:
    assert "webhook" not in configured_channels()
    settings.NOTICE_WEBHOOKS = True
    assert "webhook" in configured_channels()


def test_an_address_of_the_shops_own_network_is_refused(settings: Any) -> None:
    settings.PUSH_LOCAL = False

    with pytest.raises(InvalidContactAddressError, match="reachable from the internet"):
        WEBHOOK.clean_address("https://192.168.1.1/")


def test_a_page_shows_where_and_no_key() -> None:
    assert WEBHOOK.display_address("https://example.com:8443/hook?key=secret") == "example.com:8443"
