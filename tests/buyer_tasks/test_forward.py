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
from tests import factories
from tests.carriers.stub_carrier import StubCarrier
from tracking import buyer_tasks
from tracking.buyer_tasks.forward import RETRY_DELAYS, forward_due_answers
from tracking.buyer_tasks.transitions import accept_answer, retry_forwarding, submit_answer
from tracking.models import BuyerTask, BuyerTaskAnswer, Carrier
from tracking.models.buyer_tasks import BuyerTaskAction
from tracking.simulator.server.app import build_application
from tracking.simulator.server.state import RegisteredNumber, SimulatorState
from tracking.tasks import forward_answers
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
CARRIER_CONFIG = {
    "path": "/track/{number}",
    "test_number": "T1",
    "events": "events",
    "time": "at",
    "headers": "17token: {key}",
}
VALUES = {"phone": "+4915112345678"}


@contextmanager
def running_app(app: web.Application) -> Iterator[str]:
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
def answers_endpoint() -> StubCarrier:
    """A carrier's counter that takes what it is given."""
    return StubCarrier(json.dumps({"reference": "C-77"}).encode())


@pytest.fixture
def carrier_url(answers_endpoint: StubCarrier) -> Iterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{address:.*}", answers_endpoint.handle)
    with running_app(app) as url:
        yield url


def make_carrier(url: str, **config: str) -> Carrier:
    described = CARRIER_CONFIG | {"answers_path": "/answers/{number}"} | config
    return factories.create_feed(
        "pigeon", adapter="generic", adapter_config=described, base_url=url, credentials={"key": "sesame open"}
    )


def submit_answer_to(
    carrier: Carrier, kind: BuyerTaskKind = BuyerTaskKind.PHONE, number: str = "PG 1"
) -> BuyerTaskAnswer:
    shipment = factories.create_leg(number, from_feed=carrier).shipment
    return submit_answer(buyer_tasks.open(shipment, kind, "", None, NOW), VALUES, [], NOW)


def state_of(answer: BuyerTaskAnswer) -> str:
    answer.refresh_from_db()
    return BuyerTask.objects.get(pk=answer.buyer_task_id).state


def test_an_answer_reaches_the_carrier_with_the_operators_key(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    given = submit_answer_to(make_carrier(carrier_url))

    assert forward_due_answers(NOW) == [given.buyer_task.shipment]

    [asked] = answers_endpoint.requests
    assert (asked.method, asked.path, asked.headers["17token"]) == ("POST", "/answers/PG 1", "sesame open")
    assert json.loads(asked.body) == {"number": "PG 1", "ask": "phone", "values": VALUES}
    assert (state_of(given), given.forwarded_at) == (BuyerTaskState.FORWARDED, NOW)
    assert given.buyer_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == "C-77"
    assert forward_due_answers(NOW + timedelta(days=1)) == [] and len(answers_endpoint.requests) == 1


def test_a_carrier_in_trouble_is_tried_again_and_again_then_the_desk_is_told(
    answers_endpoint: StubCarrier, carrier_url: str
) -> None:
    answers_endpoint.status, at = 503, NOW
    given = submit_answer_to(make_carrier(carrier_url))

    for wait in (timedelta(), *RETRY_DELAYS):
        assert forward_due_answers(at + wait - timedelta(seconds=1)) == []
        at += wait
        forward_due_answers(at)

    assert len(answers_endpoint.requests) == 1 + len(RETRY_DELAYS)
    assert state_of(given) == BuyerTaskState.SUBMITTED
    assert (given.next_forward_at, given.forward_error[:3]) == (None, "503")
    assert given.buyer_task.log_entries.filter(action=BuyerTaskAction.FORWARD_FAILED).count() == 1


def test_a_carrier_that_is_back_gets_the_answer(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answers_endpoint.status = 503
    given = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)
    answers_endpoint.status = 201

    forward_due_answers(NOW + RETRY_DELAYS[0])

    assert (state_of(given), given.forward_error) == (BuyerTaskState.FORWARDED, "")


def test_what_a_carrier_refuses_is_not_tried_again_unless_an_operator_says_so(
    answers_endpoint: StubCarrier, carrier_url: str
) -> None:
    answers_endpoint.status = 400
    given = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)

    assert (state_of(given), given.next_forward_at) == (BuyerTaskState.SUBMITTED, None)
    answers_endpoint.status = 200
    assert retry_forwarding(given, User.objects.create_user("olga@example.com"), NOW)
    forward_due_answers(NOW)
    assert state_of(given) == BuyerTaskState.FORWARDED


@pytest.mark.parametrize("kind", [BuyerTaskKind.PAPERS, BuyerTaskKind.NOT_RECEIVED])
def test_papers_and_missing_parcels_stay_with_the_shop(
    answers_endpoint: StubCarrier, carrier_url: str, kind: BuyerTaskKind
) -> None:
    submit_answer_to(make_carrier(carrier_url), kind)

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


@pytest.mark.parametrize("change", [{"answers_path": ""}, {"events": ""}])
def test_a_carrier_that_takes_no_answers_is_given_none(
    answers_endpoint: StubCarrier, carrier_url: str, change: dict[str, str]
) -> None:
    given = submit_answer_to(make_carrier(carrier_url, **change))

    assert given.next_forward_at is None and state_of(given) == BuyerTaskState.SUBMITTED


def test_what_the_shop_has_decided_is_not_passed_on(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    given = submit_answer_to(make_carrier(carrier_url))

    accept_answer(given.buyer_task, User.objects.create_user("olga@example.com"), NOW)

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


def test_two_workers_pass_on_one_answer_once(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    given = submit_answer_to(make_carrier(carrier_url))
    BuyerTaskAnswer.objects.filter(pk=given.pk).update(next_forward_at=NOW + timedelta(minutes=2))

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


@pytest.mark.parametrize("told", [b"", b"<ok/>", b"[1]", b'{"reference": null}'])
def test_a_carrier_need_not_give_a_reference(answers_endpoint: StubCarrier, carrier_url: str, told: bytes) -> None:
    answers_endpoint.answer = told
    given = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)

    assert given.buyer_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == ""


def test_the_simulated_carrier_takes_answers_about_its_parcels() -> None:
    book = SimulatorState.open(None, speed=720)
    book.register_numbers([RegisteredNumber("LX000000000US", book.clock.journey_time())])
    with running_app(build_application(book, "sesame open")) as url, time_machine.travel(NOW):
        feed = make_carrier(url)
        good, unknown = submit_answer_to(feed, number="LX000000000US"), submit_answer_to(feed, number="NOBODY1")
        assert forward_answers() == 1

    assert (state_of(good), state_of(unknown)) == (BuyerTaskState.FORWARDED, BuyerTaskState.SUBMITTED)
