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

from tests.notifications.channels.letters import ARABIC, ENGLISH, message
from tests.notifications.channels.receiver import Call, Receiver, receiving
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, public_http, vapid
from tracking.notifications.channels.channel import BadAddress, Doubtful, Gone, Later, Message, Refused
from tracking.notifications.channels.push import MOST_BYTES, payload

PUSH = CHANNELS["push"]
WORDS = st.text(max_size=4000)


class Browser:
    """One browser's subscription: its keys, and how it reads what was sent to it."""

    def __init__(self, endpoint: str) -> None:
        self.private, self.secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.told = {"endpoint": endpoint, "keys": {"p256dh": text(point), "auth": text(self.secret)}}

    @property
    def address(self) -> str:
        return PUSH.clean(json.dumps({**self.told, "expirationTime": None}))

    def read(self, call: Call) -> dict[str, Any]:
        data = http_ece.decrypt(
            call.body, private_key=self.private, auth_secret=self.secret, version=call.headers["content-encoding"]
        )
        found: dict[str, Any] = json.loads(data)
        return found


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def browser(receiver: Receiver) -> Browser:
    return Browser(f"{receiver.url}/push/abc")


def trouble_in(browser: Browser) -> Exception:
    with pytest.raises((Later, Gone, Refused)) as caught:
        PUSH.send(ENGLISH, browser.address)
    return caught.value


def test_the_browser_reads_what_was_sent(receiver: Receiver, browser: Browser) -> None:
    receipt = PUSH.send(ENGLISH, browser.address)

    (call,) = receiver.calls
    told = browser.read(call)
    assert receipt.said == "201: taken"
    assert call.path == "/push/abc"
    assert told["title"] == "Out for delivery"
    assert told["body"].splitlines()[:2] == ["The courier has it on the round today.", "When: Wed, Mar 4 8:12 AM"]
    assert (told["url"], told["lang"], told["dir"]) == (ENGLISH.action.address, "en", "ltr")


def test_it_keeps_the_readers_direction(receiver: Receiver, browser: Browser) -> None:
    PUSH.send(ARABIC, browser.address)

    told = browser.read(receiver.calls[0])
    assert (told["lang"], told["dir"], told["title"]) == ("ar", "rtl", ARABIC.headline)


def test_the_service_is_told_how_long_how_urgent_and_what_it_replaces(receiver: Receiver, browser: Browser) -> None:
    PUSH.send(message(ttl=timedelta(hours=8), urgency="high"), browser.address)
    PUSH.send(message(ttl=timedelta(seconds=-5), urgency="low", identity="other"), browser.address)
    PUSH.send(message(tag="another parcel"), browser.address)

    first, second, third = (call.headers for call in receiver.calls)
    assert (first["ttl"], first["urgency"]) == ("28800", "high")
    assert (second["ttl"], second["urgency"]) == ("0", "low")
    assert first["topic"] == second["topic"] != third["topic"]
    assert len(first["topic"]) <= 32
    assert browser.read(receiver.calls[0])["tag"] == first["topic"]


def test_the_service_knows_it_as_ours(receiver: Receiver, browser: Browser) -> None:
    PUSH.send(ENGLISH, browser.address)

    signed = receiver.calls[0].headers["authorization"]
    assert Vapid02.verify(signed)
    assert f"k={vapid.public_key()}" in signed


def test_who_runs_the_site_is_named_to_the_service(settings: Any) -> None:
    assert vapid.contact() == "mailto:parcels@localhost"
    settings.SECURE, settings.SITE_URL = True, "https://parcels.example.com"
    assert vapid.contact() == "https://parcels.example.com"


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        *((200, None), (201, None), (202, None), (204, None)),
        *((404, Gone), (410, Gone), (400, Refused), (307, Refused)),
        *((401, Later), (403, Later), (408, Later), (429, Later), (500, Later), (502, Later), (503, Later)),
    ],
)
def test_each_status_has_its_meaning(
    receiver: Receiver, browser: Browser, status: int, meaning: type[Exception] | None
) -> None:
    receiver.answers = [(status, {}, b"")]

    if meaning is None:
        PUSH.send(ENGLISH, browser.address)
    else:
        assert type(trouble_in(browser)) is meaning
    assert len(receiver.calls) == 1


