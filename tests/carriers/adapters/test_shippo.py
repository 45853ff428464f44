"""Shippo: the carrier in its requests, and the meaning of its errors."""

from __future__ import annotations

import pytest

from tests import factories
from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.parsed import NO_EVENTS_YET, OTHER_REASON, UNKNOWN_CARRIER, RejectedNumber
from tracking.carriers.parsing.json_access import UnreadableAnswerError
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
def test_number_is_fetched_under_the_carrier_that_its_format_fits(number: str, carrier: str) -> None:
    stub = StubCarrier(b'{"tracking_number": "1", "carrier": "ups"}')

    stub.run(lambda client: SHIPPO.fetch(client, [number]), TOKEN)

    assert stub.requests[0].path == f"/tracks/{carrier}/{number}"
    assert stub.requests[0].headers["Authorization"] == "ShippoToken shippo_live_1"


def test_number_of_unknown_format_is_not_fetched_and_the_answer_says_so() -> None:
    stub = StubCarrier(b"{}")

    body = stub.run(lambda client: SHIPPO.fetch(client, ["HELLO"]), TOKEN)

    assert not stub.requests
    assert [(rejected.number, rejected.reason) for rejected in parse_rejected_numbers(body)] == [("", UNKNOWN_CARRIER)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"detail": "Carrier with name \'x\' is not supported."}', UNKNOWN_CARRIER),
        (b'{"carrier": ["Invalid value specified for provider \'x\'"]}', UNKNOWN_CARRIER),
        (b'{"detail": "Not found."}', NO_EVENTS_YET),
        (b'{"tracking_number": ["This field is odd."], "x": 1}', NO_EVENTS_YET),
        (b'{"x": "odd"}', OTHER_REASON),
    ],
)
def test_error_about_a_number_rejects_that_number(body: bytes, reason: str) -> None:
    if b"tracking_number" in body:
        with pytest.raises(UnreadableAnswerError):
            parse_rejected_numbers(body)
    else:
        assert [rejected.reason for rejected in parse_rejected_numbers(body)] == [reason]


def test_other_events_report_no_shipment() -> None:
    pushed = b'{"event": "transaction_created", "data": {"tracking_number": "1"}}'

    assert not SHIPPO.parse(pushed, received_at=factories.RECEIVED_AT).shipments


def parse_rejected_numbers(body: bytes) -> tuple[RejectedNumber, ...]:
    return SHIPPO.parse(body, received_at=factories.RECEIVED_AT).rejected_numbers
