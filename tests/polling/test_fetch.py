"""Fetching from carriers over real HTTP: batches, rate limit, retries, circuit breaker."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from django.utils import timezone

from tests import factories
from tests.carrier_server import CarrierServer, run_carrier_server
from tracking.ingest.attempts import poll_legs
from tracking.ingest.process import process_payload
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.payloads import ReceivedVia
from tracking.polling import schedule
from tracking.polling.circuit_breaker import FAILURES_TO_OPEN
from tracking.tasks import fetch_carrier_legs, fetch_due_legs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
Items = list[dict[str, Any]]


def accept_all(endpoint: str, items: Items) -> web.Response:
    if endpoint == "register":
        return web.json_response({"code": 0, "data": {"accepted": items, "rejected": []}})
    return web.json_response(factories.build_answer_json(*(item["number"] for item in items)))


def respond_with(status: int, body: str = "no", **headers: str) -> Callable[[str, Items], web.Response]:
    return lambda endpoint, items: web.Response(status=status, text=body, headers=headers)


def due_legs(count: int, server: CarrierServer, **fields: Any) -> tuple[Carrier, list[int]]:
    feed = factories.create_feed(base_url=server.url, **{"calls_per_second": 500, **fields})
    now = timezone.now()
    legs = [factories.create_leg(f"LZ{number:09d}CN", from_feed=feed, next_check_at=now) for number in range(count)]
    return feed, [leg.pk for leg in legs]


def test_numbers_are_registered_then_fetched_in_batches_of_40() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(90, server)

        fetch_carrier_legs(feed.pk, ids)

    assert [(endpoint, len(items)) for endpoint, items, _ in server.calls] == [
        ("register", 40), ("register", 40), ("register", 10),
        ("gettrackinfo", 40), ("gettrackinfo", 40), ("gettrackinfo", 10),
    ]  # fmt: skip
    assert {token for *_, token in server.calls} == {factories.API_KEY}
    assert Event.objects.count() == 90
    assert Payload.objects.filter(received_via=ReceivedVia.POLL).count() == 3


def test_a_registered_number_is_not_registered_again() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(1, server)
        fetch_carrier_legs(feed.pk, ids)
        fetch_carrier_legs(feed.pk, ids)

    assert [endpoint for endpoint, *_ in server.calls] == ["register", "gettrackinfo", "gettrackinfo"]


def test_raw_answer_is_stored_even_if_it_cannot_be_parsed() -> None:
    with run_carrier_server(lambda endpoint, items: web.Response(text="<html>maintenance</html>")) as server:
        due_legs(1, server)
        for feed_id, ids in schedule.claim_due_legs(timezone.now()).items():
            fetch_carrier_legs(feed_id, ids)

    assert bytes(Payload.objects.filter(received_via=ReceivedVia.POLL).get().body) == b"<html>maintenance</html>"
    leg = Leg.objects.get()
    assert leg.next_check_at is not None
    assert leg.next_check_at > timezone.now()


def test_answer_without_a_number_belongs_to_the_number_that_was_fetched() -> None:
    feed = factories.create_feed("17track")
    fetched_leg, other_leg = factories.create_leg("AAA000000001"), factories.create_leg("BBB000000002")
    answer = b'{"code": 0, "data": {"rejected": [{"number": null, "error": {"code": -18019909, "message": "none"}}]}}'
    payload, _ = Payload.objects.store(feed, answer, ReceivedVia.POLL, timezone.now(), [fetched_leg.number])
    other_payload, _ = Payload.objects.store(feed, answer, ReceivedVia.POLL, timezone.now(), [other_leg.number])

    process_payload(payload)

    fetched_leg.refresh_from_db()
    other_leg.refresh_from_db()
    assert payload.pk != other_payload.pk
    assert fetched_leg.next_check_at is not None
    assert other_leg.next_check_at is None


def test_429_pauses_the_carrier_for_as_long_as_it_asks() -> None:
    with run_carrier_server(respond_with(429, **{"Retry-After": "120"})) as server:
        feed, ids = due_legs(3, server)

        poll_legs(feed, ids)

    feed.refresh_from_db()
    assert feed.circuit_open_until is not None
    assert timedelta(seconds=110) < feed.circuit_open_until - timezone.now() <= timedelta(seconds=120)
    assert feed.consecutive_failures == 0
    assert set(Leg.objects.values_list("next_check_at", flat=True)) == {feed.circuit_open_until}


def test_failures_in_a_row_open_the_circuit_and_one_success_closes_it() -> None:
    with run_carrier_server(respond_with(503)) as server:
        feed, ids = due_legs(1, server)
        for _ in range(FAILURES_TO_OPEN):
            feed.refresh_from_db()
            assert feed.circuit_open_until is None
            poll_legs(feed, ids)
        feed.refresh_from_db()
        assert feed.circuit_open_until is not None
        assert "503" in feed.last_error
        server.responder = accept_all
        poll_legs(feed, ids)

    feed.refresh_from_db()
    assert not feed.circuit_open_until
    assert feed.consecutive_failures == 0


def test_a_carrier_with_an_open_circuit_is_not_claimed() -> None:
    with run_carrier_server(accept_all) as server:
        due_legs(2, server, circuit_open_until=timezone.now() + timedelta(minutes=5))

    assert schedule.claim_due_legs(timezone.now()) == {}


def test_wrong_credentials_open_the_circuit_at_once() -> None:
    with run_carrier_server(respond_with(401, "bad token")) as server:
        feed, ids = due_legs(1, server)
        poll_legs(feed, ids)

    feed.refresh_from_db()
    assert feed.circuit_open_until is not None
    assert "bad token" in feed.last_error


def test_connection_error_is_recorded_and_the_leg_rescheduled() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(1, server)

    poll_legs(feed, ids)

    leg = Leg.objects.get()
    assert "no connection" in leg.last_error
    assert leg.next_check_at is not None
    assert leg.next_check_at > timezone.now()


def test_claimed_leg_is_not_claimed_again_until_the_claim_expires() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(5, server)
    now = timezone.now()

    assert schedule.claim_due_legs(now) == {feed.pk: ids}
    assert schedule.claim_due_legs(now) == {}
    assert schedule.claim_due_legs(now + schedule.CLAIM_DURATION) == {feed.pk: ids}


def test_rate_limit_is_shared_by_all_workers() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(160, server, calls_per_second=20)
        Leg.objects.update(registered_at=factories.RECEIVED_AT)
        started = time.monotonic()
        poll_legs(feed, ids[:80])
        poll_legs(feed, ids[80:])
        seconds = time.monotonic() - started

    assert len(server.calls) == 4
    assert seconds >= 3 / 20


def test_rate_limited_legs_are_postponed_without_an_error() -> None:
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(2, server, calls_per_second=0.001)
        Leg.objects.update(registered_at=factories.RECEIVED_AT)
        poll_legs(feed, ids[:1])
        poll_legs(feed, ids[1:])

    assert len(server.calls) == 1
    postponed = Leg.objects.get(pk=ids[1])
    assert postponed.last_error == ""
    assert postponed.next_check_at is not None
    assert postponed.next_check_at > timezone.now() + timedelta(minutes=10)


def test_one_message_carries_200_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, list[int]]] = []
    monkeypatch.setattr(fetch_carrier_legs, "apply_async", lambda args, **options: sent.append(args))
    with run_carrier_server(accept_all) as server:
        feed, ids = due_legs(401, server)

    assert fetch_due_legs() == 401
    assert [(carrier, len(group)) for carrier, group in sent] == [(feed.pk, 200), (feed.pk, 200), (feed.pk, 1)]
    assert sorted(leg for _, group in sent for leg in group) == ids
