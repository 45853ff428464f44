"""Webhooks arrive signed, are retried after a failure, and never block the server."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from tracking.simulator.server.state import RegisteredNumber, SimulatorState
from tracking.simulator.server.webhook_sender import WebhookSender, sign_body

KEY = "push-key"
LIVE_NUMBER, LABEL_ONLY_NUMBER, OUT_FOR_DELIVERY_NUMBER = "UG471203869YP", "UG755301843YP", "RR192837461GB"
Work = Callable[["WebhookReceiver", SimulatorState, WebhookSender], Awaitable[None]]


class WebhookReceiver:
    """A webhook endpoint that answers with `statuses`, then with 200, and keeps what it received."""

    def __init__(self, statuses: Sequence[int] = (), seconds: float = 0) -> None:
        self.statuses, self.seconds = list(statuses), seconds
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.concurrent = self.max_concurrent = 0

    async def receive(self, request: web.Request) -> web.Response:
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["sign"])
        await asyncio.sleep(self.seconds)
        self.concurrent -= 1
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    async def wait_for(self, count: int, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while len(self.bodies) < count or self.concurrent:
                await asyncio.sleep(0.01)


def run_with_sender(
    work: Work,
    receiver: WebhookReceiver,
    *numbers: str,
    speed: float = 720,
    retry_delays: Sequence[float] = (0.05, 0.1),
) -> None:
    """Send the numbers' webhooks to a receiver on a free port of 127.0.0.1 while `work` runs."""
    asyncio.run(_run_with_sender(work, receiver, numbers, speed, retry_delays))


async def _run_with_sender(
    work: Work, receiver: WebhookReceiver, numbers: Sequence[str], speed: float, retry_delays: Sequence[float]
) -> None:
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state = SimulatorState.open(None, speed=speed)
    state.register_numbers([RegisteredNumber(number, state.clock.journey_time()) for number in numbers])
    sender = WebhookSender(state, f"http://127.0.0.1:{runner.addresses[0][1]}/hook", KEY, retry_delays=retry_delays)
    task = asyncio.create_task(sender.run())
    try:
        await work(receiver, state, sender)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await runner.cleanup()


def test_webhook_has_the_numbers_state_and_a_signature_of_the_raw_body() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(1)
        message = receiver.messages[0]

        assert message["event"] == "TRACKING_UPDATED"
        assert message["data"]["number"] == LABEL_ONLY_NUMBER
        assert message["data"]["track_info"]["latest_status"]["status"] == "InfoReceived"
        assert receiver.signatures[0] == hashlib.sha256(receiver.bodies[0] + b"/" + KEY.encode()).hexdigest()

    run_with_sender(work, WebhookReceiver(), LABEL_ONLY_NUMBER)


def test_failed_webhook_is_sent_again_with_the_same_body() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(2)
        await asyncio.sleep(0.3)

        assert len(receiver.bodies) == 2
        assert receiver.bodies[0] == receiver.bodies[1]
        assert state.registrations[LABEL_ONLY_NUMBER].pushed == 1

    run_with_sender(work, WebhookReceiver([500]), LABEL_ONLY_NUMBER)


def test_webhook_is_dropped_after_the_last_retry() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(3)
        await asyncio.sleep(0.4)

        assert len(receiver.bodies) == 3

    run_with_sender(work, WebhookReceiver([500] * 20), LABEL_ONLY_NUMBER)


def test_each_new_scan_is_sent() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(10)
        counts = [sum(len(provider["events"]) for provider in providers_of(message)) for message in receiver.messages]

        assert counts == sorted(set(counts))

    run_with_sender(work, WebhookReceiver(), LIVE_NUMBER, speed=100_000)


def providers_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    providers: list[dict[str, Any]] = message["data"]["track_info"]["tracking"]["providers"]
    return providers


def test_scans_already_sent_are_not_sent_again() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(1)
        sender.follow(LABEL_ONLY_NUMBER)
        sender.follow(LABEL_ONLY_NUMBER)
        await asyncio.sleep(0.4)

        assert len(receiver.bodies) == 1

    run_with_sender(work, WebhookReceiver(), LABEL_ONLY_NUMBER)


def test_stopped_number_is_not_sent_until_followed_again() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(1)
        state.register_numbers([RegisteredNumber(OUT_FOR_DELIVERY_NUMBER, state.clock.journey_time(), stopped=True)])
        sender.follow(OUT_FOR_DELIVERY_NUMBER)
        await asyncio.sleep(0.4)
        assert len(receiver.bodies) == 1

        state.registrations[OUT_FOR_DELIVERY_NUMBER].stopped = False
        sender.follow(OUT_FOR_DELIVERY_NUMBER)
        await receiver.wait_for(2)

    run_with_sender(work, WebhookReceiver(), LABEL_ONLY_NUMBER)


def test_number_registered_later_is_sent_too() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(1)
        state.register_numbers([RegisteredNumber(OUT_FOR_DELIVERY_NUMBER, state.clock.journey_time())])
        sender.follow(OUT_FOR_DELIVERY_NUMBER)
        await receiver.wait_for(2)

        assert receiver.messages[1]["data"]["number"] == OUT_FOR_DELIVERY_NUMBER

    run_with_sender(work, WebhookReceiver(), LABEL_ONLY_NUMBER)


def test_at_most_four_webhooks_are_sent_at_once() -> None:
    numbers = ["LX604182733CN", "LK381204755CN", "UG529017482YP", "RB539201470CN", LIVE_NUMBER]

    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        await receiver.wait_for(len(numbers))

        assert 2 <= receiver.max_concurrent <= 4

    run_with_sender(work, WebhookReceiver(seconds=0.2), *numbers, speed=1)


def test_unreachable_receiver_does_not_end_the_sender() -> None:
    async def work(receiver: WebhookReceiver, state: SimulatorState, sender: WebhookSender) -> None:
        unreachable = WebhookSender(state, "http://127.0.0.1:9/", KEY, retry_delays=(0.05,))
        task = asyncio.create_task(unreachable.run())
        await asyncio.sleep(0.3)

        assert not task.done()
        task.cancel()

    run_with_sender(work, WebhookReceiver(), LABEL_ONLY_NUMBER)


@pytest.mark.parametrize("body", [b"", b"{}", "已揽收".encode()])
def test_signature_is_a_plain_hash_not_an_hmac(body: bytes) -> None:
    assert sign_body(body, "key") == hashlib.sha256(body + b"/key").hexdigest()
