"""Answers reach a carrier that takes them over real HTTP, with patience, and else the desk."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from aiohttp import web

from accounts.models import User
from tests import make
from tests.carriers.desk import Desk
from tracking import buyer_tasks
from tracking.buyer_tasks.answers import accept, answer, send_again
from tracking.buyer_tasks.forward import WAITS, forward_due
from tracking.models import Ask, AskAnswer, Carrier
from tracking.models.buyer_tasks import Deed
from tracking.simulator.server.app import build
from tracking.simulator.server.state import Book, Entry
from tracking.tasks import forward_answers
from tracking.vocabulary import AskKind, AskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
RECIPE = {"path": "/track/{number}", "test_number": "T1", "events": "events", "time": "at", "headers": "17token: {key}"}
VALUES = {"phone": "+4915112345678"}


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """Serve an application in a thread for as long as the block lasts; give its address."""
    loop, stop, ready, found = asyncio.new_event_loop(), asyncio.Event(), threading.Event(), list[str]()

    async def run() -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(5)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


@pytest.fixture
def desk() -> Desk:
    """A carrier's counter that takes what it is given."""
    return Desk(json.dumps({"reference": "C-77"}).encode())


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{address:.*}", desk.serve)
    with served(app) as url:
        yield url


def carrier(url: str, **recipe: str) -> Carrier:
    described = RECIPE | {"answers_path": "/answers/{number}"} | recipe
    return make.feed("pigeon", adapter="generic", recipe=described, base_url=url, credentials={"key": "sesame open"})


def given_to(feed: Carrier, kind: AskKind = AskKind.PHONE, number: str = "PG 1") -> AskAnswer:
    shipment = make.leg(number, source=feed).shipment
    return answer(buyer_tasks.open(shipment, kind, "", None, NOW), VALUES, [], NOW)


def state(given: AskAnswer) -> str:
    given.refresh_from_db()
    return Ask.objects.get(pk=given.ask_id).state


def test_an_answer_reaches_the_carrier_with_the_operators_key(desk: Desk, address: str) -> None:
    given = given_to(carrier(address))

    assert forward_due(NOW) == [given.ask.shipment]

    [asked] = desk.asked
    assert (asked.method, asked.path, asked.headers["17token"]) == ("POST", "/answers/PG 1", "sesame open")
    assert json.loads(asked.body) == {"number": "PG 1", "ask": "phone", "values": VALUES}
    assert (state(given), given.forwarded_at) == (AskState.FORWARDED, NOW)
    assert given.ask.notes.get(what=Deed.FORWARDED).detail == "C-77"
    assert forward_due(NOW + timedelta(days=1)) == [] and len(desk.asked) == 1


def test_a_carrier_in_trouble_is_tried_again_and_again_then_the_desk_is_told(desk: Desk, address: str) -> None:
    desk.status, at = 503, NOW
    given = given_to(carrier(address))

    for wait in (timedelta(), *WAITS):
        assert forward_due(at + wait - timedelta(seconds=1)) == []
        at += wait
        forward_due(at)

    assert len(desk.asked) == 1 + len(WAITS)
    assert state(given) == AskState.SENT
    assert (given.forward_next_at, given.forward_error[:3]) == (None, "503")
    assert given.ask.notes.filter(what=Deed.NOT_FORWARDED).count() == 1


def test_a_carrier_that_is_back_gets_the_answer(desk: Desk, address: str) -> None:
    desk.status = 503
    given = given_to(carrier(address))
    forward_due(NOW)
    desk.status = 201

    forward_due(NOW + WAITS[0])

    assert (state(given), given.forward_error) == (AskState.FORWARDED, "")


def test_what_a_carrier_refuses_is_not_tried_again_unless_an_operator_says_so(desk: Desk, address: str) -> None:
    desk.status = 400
    given = given_to(carrier(address))
    forward_due(NOW)

    assert (state(given), given.forward_next_at) == (AskState.SENT, None)
    desk.status = 200
    assert send_again(given, User.objects.create_user("olga@example.com"), NOW)
    forward_due(NOW)
    assert state(given) == AskState.FORWARDED


@pytest.mark.parametrize("kind", [AskKind.PAPERS, AskKind.NOT_RECEIVED])
def test_papers_and_missing_parcels_stay_with_the_shop(desk: Desk, address: str, kind: AskKind) -> None:
    given_to(carrier(address), kind)

    assert forward_due(NOW) == [] and desk.asked == []


@pytest.mark.parametrize("change", [{"answers_path": ""}, {"events": ""}])
def test_a_carrier_that_takes_no_answers_is_given_none(desk: Desk, address: str, change: dict[str, str]) -> None:
    given = given_to(carrier(address, **change))

    assert given.forward_next_at is None and state(given) == AskState.SENT


def test_what_the_shop_has_decided_is_not_passed_on(desk: Desk, address: str) -> None:
    given = given_to(carrier(address))

    accept(given.ask, User.objects.create_user("olga@example.com"), NOW)

    assert forward_due(NOW) == [] and desk.asked == []


def test_two_workers_pass_on_one_answer_once(desk: Desk, address: str) -> None:
    given = given_to(carrier(address))
    AskAnswer.objects.filter(pk=given.pk).update(forward_next_at=NOW + timedelta(minutes=2))

    assert forward_due(NOW) == [] and desk.asked == []


@pytest.mark.parametrize("told", [b"", b"<ok/>", b"[1]", b'{"reference": null}'])
def test_a_carrier_need_not_give_a_reference(desk: Desk, address: str, told: bytes) -> None:
    desk.answer = told
    given = given_to(carrier(address))
    forward_due(NOW)

    assert given.ask.notes.get(what=Deed.FORWARDED).detail == ""


def test_the_simulated_carrier_takes_answers_about_its_parcels() -> None:
    book = Book.open(None, speed=720)
    book.register([Entry("LX000000000US", book.clock.journey())])
    with served(build(book, "sesame open")) as url, time_machine.travel(NOW):
        feed = carrier(url)
        good, unknown = given_to(feed, number="LX000000000US"), given_to(feed, number="NOBODY1")
        assert forward_answers() == 1

    assert (state(good), state(unknown)) == (AskState.FORWARDED, AskState.SENT)
