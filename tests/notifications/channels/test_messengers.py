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

from tests.notifications.channels.letters import CHINESE, ENGLISH, message
from tests.notifications.channels.receiver import Receiver
from tests.test_start import free_port
from tracking.notifications.channels import CHANNELS, ready
from tracking.notifications.channels.channel import BadAddress, Doubtful, Gone, Later, Message, Refused
from tracking.notifications.channels.messengers import MESSENGERS, PHONE, SMS_SIGNS, SMS_WIDE_SIGNS, provider, text

SIGNAL = CHANNELS["signal"]
WORDS = st.text(max_size=400)
BOT = "0b16b1a5-4c66-4f3a-9d0e-6a2f8c1d7e90"
TEMPLATES = {
    "sms": f"twilio://AC{'1' * 32}:{'2' * 32}@+15551230000/{{to}}",
    "whatsapp": "whatsapp://token123@15551230000/{to}",
    "signal": "signal://127.0.0.1:9922/+15551230000/{to}",
    "telegram": "tgram://123456789:abcdefghijklmnopqrstuvwxyz_ABCDEFGH/{to}",
    "line": "line://a-long-token-of-a-channel/{to}",
    "wecom": "wecombot://{to}",
    "feishu": "feishu://{to}",
    "slack": "slack://{to}",
}


@pytest.fixture
def signal(receiver: Receiver, settings: Any) -> Receiver:
    """Name the receiver as the provider of Signal."""
    settings.MESSENGERS = {"signal": f"signal://{receiver.url.removeprefix('http://')}/+15551230000/{{to}}?rto=0.5"}
    return receiver


def trouble_in() -> Exception:
    with pytest.raises((Later, Gone, Refused)) as caught:
        SIGNAL.send(ENGLISH, PHONE)
    return caught.value


def test_the_reader_gets_a_text_with_the_link_last(signal: Receiver) -> None:
    receipt = SIGNAL.send(ENGLISH, PHONE)

    told = json.loads(signal.calls[0].body)
    assert receipt.said == "Signal API"
    assert told["recipients"] == [PHONE]
    assert told["message"].splitlines() == [
        "Nordlicht Outdoor: Out for delivery",
        "When: Wed, Mar 4 8:12 AM",
        "Where: Leipzig, Germany",
        "Expected: today, 10:00 AM – 1:00 PM",
        "Order: NL-2041",
        "The courier has it on the round today.",
        ENGLISH.action.address,
    ]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        *((400, Refused), (403, Refused), (404, Refused), (410, Gone)),
        *((401, Later), (402, Later), (408, Later), (429, Later), (500, Later), (503, Later)),
    ],
)
def test_each_status_has_its_meaning(signal: Receiver, status: int, meaning: type[Exception]) -> None:
    signal.answers = [(status, {}, b'{"error": "4915112345678 is not registered"}')]

    trouble = trouble_in()

    assert type(trouble) is meaning
    assert str(trouble).startswith(f"{status}: ")
    assert "is not registered" in str(trouble)
    assert "15112345678" not in str(trouble)
    assert len(signal.calls) == 1


@pytest.mark.parametrize("how", ["drop", "hang"])
def test_no_answer_leaves_a_doubt(signal: Receiver, how: str) -> None:
    signal.answers = [how]

    assert type(trouble_in()) is Doubtful
    assert len(signal.calls) == 1


def test_a_provider_that_is_away_is_tried_later(settings: Any) -> None:
    settings.MESSENGERS = {"signal": f"signal://127.0.0.1:{free_port()}/+15551230000/{{to}}"}

    assert type(trouble_in()) is Later


def test_a_redirect_is_not_followed(signal: Receiver) -> None:
    signal.answers = [(307, {"Location": f"{signal.url}/elsewhere"}, b"")]

    assert type(trouble_in()) is Refused
    assert [call.path for call in signal.calls] == ["/v2/send"]


@pytest.mark.parametrize("template", ["", "nonsense", "unheard-of://{to}", "signal://{to}"])
def test_a_provider_that_is_not_understood_is_no_fault_of_the_readers(settings: Any, template: str) -> None:
    settings.MESSENGERS = {"signal": template}

    assert type(trouble_in()) is Later


