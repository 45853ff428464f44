"""Web push through a push service on this machine; a fake browser decrypts the payload."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from py_vapid import Vapid02

from tests.notifications.channels.http_receiver import HttpReceiver, ReceivedRequest, running_receiver
from tests.notifications.channels.sample_messages import ARABIC, ENGLISH, make_message
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, public_http, vapid
from tracking.notifications.channels.channel import (
    DeadAddressError,
    InvalidContactAddressError,
    MessageRejectedError,
    NotificationMessage,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.channels.push import MAX_PAYLOAD_BYTES, build_payload

PUSH = CHANNELS["push"]
TEXTS = st.text(max_size=4000)


class PushBrowser:
    """One browser: its subscription and keys, and the decryption of what it receives."""

    def __init__(self, endpoint: str) -> None:
        self.private_key, self.auth_secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = {
            "endpoint": endpoint,
            "keys": {"p256dh": base64url(point), "auth": base64url(self.auth_secret)},
        }

    @property
    def address(self) -> str:
        return PUSH.clean_address(json.dumps({**self.subscription, "expirationTime": None}))

    def decrypt(self, request: ReceivedRequest) -> dict[str, Any]:
        data = http_ece.decrypt(
            request.body,
            private_key=self.private_key,
            auth_secret=self.auth_secret,
            version=request.headers["content-encoding"],
        )
        payload: dict[str, Any] = json.loads(data)
        return payload


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def browser(receiver: HttpReceiver) -> PushBrowser:
    return PushBrowser(f"{receiver.url}/push/abc")


def delivery_error(browser: PushBrowser) -> Exception:
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        PUSH.send(ENGLISH, browser.address)
    return caught.value


def test_browser_decrypts_the_message(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receipt = PUSH.send(ENGLISH, browser.address)

    (call,) = receiver.requests
    payload = browser.decrypt(call)
    assert receipt.response_text == "201: taken"
    assert call.path == "/push/abc"
    assert payload["title"] == "Out for delivery"
    assert payload["body"].splitlines()[:2] == ["The courier has it on the round today.", "When: Wed, Mar 4 8:12 AM"]
    assert (payload["url"], payload["lang"], payload["dir"]) == (ENGLISH.action.url, "en", "ltr")


def test_payload_has_language_and_direction(receiver: HttpReceiver, browser: PushBrowser) -> None:
    PUSH.send(ARABIC, browser.address)

    payload = browser.decrypt(receiver.requests[0])
    assert (payload["lang"], payload["dir"], payload["title"]) == ("ar", "rtl", ARABIC.headline)


def test_request_has_ttl_urgency_and_topic(receiver: HttpReceiver, browser: PushBrowser) -> None:
    PUSH.send(make_message(ttl=timedelta(hours=8), urgency="high"), browser.address)
    PUSH.send(make_message(ttl=timedelta(seconds=-5), urgency="low", idempotency_key="other"), browser.address)
    PUSH.send(make_message(tag="another parcel"), browser.address)

    first, second, third = (call.headers for call in receiver.requests)
    assert (first["ttl"], first["urgency"]) == ("28800", "high")
    assert (second["ttl"], second["urgency"]) == ("0", "low")
    assert first["topic"] == second["topic"] != third["topic"]
    assert len(first["topic"]) <= 32
    assert browser.decrypt(receiver.requests[0])["tag"] == first["topic"]


def test_request_is_signed_with_our_key(receiver: HttpReceiver, browser: PushBrowser) -> None:
    PUSH.send(ENGLISH, browser.address)

    authorization = receiver.requests[0].headers["authorization"]
    assert Vapid02.verify(authorization)
    assert f"k={vapid.public_key()}" in authorization


def test_signature_names_the_operator(settings: Any) -> None:
    assert vapid.vapid_subject() == "mailto:parcels@localhost"
    settings.SECURE, settings.SITE_URL = True, "https://parcels.example.com"
    assert vapid.vapid_subject() == "https://parcels.example.com"


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        *((200, None), (201, None), (202, None), (204, None)),
        *((404, DeadAddressError), (410, DeadAddressError), (400, MessageRejectedError), (307, MessageRejectedError)),
        *(
            (401, TemporaryDeliveryError),
            (403, TemporaryDeliveryError),
            (408, TemporaryDeliveryError),
            (429, TemporaryDeliveryError),
            (500, TemporaryDeliveryError),
            (502, TemporaryDeliveryError),
            (503, TemporaryDeliveryError),
        ),
    ],
)
def test_each_status_has_its_error(
    receiver: HttpReceiver, browser: PushBrowser, status: int, error_class: type[Exception] | None
) -> None:
    receiver.responses = [(status, {}, b"")]

    if error_class is None:
        PUSH.send(ENGLISH, browser.address)
    else:
        assert type(delivery_error(browser)) is error_class
    assert len(receiver.requests) == 1


def test_retry_after_of_a_busy_service_is_kept(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(429, {"Retry-After": "120"}, b"")]

    error = delivery_error(browser)

    assert isinstance(error, TemporaryDeliveryError)
    assert error.retry_after == timedelta(minutes=2)


def test_too_large_payload_is_shortened_once(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(413, {}, b"")]

    PUSH.send(make_message(lines=("long " * 2000,)), browser.address)

    first_size, second_size = (len(call.body) for call in receiver.requests)
    assert 2500 < first_size < 4096
    assert second_size < 1200


def test_payload_still_too_large_is_rejected(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(413, {}, b"")] * 3

    assert type(delivery_error(browser)) is MessageRejectedError
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("failure", ["drop", "hang"])
def test_missing_answer_is_unconfirmed(
    receiver: HttpReceiver, browser: PushBrowser, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_http, "CALL_TIMEOUT_SECONDS", 0.5)
    receiver.responses = [failure]

    assert type(delivery_error(browser)) is UnconfirmedDeliveryError


def test_unreachable_service_is_a_temporary_error() -> None:
    assert type(delivery_error(PushBrowser(f"http://127.0.0.1:{free_port()}/"))) is TemporaryDeliveryError


def test_private_endpoint_is_refused_in_production(receiver: HttpReceiver, browser: PushBrowser, settings: Any) -> None:
    address = browser.address
    settings.PUSH_LOCAL = False

    with pytest.raises(MessageRejectedError):
        PUSH.send(ENGLISH, address)
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(address)
    assert receiver.requests == []


@given(
    message=st.builds(
        make_message,
        headline=TEXTS,
        lines=st.lists(TEXTS, max_size=3).map(tuple),
        facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
        tag=TEXTS,
    )
)
def test_payload_never_exceeds_its_limit(message: NotificationMessage) -> None:
    for max_bytes in (MAX_PAYLOAD_BYTES, 1000):
        data = build_payload(message, max_bytes)
        assert len(data) <= max_bytes
        assert json.loads(data)["url"] == message.action.url


@given(length=st.integers(0, 6000), character=st.sampled_from('aé中😀"\\'))
def test_body_is_cut_only_as_much_as_needed(length: int, character: str) -> None:
    message = make_message(lines=(character * length + "e",), facts=())

    body = json.loads(build_payload(message))["body"]

    assert body == message.lines[0] or len(build_payload(message)) > MAX_PAYLOAD_BYTES - 8


VALID_SUBSCRIPTION: dict[str, Any] = {
    "endpoint": "https://push.example.com/abc",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""The example of RFC 8291."""


