"""Messengers through a provider on this machine: Signal's REST API can be hosted anywhere."""

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
    MessengerChannel,
    apprise_service,
    build_plain_text,
)

SIGNAL = CHANNELS["signal"]
TEXTS = st.text(max_size=400)
BOT_KEY = "0b16b1a5-4c66-4f3a-9d0e-6a2f8c1d7e90"


@pytest.fixture
def signal_provider(receiver: HttpReceiver, settings: Any) -> HttpReceiver:
    """Use the receiver as the provider of Signal."""
    settings.MESSENGERS = {"signal": f"signal://{receiver.url.removeprefix('http://')}/+15551230000/{{to}}?rto=0.5"}
    return receiver


def delivery_error() -> Exception:
    with pytest.raises((TemporaryDeliveryError, DeadAddressError, MessageRejectedError)) as caught:
        SIGNAL.send(ENGLISH, SAMPLE_PHONE)
    return caught.value


def test_message_is_plain_text_with_the_link_last(signal_provider: HttpReceiver) -> None:
    receipt = SIGNAL.send(ENGLISH, SAMPLE_PHONE)

    body = json.loads(signal_provider.requests[0].body)
    assert receipt.response_text == "Signal API"
    assert body["recipients"] == [SAMPLE_PHONE]
    assert body["message"].splitlines() == [
        "Nordlicht Outdoor: Out for delivery",
        "When: Wed, Mar 4 8:12 AM",
        "Where: Leipzig, Germany",
        "Expected: today, 10:00 AM – 1:00 PM",
        "Order: NL-2041",
        "The courier has it on the round today.",
        ENGLISH.action.url,
    ]


