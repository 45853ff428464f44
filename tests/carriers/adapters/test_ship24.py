"""Ship24: what it is asked over real HTTP, what its refusals mean, and whose pushes are its own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.carriers.desk import Visit, visited
from tracking.carriers.adapter import CarrierTrouble, Line, Refused, Throttled
from tracking.carriers.adapters.ship24 import Ship24
from tracking.carriers.json_access import RefusedAnswer
from tracking.carriers.parsed import NOT_REGISTERED

FEED = Ship24()
HEARD = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "LZ000000004XX"
SECRET = {"webhook_secret": "hush"}


class Desk:
    """An aggregator over real HTTP: it answers as told and notes what it was asked."""

    key_header = "Authorization"

    def __init__(self, answer: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer, self.status, self.headers = answer, status, headers
        self.asked: list[tuple[str, str, str, Any]] = []

    async def give(self, request: web.Request) -> web.Response:
        sent = await request.text()
        key = request.headers.get(self.key_header, "")
        self.asked.append((request.method, request.raw_path, key, json.loads(sent) if sent else None))
        return web.json_response(self.answer, status=self.status, headers=self.headers)

    def visited(self, visit: Visit) -> Any:
        return visited(self.give, {"key": "us"}, visit)


def fetch(line: Line) -> Awaitable[bytes]:
    return FEED.fetch(line, [NUMBER])


def register(line: Line) -> Awaitable[bytes]:
    return FEED.register(line, [NUMBER])


def test_a_number_is_asked_for_by_its_path_with_the_key_as_bearer() -> None:
    desk = Desk({"data": {"trackings": []}})

    body = desk.visited(lambda line: FEED.fetch(line, ["AB/00 1"]))

    assert desk.asked == [("GET", "/public/v1/trackers/search/AB%2F00%201/results", "Bearer us", None)]
    assert json.loads(body) == desk.answer


def test_numbers_are_registered_together_in_one_list() -> None:
    desk = Desk({"status": "success", "data": []}, status=201)

    desk.visited(lambda line: FEED.register(line, [NUMBER, "LZ000000018XX"]))

    items = [{"trackingNumber": NUMBER}, {"trackingNumber": "LZ000000018XX"}]
    assert desk.asked == [("POST", "/public/v1/trackers/bulk", "Bearer us", items)]


def test_the_connection_is_tested_by_listing_one_tracker() -> None:
    desk = Desk({"data": {"trackers": []}})

    assert desk.visited(FEED.probe) == "connected"
    assert desk.asked == [("GET", "/public/v1/trackers?page=1&limit=1", "Bearer us", None)]


def test_a_number_without_a_tracker_is_an_answer_and_not_a_trouble() -> None:
    lost = {"errors": [{"code": "tracker_not_found", "message": "Tracker not found."}], "data": None}

    for desk in (Desk(lost, status=404), Desk({"data": {"trackings": []}})):
        reading = FEED.parse(desk.visited(fetch), heard_at=HEARD)

        assert [(refusal.number, refusal.reason) for refusal in reading.refusals] == [("", NOT_REGISTERED)]


def test_a_registration_of_which_every_number_fails_is_still_read_number_by_number() -> None:
    errors = [{"code": "validation_error", "message": "invalid"}]
    failed = {"itemStatus": "error", "inputData": {"trackingNumber": NUMBER}, "errors": errors}
    desk = Desk({"status": "error", "data": [failed], "error": {"code": "processing_error"}}, status=400)

    reading = FEED.parse(desk.visited(register), heard_at=HEARD)

    assert [refusal.number for refusal in reading.refusals] == [NUMBER]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "error", "data": None, "error": {"code": "quota_limit_reached", "message": "No more quota left."}},
        {"errors": [{"code": "no_active_subscription", "message": "No active subscription."}], "data": None},
        {"errors": [], "data": None},
        {"data": {}},
        {},
    ],
)
def test_an_answer_that_says_no_to_the_account_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(RefusedAnswer, match="Ship24 refused the call"):
        FEED.parse(json.dumps(answer).encode(), heard_at=HEARD)


@pytest.mark.parametrize("visit", [fetch, register, FEED.probe])
@pytest.mark.parametrize(
    ("status", "trouble"),
    [(401, Refused), (402, Refused), (403, Refused), (422, CarrierTrouble), (429, Throttled), (500, CarrierTrouble)],
)
def test_a_refusal_a_crowd_and_a_breakdown_are_told_apart(
    visit: Visit, status: int, trouble: type[CarrierTrouble]
) -> None:
    with pytest.raises(CarrierTrouble, match=str(status)) as caught:
        Desk({"errors": []}, status=status).visited(visit)

    assert isinstance(caught.value, trouble)


def test_a_missing_address_is_refused_where_no_number_was_asked_for() -> None:
    for visit in (register, FEED.probe):
        with pytest.raises(Refused):
            Desk({"errors": []}, status=404).visited(visit)


def test_a_crowd_is_left_alone_for_as_long_as_it_asks() -> None:
    with pytest.raises(Throttled) as caught:
        Desk({}, status=429, headers={"Retry-After": "7"}).visited(fetch)

    assert caught.value.seconds == 7


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"authorization": "Bearer hush"}, True),
        ({"authorization": "Bearer hush "}, False),
        ({"authorization": "Bearer hushed"}, False),
        ({"authorization": "hush"}, False),
        ({"authorization": "Bearer é"}, False),
        ({"authorization": ""}, False),
        ({}, False),
    ],
)
def test_a_push_is_ship24s_own_when_it_brings_the_secret(headers: dict[str, str], known: bool) -> None:
    assert FEED.verify(b'{"trackings": []}', headers, SECRET) is known


def test_the_secret_vouches_for_the_sender_and_not_for_the_body() -> None:
    headers = {"authorization": "Bearer hush"}

    assert FEED.verify(b"one body", headers, SECRET)
    assert FEED.verify(b"another body", headers, SECRET)


def test_without_a_secret_of_ours_no_push_is_taken() -> None:
    assert not FEED.verify(b"{}", {"authorization": "Bearer "}, {})
    assert not FEED.verify(b"{}", {"authorization": "Bearer "}, {"webhook_secret": ""})