def test_a_busy_service_says_how_long_to_wait(receiver: Receiver, browser: Browser) -> None:
    receiver.answers = [(429, {"Retry-After": "120"}, b"")]

    trouble = trouble_in(browser)

    assert isinstance(trouble, Later)
    assert trouble.after == timedelta(minutes=2)


def test_what_is_too_large_is_shortened_once(receiver: Receiver, browser: Browser) -> None:
    receiver.answers = [(413, {}, b"")]

    PUSH.send(message(lines=("long " * 2000,)), browser.address)

    long, short = (len(call.body) for call in receiver.calls)
    assert 2500 < long < 4096
    assert short < 1200


def test_what_is_still_too_large_is_refused(receiver: Receiver, browser: Browser) -> None:
    receiver.answers = [(413, {}, b"")] * 3

    assert type(trouble_in(browser)) is Refused
    assert len(receiver.calls) == 2


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_leaves_a_doubt(
    receiver: Receiver, browser: Browser, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_http, "ANSWER_SECONDS", 0.5)
    receiver.answers = [how]

    assert type(trouble_in(browser)) is Doubtful


def test_a_service_that_is_away_is_tried_later() -> None:
    assert type(trouble_in(Browser(f"http://127.0.0.1:{free_port()}/"))) is Later


def test_a_private_address_gets_nothing_where_the_site_is_in_production(
    receiver: Receiver, browser: Browser, settings: Any
) -> None:
    address = browser.address
    settings.PUSH_LOCAL = False

    with pytest.raises(Refused):
        PUSH.send(ENGLISH, address)
    with pytest.raises(BadAddress):
        PUSH.clean(address)
    assert receiver.calls == []


@given(
    letter=st.builds(
        message,
        headline=WORDS,
        lines=st.lists(WORDS, max_size=3).map(tuple),
        facts=st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
        tag=WORDS,
    )
)
def test_no_words_make_a_payload_too_large(letter: Message) -> None:
    for most in (MOST_BYTES, 1000):
        data = payload(letter, most)
        assert len(data) <= most
        assert json.loads(data)["url"] == letter.action.address


@given(length=st.integers(0, 6000), sign=st.sampled_from('aé中😀"\\'))
def test_of_the_words_as_many_stay_as_there_is_room_for(length: int, sign: str) -> None:
    letter = message(lines=(sign * length + "e",), facts=())

    body = json.loads(payload(letter))["body"]

    assert body == letter.lines[0] or len(payload(letter)) > MOST_BYTES - 8


GOOD: dict[str, Any] = {
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
        json.dumps({**GOOD, "endpoint": "http://"}),
        json.dumps({**GOOD, "endpoint": None}),
        json.dumps({"endpoint": "https://push.example.com/abc"}),
        json.dumps({**GOOD, "keys": None}),
        json.dumps({**GOOD, "keys": {"p256dh": "", "auth": ""}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "auth": "c2hvcnQ"}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": text(b"\x04" + b"\x01" * 64)}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": None}}),
    ],
)
def test_what_is_no_subscription_is_refused(told: str) -> None:
    with pytest.raises(BadAddress):
        PUSH.clean(told)


@given(
    told=st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth"]), inner),
    )
)
def test_any_json_is_a_subscription_or_refused(told: Any) -> None:
    with pytest.raises(BadAddress):
        PUSH.clean(json.dumps(told))


def test_a_subscription_is_kept_without_what_we_do_not_need() -> None:
    kept = PUSH.clean(json.dumps({**GOOD, "expirationTime": 1, "tracking": "me"}))

    assert json.loads(kept) == GOOD
    assert PUSH.clean(kept) == kept


def test_without_a_key_it_is_hidden(settings: Any) -> None:
    assert PUSH.ready()
    settings.VAPID_PRIVATE_KEY = ""
    assert not PUSH.ready()
    assert vapid.public_key() == ""


def test_one_line_carries_many() -> None:
    with receiving() as service:
        browsers = [Browser(f"{service.url}/{number}") for number in range(4)]
        for one in browsers:
            PUSH.send(ENGLISH, one.address)

        assert len({call.peer for call in service.calls}) == 1


def test_a_page_shows_the_service_and_nothing_to_push_with() -> None:
    assert PUSH.shown(PUSH.clean(json.dumps(GOOD))) == "push.example.com"
