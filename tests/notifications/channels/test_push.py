"""Web push against a push service on this machine, whose browser decrypts what it gets."""

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
    """One browser's subscription: its keys, and how it reads what was sent to it."""

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
        found: dict[str, Any] = json.loads(data)
        return found


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def browser(receiver: HttpReceiver) -> PushBrowser:
    return PushBrowser(f"{receiver.url}/push/abc")


def delivery_error(browser: PushBrowser) -> Exception:
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        PUSH.send(ENGLISH, browser.address)
    return caught.value


def test_the_browser_reads_what_was_sent(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receipt = PUSH.send(ENGLISH, browser.address)

    (call,) = receiver.requests
    told = browser.decrypt(call)
    assert receipt.response_text == "201: taken"
    assert call.path == "/push/abc"
    assert told["title"] == "Out for delivery"
    assert told["body"].splitlines()[:2] == ["The courier has it on the round today.", "When: Wed, Mar 4 8:12 AM"]
    assert (told["url"], told["lang"], told["dir"]) == (ENGLISH.action.url, "en", "ltr")


def test_it_keeps_the_readers_direction(receiver: HttpReceiver, browser: PushBrowser) -> None:
    PUSH.send(ARABIC, browser.address)

    told = browser.decrypt(receiver.requests[0])
    assert (told["lang"], told["dir"], told["title"]) == ("ar", "rtl", ARABIC.headline)


def test_the_service_is_told_how_long_how_urgent_and_what_it_replaces(
    receiver: HttpReceiver, browser: PushBrowser
) -> None:
    PUSH.send(make_message(ttl=timedelta(hours=8), urgency="high"), browser.address)
    PUSH.send(make_message(ttl=timedelta(seconds=-5), urgency="low", idempotency_key="other"), browser.address)
    PUSH.send(make_message(tag="another parcel"), browser.address)

    first, second, third = (call.headers for call in receiver.requests)
    assert (first["ttl"], first["urgency"]) == ("28800", "high")
    assert (second["ttl"], second["urgency"]) == ("0", "low")
    assert first["topic"] == second["topic"] != third["topic"]
    assert len(first["topic"]) <= 32
    assert browser.decrypt(receiver.requests[0])["tag"] == first["topic"]


def test_the_service_knows_it_as_ours(receiver: HttpReceiver, browser: PushBrowser) -> None:
    PUSH.send(ENGLISH, browser.address)

    signed = receiver.requests[0].headers["authorization"]
    assert Vapid02.verify(signed)
    assert f"k={vapid.public_key()}" in signed


def test_who_runs_the_site_is_named_to_the_service(settings: Any) -> None:
    assert vapid.vapid_subject() == "mailto:parcels@localhost"
    settings.SECURE, settings.SITE_URL = True, "https://parcels.example.com"
    assert vapid.vapid_subject() == "https://parcels.example.com"


@pytest.mark.parametrize(
    ("status", "meaning"),
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
def test_each_status_has_its_meaning(
    receiver: HttpReceiver, browser: PushBrowser, status: int, meaning: type[Exception] | None
) -> None:
    receiver.responses = [(status, {}, b"")]

    if meaning is None:
        PUSH.send(ENGLISH, browser.address)
    else:
        assert type(delivery_error(browser)) is meaning
    assert len(receiver.requests) == 1


def test_a_busy_service_says_how_long_to_wait(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(429, {"Retry-After": "120"}, b"")]

    trouble = delivery_error(browser)

    assert isinstance(trouble, TemporaryDeliveryError)
    assert trouble.retry_after == timedelta(minutes=2)


def test_what_is_too_large_is_shortened_once(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(413, {}, b"")]

    PUSH.send(make_message(lines=("long " * 2000,)), browser.address)

    long, short = (len(call.body) for call in receiver.requests)
    assert 2500 < long < 4096
    assert short < 1200


def test_what_is_still_too_large_is_refused(receiver: HttpReceiver, browser: PushBrowser) -> None:
    receiver.responses = [(413, {}, b"")] * 3

    assert type(delivery_error(browser)) is MessageRejectedError
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_leaves_a_doubt(
    receiver: HttpReceiver, browser: PushBrowser, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_http, "CALL_TIMEOUT_SECONDS", 0.5)
    receiver.responses = [how]

    assert type(delivery_error(browser)) is UnconfirmedDeliveryError


def test_a_service_that_is_away_is_tried_later() -> None:
    assert type(delivery_error(PushBrowser(f"http://127.0.0.1:{free_port()}/"))) is TemporaryDeliveryError


def test_a_private_address_gets_nothing_where_the_site_is_in_production(
    receiver: HttpReceiver, browser: PushBrowser, settings: Any
) -> None:
    address = browser.address
    settings.PUSH_LOCAL = False

    with pytest.raises(MessageRejectedError):
        PUSH.send(ENGLISH, address)
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(address)
    assert receiver.requests == []


@given(
    letter=st.builds(
        make_message,
        headline=TEXTS,
        lines=st.lists(TEXTS, max_size=3).map(tuple),
        facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
        tag=TEXTS,
    )
)
def test_no_words_make_a_payload_too_large(letter: NotificationMessage) -> None:
    for most in (MAX_PAYLOAD_BYTES, 1000):
        data = build_payload(letter, most)
        assert len(data) <= most
        assert json.loads(data)["url"] == letter.action.url


@given(length=st.integers(0, 6000), sign=st.sampled_from('aé中😀"\\'))
def test_of_the_words_as_many_stay_as_there_is_room_for(length: int, sign: str) -> None:
    letter = make_message(lines=(sign * length + "e",), facts=())

    body = json.loads(build_payload(letter))["body"]

    assert body == letter.lines[0] or len(build_payload(letter)) > MAX_PAYLOAD_BYTES - 8


VALID_SUBSCRIPTION: dict[str, Any] = {
    "endpoint": "https://push.example.com/abc",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""The example of RFC 8291."""


@pytest.mark.parametrize(
    "told",
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
def test_what_is_no_subscription_is_refused(told: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(told)


@given(
    told=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth"]), inner),
    )
)
def test_any_json_is_a_subscription_or_refused(told: Any) -> None:
    with pytest.raises(InvalidContactAddressError):
        PUSH.clean_address(json.dumps(told))


def test_a_subscription_is_kept_without_what_we_do_not_need() -> None:
    kept = PUSH.clean_address(json.dumps({**VALID_SUBSCRIPTION, "expirationTime": 1, "tracking": "me"}))

    assert json.loads(kept) == VALID_SUBSCRIPTION
    assert PUSH.clean_address(kept) == kept


def test_without_a_key_it_is_hidden(settings: Any) -> None:
    assert PUSH.is_configured()
    settings.VAPID_PRIVATE_KEY = ""
    assert not PUSH.is_configured()
    assert vapid.public_key() == ""


def test_one_line_carries_many() -> None:
    with running_receiver() as service:
        browsers = [PushBrowser(f"{service.url}/{number}") for number in range(4)]
        for one in browsers:
            PUSH.send(ENGLISH, one.address)

        assert len({call.client_port for call in service.requests}) == 1


def test_a_page_shows_the_service_and_nothing_to_push_with() -> None:
    assert PUSH.display_address(PUSH.clean_address(json.dumps(VALID_SUBSCRIPTION))) == "push.example.com"
