"""Answers are forwarded to carriers over real HTTP, with retries, and otherwise left to the operators."""

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
    """Serve an application in a thread while the block runs; yield its URL."""
    loop, stop, ready, urls = asyncio.new_event_loop(), asyncio.Event(), threading.Event(), list[str]()

    async def run() -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(5)
    yield urls[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


@pytest.fixture
def answers_endpoint() -> StubCarrier:
    """A carrier's endpoint that accepts every answer."""
    return StubCarrier(json.dumps({"reference": "C-77"}).encode())


@pytest.fixture
def carrier_url(answers_endpoint: StubCarrier) -> Iterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{address:.*}", answers_endpoint.handle)
    with running_app(app) as url:
        yield url


def make_carrier(url: str, **config: str) -> Carrier:
    full_config = CARRIER_CONFIG | {"answers_path": "/answers/{number}"} | config
    return factories.create_feed(
        "pigeon", adapter="generic", adapter_config=full_config, base_url=url, credentials={"key": "sesame open"}
    )


def submit_answer_to(
    carrier: Carrier, kind: BuyerTaskKind = BuyerTaskKind.PHONE, number: str = "PG 1"
) -> BuyerTaskAnswer:
    shipment = factories.create_leg(number, from_feed=carrier).shipment
    return submit_answer(buyer_tasks.open_buyer_task(shipment, kind, "", None, NOW), VALUES, [], NOW)


def state_of(answer: BuyerTaskAnswer) -> str:
    answer.refresh_from_db()
    return BuyerTask.objects.get(pk=answer.buyer_task_id).state


def test_answer_reaches_the_carrier_with_the_operators_key(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answer = submit_answer_to(make_carrier(carrier_url))

    assert forward_due_answers(NOW) == [answer.buyer_task.shipment]

    [request] = answers_endpoint.requests
    assert (request.method, request.path, request.headers["17token"]) == ("POST", "/answers/PG 1", "sesame open")
    assert json.loads(request.body) == {"number": "PG 1", "ask": "phone", "values": VALUES}
    assert (state_of(answer), answer.forwarded_at) == (BuyerTaskState.FORWARDED, NOW)
    assert answer.buyer_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == "C-77"
    assert forward_due_answers(NOW + timedelta(days=1)) == [] and len(answers_endpoint.requests) == 1


def test_failing_carrier_is_retried_then_left_to_the_operators(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answers_endpoint.status, now = 503, NOW
    answer = submit_answer_to(make_carrier(carrier_url))

    for delay in (timedelta(), *RETRY_DELAYS):
        assert forward_due_answers(now + delay - timedelta(seconds=1)) == []
        now += delay
        forward_due_answers(now)

    assert len(answers_endpoint.requests) == 1 + len(RETRY_DELAYS)
    assert state_of(answer) == BuyerTaskState.SUBMITTED
    assert (answer.next_forward_at, answer.forward_error[:3]) == (None, "503")
    assert answer.buyer_task.log_entries.filter(action=BuyerTaskAction.FORWARD_FAILED).count() == 1


def test_recovered_carrier_gets_the_answer(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answers_endpoint.status = 503
    answer = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)
    answers_endpoint.status = 201

    forward_due_answers(NOW + RETRY_DELAYS[0])

    assert (state_of(answer), answer.forward_error) == (BuyerTaskState.FORWARDED, "")


def test_rejected_answer_is_retried_only_by_an_operator(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answers_endpoint.status = 400
    answer = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)

    assert (state_of(answer), answer.next_forward_at) == (BuyerTaskState.SUBMITTED, None)
    answers_endpoint.status = 200
    assert retry_forwarding(answer, User.objects.create_user("olga@example.com"), NOW)
    forward_due_answers(NOW)
    assert state_of(answer) == BuyerTaskState.FORWARDED


@pytest.mark.parametrize("kind", [BuyerTaskKind.PAPERS, BuyerTaskKind.NOT_RECEIVED])
def test_papers_and_missing_parcels_are_not_forwarded(
    answers_endpoint: StubCarrier, carrier_url: str, kind: BuyerTaskKind
) -> None:
    submit_answer_to(make_carrier(carrier_url), kind)

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


@pytest.mark.parametrize("change", [{"answers_path": ""}, {"events": ""}])
def test_carrier_without_answers_endpoint_gets_no_answer(
    answers_endpoint: StubCarrier, carrier_url: str, change: dict[str, str]
) -> None:
    answer = submit_answer_to(make_carrier(carrier_url, **change))

    assert answer.next_forward_at is None and state_of(answer) == BuyerTaskState.SUBMITTED


def test_decided_answer_is_not_forwarded(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answer = submit_answer_to(make_carrier(carrier_url))

    accept_answer(answer.buyer_task, User.objects.create_user("olga@example.com"), NOW)

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


def test_answer_claimed_by_another_worker_is_not_forwarded(answers_endpoint: StubCarrier, carrier_url: str) -> None:
    answer = submit_answer_to(make_carrier(carrier_url))
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=NOW + timedelta(minutes=2))

    assert forward_due_answers(NOW) == [] and answers_endpoint.requests == []


@pytest.mark.parametrize("response", [b"", b"<ok/>", b"[1]", b'{"reference": null}'])
def test_reference_of_the_carrier_is_optional(answers_endpoint: StubCarrier, carrier_url: str, response: bytes) -> None:
    answers_endpoint.answer = response
    answer = submit_answer_to(make_carrier(carrier_url))
    forward_due_answers(NOW)

    assert answer.buyer_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == ""


def test_simulated_carrier_accepts_answers_about_its_parcels() -> None:
    state = SimulatorState.open(None, speed=720)
    state.register_numbers([RegisteredNumber("LX000000000US", state.clock.journey_time())])
    with running_app(build_application(state, "sesame open")) as url, time_machine.travel(NOW):
        feed = make_carrier(url)
        accepted, unknown = submit_answer_to(feed, number="LX000000000US"), submit_answer_to(feed, number="NOBODY1")
        assert forward_answers() == 1

    assert (state_of(accepted), state_of(unknown)) == (BuyerTaskState.FORWARDED, BuyerTaskState.SUBMITTED)
