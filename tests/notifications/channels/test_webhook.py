"""A reader's own program is told in JSON, and knows a copy by its key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.notifications.channels.letters import CHINESE, ENGLISH, PARCEL, message
from tests.notifications.channels.receiver import Receiver
from tracking.notifications.channels import CHANNELS, public_http, ready
from tracking.notifications.channels.channel import BadAddress, Doubtful, Gone, Later, Refused

WEBHOOK = CHANNELS["webhook"]


def test_a_program_gets_the_notice_as_data(receiver: Receiver) -> None:
    receipt = WEBHOOK.send(CHINESE, f"{receiver.url}/mine?key=1")

    (call,) = receiver.calls
    told = json.loads(call.body)
    assert receipt.said == "201: taken"
    assert call.path == "/mine?key=1"
    assert call.headers["content-type"] == "application/json"
    assert (told["kind"], told["language"], told["headline"]) == ("out_for_delivery", "zh-hans", "派送中")
    assert told["facts"][0] == {"label": "时间", "value": "3月4日周三 08:12"}
    assert told["link"] == CHINESE.action.address
    assert told["parcel"] == PARCEL


def test_a_copy_bears_the_same_key_and_another_notice_another(receiver: Receiver) -> None:
    for letter in (ENGLISH, ENGLISH, message(identity="notice 319 7")):
        WEBHOOK.send(letter, receiver.url)

    first, again, other = (call.headers["idempotency-key"] for call in receiver.calls)
    assert first == again != other


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        *((410, Gone), (400, Refused), (401, Refused), (404, Refused), (302, Refused)),
        *((408, Later), (425, Later), (429, Later), (500, Later), (503, Later)),
    ],
)
def test_each_status_has_its_meaning(receiver: Receiver, status: int, meaning: type[Exception]) -> None:
    receiver.answers = [(status, {"Location": "/inside"}, b"no")]

    with pytest.raises((Later, Gone, Refused)) as caught:
        WEBHOOK.send(ENGLISH, receiver.url)

    assert type(caught.value) is meaning
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("how", ["drop", "hang", "drip", "noise"])
def test_no_answer_leaves_a_doubt(receiver: Receiver, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_http, "ANSWER_SECONDS", 0.5)
    receiver.answers = [how]

    with pytest.raises(Doubtful):
        WEBHOOK.send(ENGLISH, receiver.url)


def test_it_is_offered_only_where_the_operator_wants_it(settings: Any) -> None:
    assert "webhook" not in ready()
    settings.NOTICE_WEBHOOKS = True
    assert "webhook" in ready()


def test_an_address_of_the_shops_own_network_is_refused(settings: Any) -> None:
    settings.PUSH_LOCAL = False

    with pytest.raises(BadAddress, match="reachable from the internet"):
        WEBHOOK.clean("https://192.168.1.1/")


def test_a_page_shows_where_and_no_key() -> None:
    assert WEBHOOK.shown("https://example.com:8443/hook?key=secret") == "example.com:8443"
