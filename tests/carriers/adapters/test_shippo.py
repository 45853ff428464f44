"""Shippo must be told whose a number is."""

from __future__ import annotations

import pytest

from tests import make
from tests.carriers.desk import Desk
from tracking.carriers.json_access import UnreadableAnswer
from tracking.carriers.parsed import CARRIER_UNKNOWN, NO_NEWS_YET, OTHER, Refusal
from tracking.carriers.registry import ADAPTERS

SHIPPO = ADAPTERS["shippo"]
TOKEN = {"token": "shippo_live_1"}


@pytest.mark.parametrize(
    ("number", "carrier"),
    [
        ("1Z5R89390357567127", "ups"),
        ("9200190000000000000023", "usps"),
        ("RR123456785GB", "royal_mail"),
        ("7023210039414604", "canada_post"),
    ],
)
def test_a_number_is_asked_for_under_the_carrier_that_it_looks_like(number: str, carrier: str) -> None:
    desk = Desk(b'{"tracking_number": "1", "carrier": "ups"}')

    desk.visited(lambda line: SHIPPO.fetch(line, [number]), TOKEN)

    assert desk.asked[0].path == f"/tracks/{carrier}/{number}"
    assert desk.asked[0].headers["Authorization"] == "ShippoToken shippo_live_1"


def test_about_a_number_that_looks_like_nobodys_nothing_is_asked_and_the_answer_says_so() -> None:
    desk = Desk(b"{}")

    body = desk.visited(lambda line: SHIPPO.fetch(line, ["HELLO"]), TOKEN)

    assert not desk.asked
    assert [(one.number, one.reason) for one in refusals(body)] == [("", CARRIER_UNKNOWN)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"detail": "Carrier with name \'x\' is not supported."}', CARRIER_UNKNOWN),
        (b'{"carrier": ["Invalid value specified for provider \'x\'"]}', CARRIER_UNKNOWN),
        (b'{"detail": "Not found."}', NO_NEWS_YET),
        (b'{"tracking_number": ["This field is odd."], "x": 1}', NO_NEWS_YET),
        (b'{"x": "odd"}', OTHER),
    ],
)
def test_a_number_that_is_not_told_of_is_no_trouble_of_the_feed(body: bytes, reason: str) -> None:
    if b"tracking_number" in body:
        with pytest.raises(UnreadableAnswer):
            refusals(body)
    else:
        assert [one.reason for one in refusals(body)] == [reason]


def test_other_events_tell_of_no_parcel() -> None:
    pushed = b'{"event": "transaction_created", "data": {"tracking_number": "1"}}'

    assert not SHIPPO.parse(pushed, heard_at=make.HEARD).parcels


def refusals(body: bytes) -> tuple[Refusal, ...]:
    return SHIPPO.parse(body, heard_at=make.HEARD).refusals