def test_numbers_and_words_stay_out_of_the_log(signal: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    signal.answers = [(400, {}, b"no")]
    logging.getLogger("apprise").warning("as loud as it gets")

    trouble_in()

    out, err = capfd.readouterr()
    assert "15112345678" not in out + err
    assert "as loud" not in out + err


def test_a_messenger_is_offered_once_its_provider_is_named(settings: Any) -> None:
    assert "sms" not in ready()
    settings.MESSENGERS = {"sms": TEMPLATES["sms"], "telegram": "tgram://token-without-a-place"}
    assert {one.name for one in MESSENGERS} & set(ready()) == {"sms"}


@pytest.mark.parametrize("one", MESSENGERS, ids=lambda one: one.name)
def test_every_messenger_reaches_the_one_address_it_was_given(one: Any) -> None:
    service = provider(TEMPLATES[one.name], one.clean(one.sample))

    assert service is not None
    assert len(service) == 1


@pytest.mark.parametrize("name", ["sms", "whatsapp", "signal"])
def test_telephone_numbers_are_kept_in_one_form(name: str) -> None:
    assert CHANNELS[name].clean(" +49 (0) 151-12345678") == "+4915112345678"
    assert CHANNELS[name].clean("+86 138 0013 8000") == "+8613800138000"


@pytest.mark.parametrize("typed", ["", "0151 12345678", "+49", "+49 1", "call me", "+999 123456789"])
def test_what_is_no_telephone_number_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        CHANNELS["sms"].clean(typed)


@given(typed=st.text() | st.from_regex(r"\+49151[0-9]{8}[,;/?x ]+\+?[0-9]{0,12}", fullmatch=True))
def test_a_number_that_is_kept_is_one_number(typed: str) -> None:
    try:
        kept = CHANNELS["sms"].clean(typed)
    except BadAddress:
        return
    assert kept[0] == "+"
    assert kept[1:].isascii() and kept[1:].isdigit()


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("telegram", "-1001234567890", "-1001234567890"),
        ("wecom", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={BOT}", BOT),
        ("feishu", f"https://open.larksuite.com/open-apis/bot/v2/hook/{BOT}", BOT),
        (
            "slack",
            " https://hooks.slack.com/services/T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx ",
            "T01ABCD2EFG/B01ABCD2EFG/abcdefghijklmnopqrstuvwx",
        ),
    ],
)
def test_an_address_may_be_pasted_as_the_messenger_shows_it(name: str, typed: str, kept: str) -> None:
    assert CHANNELS[name].clean(typed) == kept


@pytest.mark.parametrize("one", [one for one in MESSENGERS if one.sample != PHONE], ids=lambda one: one.name)
@pytest.mark.parametrize("extra", ["?x=1", "/../y", " ,@all", "\nx", "%2F", "#a", "@evil.example"])
def test_nothing_can_be_slipped_in_with_an_address(one: Any, extra: str) -> None:
    with pytest.raises(BadAddress, match="looks like"):
        one.clean(one.sample + extra)


def test_a_page_shows_a_number_and_no_key() -> None:
    assert CHANNELS["sms"].shown(PHONE) == "+49 1511 2345678"
    assert CHANNELS["wecom"].shown(BOT) == "…7e90"


def test_a_text_message_stays_short_in_every_script() -> None:
    english, chinese = text(ENGLISH, SMS_SIGNS), text(CHINESE, SMS_SIGNS)

    assert len(english) <= SMS_SIGNS
    assert len(chinese) <= SMS_WIDE_SIGNS
    assert chinese.splitlines()[0] == "北光户外: 派送中"
    assert english.endswith(ENGLISH.action.address)


@given(
    letter=st.builds(
        message,
        sender=WORDS,
        headline=WORDS,
        lines=st.lists(WORDS, max_size=4).map(tuple),
        facts=st.lists(st.tuples(WORDS, WORDS), max_size=4).map(tuple),
    ),
    signs=st.sampled_from([SMS_SIGNS, 1000]),
)
def test_no_words_push_the_link_out(letter: Message, signs: int) -> None:
    found = text(letter, signs)

    assert len(found) <= signs
    assert found.endswith("\n" + letter.action.address)


def test_web_processes_do_not_load_what_only_workers_need() -> None:
    script = (
        "import django, sys; django.setup(); import tracking.urls; from tracking.notifications.channels import ready; "
        "ready(); print([name for name in ('apprise.url', 'http_ece') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tracking.settings"}

    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert done.stdout.strip() == "[]", done.stderr
