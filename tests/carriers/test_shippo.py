"""Shippo must be told whose a number is."""

from __future__ import annotations

import pytest

from tests import make
from tests.carriers.desk import Desk
from tracking.carriers.adapter import Refused
from tracking.carriers.registry import ADAPTERS
from tracking.carriers.shape import RefusedAnswer

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


def test_a_number_that_looks_like_nobodys_is_not_asked_for() -> None:
    desk = Desk(b"{}")

    with pytest.raises(Refused, match="wants the carrier"):
        desk.visited(lambda line: SHIPPO.fetch(line, ["HELLO"]), TOKEN)

    assert not desk.asked


def test_a_refused_call_says_why() -> None:
    with pytest.raises(RefusedAnswer, match="Invalid token"):
        SHIPPO.parse(b'{"detail": "Invalid token."}', heard_at=make.HEARD)


def test_no_push_is_taken_for_nothing_public_says_how_they_are_signed() -> None:
    assert not SHIPPO.verify(b"{}", {"authorization": "ShippoToken shippo_live_1"}, TOKEN)
