"""Messengers through a provider on this machine: Signal's REST server is one that has an address of one's own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notifications.channels.channel_samples import MESSENGER_PROVIDERS
from tests.notifications.channels.http_receiver import HttpReceiver
from tests.notifications.channels.sample_messages import CHINESE, ENGLISH, make_message
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, configured_channels
from tracking.notifications.channels.channel import (
    DeadAddressError,
    InvalidContactAddressError,
    MessageRejectedError,
    NotificationMessage,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.channels.messengers import (
    MESSENGER_CHANNELS,
    SAMPLE_PHONE,
    SMS_MAX_CHARACTERS,
    SMS_MAX_UNICODE_CHARACTERS,
    apprise_service,
    build_plain_text,
)

SIGNAL = CHANNELS["signal"]
TEXTS = st.text(max_size=400)
BOT_KEY = "0b16b1a5-4c66-4f3a-9d0e-6a2f8c1d7e90"


@pytest.fixture
def signal_provider(receiver: HttpReceiver, settings: Any) -> HttpReceiver:
    """Name the receiver as the provider of Signal."""
    settings.MESSENGERS = {"signal": f"signal://{receiver.url.removeprefix('http://')}/+15551230000/{{to}}?rto=0.5"}
    return receiver


def delivery_error() -> Exception:
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        SIGNAL.send(ENGLISH, SAMPLE_PHONE)
    return caught.value


def test_the_reader_gets_a_text_with_the_link_last(signal_provider: HttpReceiver) -> None:
    receipt = SIGNAL.send(ENGLISH, SAMPLE_PHONE)

    told = json.loads(signal_provider.requests[0].body)
    assert receipt.response_text == "Signal API"
    assert told["recipients"] == [SAMPLE_PHONE]
    assert told["message"].splitlines() == [
        "Nordlicht Outdoor: Out for delivery",
        "When: Wed, Mar 4 8:12 AM",
        "Where: Leipzig, Germany",
        "Expected: today, 10:00 AM – 1:00 PM",
        "Order: NL-2041",
        "The courier has it on the round today.",
        ENGLISH.action.url,
    ]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        *(
            (400, MessageRejectedError),
            (403, MessageRejectedError),
            (404, MessageRejectedError),
            (410, DeadAddressError),
        ),
        *(
            (401, TemporaryDeliveryError),
            (402, TemporaryDeliveryError),
            (408, TemporaryDeliveryError),
            (429, TemporaryDeliveryError),
            (500, TemporaryDeliveryError),
            (503, TemporaryDeliveryError),
        ),
    ],
)
def test_each_status_has_its_meaning(signal_provider: HttpReceiver, status: int, meaning: type[Exception]) -> None:
    signal_provider.responses = [(status, {}, b'{"error": "4915112345678 is not registered"}')]

    trouble = delivery_error()

    assert type(trouble) is meaning
    assert str(trouble).startswith(f"{status}: ")
    assert "is not registered" in str(trouble)
    assert "15112345678" not in str(trouble)
    assert len(signal_provider.requests) == 1


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_leaves_a_doubt(signal_provider: HttpReceiver, how: str) -> None:
    signal_provider.responses = [how]

    assert type(delivery_error()) is UnconfirmedDeliveryError
    assert len(signal_provider.requests) == 1


def test_a_provider_that_is_away_is_tried_later(settings: Any) -> None:
    settings.MESSENGERS = {"signal": f"signal://127.0.0.1:{free_port()}/+15551230000/{{to}}"}

    assert type(delivery_error()) is TemporaryDeliveryError


def test_a_redirect_is_not_followed(signal_provider: HttpReceiver) -> None:
    signal_provider.responses = [(307, {"Location": f"{signal_provider.url}/elsewhere"}, b"")]

    assert type(delivery_error()) is MessageRejectedError
    assert [call.path for call in signal_provider.requests] == ["/v2/send"]


@pytest.mark.parametrize("template", ["", "nonsense", "unheard-of://{to}", "signal://{to}"])
def test_a_provider_that_is_not_understood_is_no_fault_of_the_readers(settings: Any, template: str) -> None:
    settings.MESSENGERS = {"signal": template}

    assert type(delivery_error()) is TemporaryDeliveryError


def test_numbers_and_words_stay_out_of_the_log(
    signal_provider: HttpReceiver, capfd: pytest.CaptureFixture[str]
) -> None:
    signal_provider.responses = [(400, {}, b"no")]
    logging.getLogger("apprise").warning("as loud as it gets")

    delivery_error()

    out, err = capfd.readouterr()
    assert "15112345678" not in out + err
    assert "as loud" not in out + err


def test_a_messenger_is_offered_once_its_provider_is_named(settings: Any) -> None:
    assert "sms" not in configured_channels()
    settings.MESSENGERS = {"sms": MESSENGER_PROVIDERS["sms"], "telegram": "tgram://token-without-a-place"}
    assert {one.name for one in MESSENGER_CHANNELS} & set(configured_channels()) == {"sms"}


@pytest.mark.parametrize("one", MESSENGER_CHANNELS, ids=lambda one: one.name)
def test_every_messenger_reaches_the_one_address_it_was_given(one: Any) -> None:
    service = apprise_service(MESSENGER_PROVIDERS[one.name], one.clean_address(one.sample_address))

    assert service is not None
    assert len(service) == 1


@pytest.mark.parametrize("name", ["sms", "whatsapp", "signal"])
def test_telephone_numbers_are_kept_in_one_form(name: str) -> None:
    assert CHANNELS[name].clean_address(" +49 (0) 151-12345678") == "+4915112345678"
    assert CHANNELS[name].clean_address("+86 138 0013 8000") == "+8613800138000"


@pytest.mark.parametrize("typed", ["", "0151 12345678", "+49", "+49 1", "call me", "+999 123456789"])
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        CHANNELS["sms"].clean_address(typed)


@given(typed=st.text() | st.from_regex(r"\+49151[0-9]{8}[,;/?x ]+\+?[0-9]{0,12}", fullmatch=True))
def test_a_number_that_is_kept_is_one_number(typed: str) -> None:
    try:
        kept = CHANNELS["sms"].clean_address(typed)
    except InvalidContactAddressError:
        return
    assert kept[0] == "+"
    assert kept[1:].isascii() and kept[1:].isdigit()


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("telegram", "-1001234567890", "-1001234567890"),
        ("wecom", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={BOT_KEY}", BOT_KEY),
        ("feishu", f"https://open.larksuite.com/open-apis/bot/v2/hook/{BOT_KEY}", BOT_KEY),
        (
            "slack",
            " https://hooks.slack.com/services/T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx ",
            "T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx",
        ),
    ],
)
def test_an_address_may_be_pasted_as_the_messenger_shows_it(name: str, typed: str, kept: str) -> None:
    assert CHANNELS[name].clean_address(typed) == kept


@pytest.mark.parametrize(
    "one", [one for one in MESSENGER_CHANNELS if one.sample_address != SAMPLE_PHONE], ids=lambda one: one.name
)
@pytest.mark.parametrize("extra", ["?x=1", "/../y", " ,@all", "\nx", "%2F", "#a", "@evil.example"])
def test_nothing_can_be_slipped_in_with_an_address(one: Any, extra: str) -> None:
    with pytest.raises(InvalidContactAddressError, match="looks like"):
        one.clean_address(one.sample_address + extra)


def test_a_page_shows_a_number_and_no_key() -> None:
    assert CHANNELS["sms"].display_address(SAMPLE_PHONE) == "+49 1511 2345678"
    assert CHANNELS["wecom"].display_address(BOT_KEY) == "…7e90"


def test_a_text_message_stays_short_in_every_script() -> None:
    english, chinese = build_plain_text(ENGLISH, SMS_MAX_CHARACTERS), build_plain_text(CHINESE, SMS_MAX_CHARACTERS)

    assert len(english) <= SMS_MAX_CHARACTERS
    assert len(chinese) <= SMS_MAX_UNICODE_CHARACTERS
    assert chinese.splitlines()[0] == "北光户外: 派送中"
    assert english.endswith(ENGLISH.action.url)


@given(
    letter=st.builds(
        make_message,
        sender=TEXTS,
        headline=TEXTS,
        lines=st.lists(TEXTS, max_size=4).map(tuple),
        facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    ),
    signs=st.sampled_from([SMS_MAX_CHARACTERS, 1000]),
)
def test_no_words_push_the_link_out(letter: NotificationMessage, signs: int) -> None:
    found = build_plain_text(letter, signs)

    assert len(found) <= signs
    assert found.endswith("\n" + letter.action.url)


def test_web_processes_do_not_load_what_only_workers_need() -> None:
    script = (
        "import django, sys; django.setup(); import tracking.urls; "
        "from tracking.notifications.channels import configured_channels; "
        "configured_channels(); print([name for name in ('apprise.url', 'http_ece') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tracking.settings"}

    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