@pytest.mark.parametrize(
    ("status", "error_class"),
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
def test_each_status_has_its_error(signal_provider: HttpReceiver, status: int, error_class: type[Exception]) -> None:
    signal_provider.responses = [(status, {}, b'{"error": "4915112345678 is not registered"}')]

    error = delivery_error()

    assert type(error) is error_class
    assert str(error).startswith(f"{status}: ")
    assert "is not registered" in str(error)
    assert "15112345678" not in str(error)
    assert len(signal_provider.requests) == 1


@pytest.mark.parametrize("failure", ["drop", "hang"])
def test_missing_answer_is_unconfirmed(signal_provider: HttpReceiver, failure: str) -> None:
    signal_provider.responses = [failure]

    assert type(delivery_error()) is UnconfirmedDeliveryError
    assert len(signal_provider.requests) == 1


def test_unreachable_provider_is_a_temporary_error(settings: Any) -> None:
    settings.MESSENGERS = {"signal": f"signal://127.0.0.1:{free_port()}/+15551230000/{{to}}"}

    assert type(delivery_error()) is TemporaryDeliveryError


def test_redirect_is_not_followed(signal_provider: HttpReceiver) -> None:
    signal_provider.responses = [(307, {"Location": f"{signal_provider.url}/elsewhere"}, b"")]

    assert type(delivery_error()) is MessageRejectedError
    assert [call.path for call in signal_provider.requests] == ["/v2/send"]


@pytest.mark.parametrize("template", ["", "nonsense", "unheard-of://{to}", "signal://{to}"])
def test_invalid_provider_is_a_temporary_error(settings: Any, template: str) -> None:
    settings.MESSENGERS = {"signal": template}

    assert type(delivery_error()) is TemporaryDeliveryError


def test_addresses_and_texts_are_not_logged(signal_provider: HttpReceiver, capfd: pytest.CaptureFixture[str]) -> None:
    signal_provider.responses = [(400, {}, b"no")]
    logging.getLogger("apprise").warning("as loud as it gets")

    delivery_error()

    out, err = capfd.readouterr()
    assert "15112345678" not in out + err
    assert "as loud" not in out + err


def test_messenger_is_offered_once_it_has_a_provider(settings: Any) -> None:
    assert "sms" not in configured_channels()
    settings.MESSENGERS = {"sms": MESSENGER_PROVIDERS["sms"], "telegram": "tgram://token-without-a-place"}
    assert {messenger.name for messenger in MESSENGER_CHANNELS} & set(configured_channels()) == {"sms"}


@pytest.mark.parametrize("messenger", MESSENGER_CHANNELS, ids=lambda messenger: messenger.name)
def test_every_messenger_sends_to_exactly_one_address(messenger: MessengerChannel) -> None:
    address = messenger.clean_address(messenger.sample_address)
    service = apprise_service(MESSENGER_PROVIDERS[messenger.name], address)

    assert service is not None
    assert len(service) == 1


@pytest.mark.parametrize("name", ["sms", "whatsapp", "signal"])
def test_phone_number_is_stored_as_e164(name: str) -> None:
    assert CHANNELS[name].clean_address(" +49 (0) 151-12345678") == "+4915112345678"
    assert CHANNELS[name].clean_address("+86 138 0013 8000") == "+8613800138000"


@pytest.mark.parametrize("typed", ["", "0151 12345678", "+49", "+49 1", "call me", "+999 123456789"])
def test_invalid_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        CHANNELS["sms"].clean_address(typed)


@given(typed=st.text() | st.from_regex(r"\+49151[0-9]{8}[,;/?x ]+\+?[0-9]{0,12}", fullmatch=True))
def test_accepted_phone_number_is_a_single_number(typed: str) -> None:
    try:
        cleaned = CHANNELS["sms"].clean_address(typed)
    except InvalidContactAddressError:
        return
    assert cleaned[0] == "+"
    assert cleaned[1:].isascii() and cleaned[1:].isdigit()


@pytest.mark.parametrize(
    ("name", "typed", "cleaned"),
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
def test_address_may_be_pasted_as_the_messenger_shows_it(name: str, typed: str, cleaned: str) -> None:
    assert CHANNELS[name].clean_address(typed) == cleaned


@pytest.mark.parametrize(
    "messenger",
    [messenger for messenger in MESSENGER_CHANNELS if messenger.sample_address != SAMPLE_PHONE],
    ids=lambda messenger: messenger.name,
)
@pytest.mark.parametrize("extra", ["?x=1", "/../y", " ,@all", "\nx", "%2F", "#a", "@evil.example"])
def test_address_cannot_inject_parameters(messenger: MessengerChannel, extra: str) -> None:
    with pytest.raises(InvalidContactAddressError, match="looks like"):
        messenger.clean_address(messenger.sample_address + extra)


def test_page_shows_a_phone_number_but_no_key() -> None:
    assert CHANNELS["sms"].display_address(SAMPLE_PHONE) == "+49 1511 2345678"
    assert CHANNELS["wecom"].display_address(BOT_KEY) == "…7e90"


def test_text_message_fits_two_sms_in_every_script() -> None:
    english, chinese = build_plain_text(ENGLISH, SMS_MAX_CHARACTERS), build_plain_text(CHINESE, SMS_MAX_CHARACTERS)

    assert len(english) <= SMS_MAX_CHARACTERS
    assert len(chinese) <= SMS_MAX_UNICODE_CHARACTERS
    assert chinese.splitlines()[0] == "北光户外: 派送中"
    assert english.endswith(ENGLISH.action.url)


@given(
    message=st.builds(
        make_message,
        sender=TEXTS,
        headline=TEXTS,
        lines=st.lists(TEXTS, max_size=4).map(tuple),
        facts=st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    ),
    max_characters=st.sampled_from([SMS_MAX_CHARACTERS, 1000]),
)
def test_link_is_kept_whatever_the_length(message: NotificationMessage, max_characters: int) -> None:
    text = build_plain_text(message, max_characters)

    assert len(text) <= max_characters
    assert text.endswith("\n" + message.action.url)


def test_web_processes_do_not_load_large_libraries() -> None:
    script = (
        "import django, sys; django.setup(); import tracking.urls; "
        "from tracking.notifications.channels import configured_channels; "
        "configured_channels(); print([name for name in ('apprise.url', 'http_ece') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tracking.settings"}

    process = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )

    assert process.stdout.strip() == "[]", process.stderr