@pytest.mark.parametrize(
    "subscription",
    [
        *("", "null", "[]", "{}", '"x"', "1", "{", '{"endpoint": 5, "keys": {}}'),
        json.dumps({**VALID_SUBSCRIPTION, "endpoint": "http://"}),
        json.dumps({**VALID_SUBSCRIPTION, "endpoint": None}),
        json.dumps({"endpoint": "https://push.example.com/abc"}),
        json.dumps({**VALID_SUBSCRIPTION, "keys": None}),
        json.dumps({**VALID_SUBSCRIPTION, "keys": {"p256dh": "", "auth": ""}}),
        json.dumps({**VALID_SUBSCRIPTION, "keys": {**VALID_SUBSCRIPTION["keys"], "auth": "c2hvcnQ"}}),
        json.dumps(
            {**VALID_SUBSCRIPTION, "keys": {**VALID_SUBSCRIPTION["keys"], "p256dh": base64url(b"\x04" + b"\x01" * 64)}}
        ),
        json.dumps({**VALID_SUBSCRIPTION, "keys": {**VALID_SUBSCRIPTION["keys"], "p256dh": None}}),
    ],
)
def test_invalid_subscription_is_refused(subscription: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(subscription)


@given(
    value=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth"]), inner),
    )
)
def test_arbitrary_json_is_refused(value: Any) -> None:
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(json.dumps(value))


def test_subscription_is_stored_without_extra_fields() -> None:
    cleaned = PUSH.clean_address(json.dumps({**VALID_SUBSCRIPTION, "expirationTime": 1, "tracking": "me"}))

    assert json.loads(cleaned) == VALID_SUBSCRIPTION
    assert PUSH.clean_address(cleaned) == cleaned


def test_channel_is_hidden_without_a_key(settings: Any) -> None:
    assert PUSH.is_configured()
    settings.VAPID_PRIVATE_KEY = ""
    assert not PUSH.is_configured()
    assert vapid.public_key() == ""


def test_pushes_share_one_connection() -> None:
    with running_receiver() as service:
        browsers = [PushBrowser(f"{service.url}/{number}") for number in range(4)]
        for browser in browsers:
            PUSH.send(ENGLISH, browser.address)

        assert len({call.client_port for call in service.requests}) == 1


def test_page_shows_the_service_but_no_endpoint() -> None:
    assert PUSH.display_address(PUSH.clean_address(json.dumps(VALID_SUBSCRIPTION))) == "push.example.com"
