"""TrackingMore: what it is asked over real HTTP, what its refusals mean, and whose pushes are its own."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from aiohttp import web

from tests.carriers.adapters.test_ship24 import Desk
from tests.carriers.desk import Visit
from tracking.carriers.adapter import CarrierTrouble, Line, Refused, Throttled
from tracking.carriers.adapters.trackingmore import TrackingMore
from tracking.carriers.json_access import RefusedAnswer
from tracking.carriers.parsed import ALREADY_REGISTERED, NOT_REGISTERED

FEED = TrackingMore()
HEARD = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "EE000000019XX"
SECRET = {"webhook_secret": "hush"}
NONE: dict[str, Any] = {"meta": {"code": 200}, "data": []}
BODY = b'{"data": {"tracking_number": "EE000000019XX"}}'
GET = "/v4/trackings/get?tracking_numbers="


class TrackingMoresDesk(Desk):
    """It knows whose the numbers are that begin with EE."""

    key_header = "Tracking-Api-Key"

    async def give(self, request: web.Request) -> web.Response:
        if request.path != "/v4/couriers/detect":
            return await super().give(request)
        if (await request.json())["tracking_number"].startswith("EE"):
            return web.json_response({"meta": {"code": 200}, "data": [{"courier_code": "china-post"}, {}]})
        return web.json_response({"meta": {"code": 4121, "message": "Cannot detect courier."}, "data": []}, status=400)


def fetch(line: Line) -> Awaitable[bytes]:
    return FEED.fetch(line, [NUMBER])


def register(line: Line) -> Awaitable[bytes]:
    return FEED.register(line, [NUMBER])


def test_numbers_are_asked_for_together_with_the_key_in_its_header() -> None:
    desk = TrackingMoresDesk(NONE)

    body = desk.visited(lambda line: FEED.fetch(line, [NUMBER, "EE000000022XX"]))

    assert desk.asked == [("GET", f"{GET}{NUMBER},EE000000022XX", "us", None)]
    assert json.loads(body) == desk.answer


def test_numbers_are_registered_together_each_with_the_courier_that_was_detected() -> None:
    desk = TrackingMoresDesk({"meta": {"code": 200}, "data": {"success": [], "error": []}})

    desk.visited(lambda line: FEED.register(line, [NUMBER, "NOBODYS0000"]))

    items = [
        {"tracking_number": NUMBER, "courier_code": "china-post"},
        {"tracking_number": "NOBODYS0000", "courier_code": ""},
    ]
    assert desk.asked == [("POST", "/v4/trackings/batch", "us", items)]


def test_couriers_that_cannot_be_read_are_a_trouble_and_register_nothing() -> None:
    desk = Desk(["<html>"])

    with pytest.raises(CarrierTrouble, match="cannot be read"):
        desk.visited(register)

    assert [path for _, path, _, _ in desk.asked] == ["/v4/couriers/detect"]


def test_the_connection_is_tested_by_asking_for_one_tracking() -> None:
    desk = TrackingMoresDesk(NONE)

    assert desk.visited(FEED.probe) == "connected"
    assert desk.asked == [("GET", "/v4/trackings/get?items_amount=1&pages_amount=1", "us", None)]


def test_a_test_that_is_answered_with_no_is_no_connection() -> None:
    with pytest.raises(RefusedAnswer):
        TrackingMoresDesk({"meta": {"code": 203, "message": "Paid accounts only"}, "data": []}).visited(FEED.probe)


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (400, {"meta": {"code": 4102, "message": "Tracking No. no exists."}, "data": []}, NOT_REGISTERED),
        (400, {"meta": {"code": 4101, "message": "Tracking No. already exists."}, "data": []}, ALREADY_REGISTERED),
        (200, {"meta": {"code": 200}, "data": []}, NOT_REGISTERED),
    ],
)
def test_a_no_for_the_numbers_asked_is_an_answer_and_not_a_trouble(status: int, answer: Any, reason: str) -> None:
    reading = FEED.parse(TrackingMoresDesk(answer, status=status).visited(fetch), heard_at=HEARD)

    assert [(refusal.number, refusal.reason) for refusal in reading.refusals] == [("", reason)]


@pytest.mark.parametrize(
    "answer",
    [
        {"meta": {"code": 4190, "message": "You are reaching the maximum quota limitation."}, "data": []},
        {"meta": {"code": 4103, "message": "Too many numbers."}},
        {"meta": {"code": 200}},
        {},
    ],
)
def test_an_answer_that_says_no_to_the_account_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(RefusedAnswer, match="TrackingMore refused the call"):
        FEED.parse(json.dumps(answer).encode(), heard_at=HEARD)


@pytest.mark.parametrize("visit", [fetch, register, FEED.probe])
@pytest.mark.parametrize(
    ("status", "trouble"),
    [(401, Refused), (403, Refused), (404, Refused), (429, Throttled), (500, CarrierTrouble), (503, CarrierTrouble)],
)
def test_a_refusal_a_crowd_and_a_breakdown_are_told_apart(
    visit: Visit, status: int, trouble: type[CarrierTrouble]
) -> None:
    with pytest.raises(CarrierTrouble, match=str(status)) as caught:
        TrackingMoresDesk({}, status=status).visited(visit)

    assert isinstance(caught.value, trouble)


def test_a_crowd_is_left_alone_for_as_long_as_it_asks() -> None:
    with pytest.raises(Throttled) as caught:
        TrackingMoresDesk({}, status=429, headers={"Retry-After": "120"}).visited(fetch)

    assert caught.value.seconds == 120


def signed(message: bytes, secret: str = "hush") -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def test_the_example_of_the_documentation_is_taken_in_its_own_minute() -> None:
    signature = "a37084ab68ae16b77db1f8463f31be9fcc965e2515e03efecf8139bb1e511b06"
    headers, secret = {"signature": signature, "timestamp": "1662371528"}, "2e55b9a3-4dd1-4416-9897-c4bd1e3d738f"

    with time_machine.travel(1662371528.0, tick=False):
        assert FEED.verify(BODY, headers, {"webhook_secret": secret})
    assert not FEED.verify(BODY, headers, {"webhook_secret": secret})


def test_a_signature_over_the_body_holds_for_that_body_only() -> None:
    headers = {"signature": b64encode(signed(BODY)).decode()}

    assert FEED.verify(BODY, headers, SECRET)
    assert not FEED.verify(BODY + b" ", headers, SECRET)
    assert not FEED.verify(BODY, headers, {"webhook_secret": "other"})


@pytest.mark.parametrize(("age", "known"), [(0, True), (500, True), (700, False), (-700, False)])
def test_a_signature_over_the_time_says_nothing_of_the_body_and_holds_for_ten_minutes(age: int, known: bool) -> None:
    moment = str(int(time.time()) - age)
    headers = {"signature": signed(moment.encode()).hex(), "timestamp": moment}

    assert FEED.verify(BODY, headers, SECRET) is known
    assert FEED.verify(b"another body", headers, SECRET) is known


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"signature": ""},
        {"signature": "é", "timestamp": "é"},
        {"signature": b64encode(signed(b"something else")).decode()},
        {"timestamp": "1662371528"},
        {"signature": signed(b"").hex()},
        {"signature": signed(b"soon").hex(), "timestamp": "soon"},
        {"signature": signed("٣".encode()).hex(), "timestamp": "٣"},
    ],
)
def test_a_signature_that_is_wrong_or_missing_is_nobodys(headers: dict[str, str]) -> None:
    assert not FEED.verify(BODY, headers, SECRET)


def test_a_time_changed_after_signing_is_nobodys() -> None:
    now = int(time.time())

    assert not FEED.verify(BODY, {"signature": signed(str(now).encode()).hex(), "timestamp": str(now + 1)}, SECRET)


def test_without_a_secret_of_ours_no_push_is_taken() -> None:
    headers = {"signature": b64encode(signed(BODY, "")).decode()}

    assert not FEED.verify(BODY, headers, {})
    assert not FEED.verify(BODY, headers, {"webhook_secret": ""})
