"""Every adapter over real HTTP: requests are as the carrier documents them, and every kind of answer is handled."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.carriers.expected_requests import (
    FETCHES,
    LOOKUP_BEFORE_REGISTRATION,
    PROBES,
    REGISTRATIONS,
    REQUIRED_NUMBERS,
    TOKEN_REQUESTS,
    UNKNOWN_NUMBER_ANSWERS,
    ExpectedCall,
)
from tests.carriers.fake_carrier import (
    Answer,
    CarrierRequest,
    FakeCarrier,
    abort_connection,
    echo_request,
    fake_credentials_of,
    read_sample,
    respond_with,
)
from tests.carriers.stub_carrier import ClientCall
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.parsed import ParsedAnswer
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)
every_adapter = pytest.mark.parametrize("slug", sorted(ADAPTERS))


def fake_carrier(slug: str, answer: Answer | None = None) -> FakeCarrier:
    """Return a fake carrier; by default it answers every request with the adapter's sample."""
    return FakeCarrier(
        answer or respond_with(read_sample(slug)), TOKEN_REQUESTS[slug].path if slug in TOKEN_REQUESTS else ""
    )


def numbers_for(slug: str, count: int) -> list[str]:
    """Return numbers with characters that a URL has to encode."""
    return REQUIRED_NUMBERS.get(slug) or [f"A/B {index}" for index in range(1, count + 1)]


def fetch_call(slug: str, numbers: list[str] | None = None) -> ClientCall:
    """Return a call that fetches numbers."""
    return lambda client: ADAPTERS[slug].fetch(client, numbers or numbers_for(slug, 1))


def run_adapter(slug: str, carrier: FakeCarrier, client_call: ClientCall) -> Any:
    """Run a call of an adapter with a full set of credentials."""
    return carrier.run(fake_credentials_of(ADAPTERS[slug]), client_call)


def actual_and_expected(
    carrier: FakeCarrier, expected_call: ExpectedCall, numbers: list[str]
) -> tuple[list[CarrierRequest], list[CarrierRequest]]:
    """Return the received requests, with the relevant headers only, and the expected ones."""
    expected = expected_call(numbers)
    return [request.with_headers_of(expected) for request in carrier.requests], [expected]


def call_for_action(slug: str, action: str) -> ClientCall:
    """Return a call that fetches or tests the connection."""
    return fetch_call(slug) if action == "fetch" else ADAPTERS[slug].probe


def parse_or_empty(slug: str, body: bytes) -> ParsedAnswer:
    """Parse an answer; a rejection counts as an empty one."""
    try:
        return ADAPTERS[slug].parse(body, received_at=RECEIVED_AT)
    except UnreadableAnswerError:
        return ParsedAnswer()


@pytest.mark.parametrize("table", [FETCHES, PROBES], ids=["calls", "probes"])
def test_every_adapter_has_a_row(table: dict[str, object]) -> None:
    assert sorted(table) == sorted(ADAPTERS)


@every_adapter
def test_a_number_with_special_characters_is_sent_as_documented(slug: str) -> None:
    carrier = fake_carrier(slug)

    run_adapter(slug, carrier, fetch_call(slug))

    actual, expected = actual_and_expected(carrier, FETCHES[slug], numbers_for(slug, 1))
    assert actual == expected


@every_adapter
def test_a_full_batch_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].batch_size)
    carrier = fake_carrier(slug)

    run_adapter(slug, carrier, fetch_call(slug, numbers))

    actual, expected = actual_and_expected(carrier, FETCHES[slug], numbers)
    assert actual == expected


@every_adapter
def test_the_raw_answer_is_returned_unchanged_and_can_be_parsed(slug: str) -> None:
    body = run_adapter(slug, fake_carrier(slug), fetch_call(slug))

    assert body == read_sample(slug)
    assert ADAPTERS[slug].parse(body, received_at=RECEIVED_AT).shipments


@pytest.mark.parametrize(
    "slug", sorted({slug for slug in ADAPTERS if ADAPTERS[slug].requires_registration} - LOOKUP_BEFORE_REGISTRATION)
)
def test_a_full_batch_of_registrations_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].register_batch_size)
    carrier = fake_carrier(slug)

    run_adapter(slug, carrier, lambda client: ADAPTERS[slug].register(client, numbers))

    actual, expected = actual_and_expected(carrier, REGISTRATIONS[slug], numbers)
    assert actual == expected


@pytest.mark.parametrize(
    "slug", sorted(slug for slug, adapter in ADAPTERS.items() if not adapter.requires_registration)
)
def test_an_adapter_without_registration_sends_no_request(slug: str) -> None:
    carrier = fake_carrier(slug)

    with pytest.raises(RequestRejectedError, match="takes no registrations"):
        run_adapter(slug, carrier, lambda client: ADAPTERS[slug].register(client, numbers_for(slug, 1)))

    assert carrier.requests == carrier.token_requests == []


@every_adapter
def test_a_good_connection_is_reported_in_one_line(slug: str) -> None:
    carrier = fake_carrier(slug, respond_with(PROBES[slug].answer or read_sample(slug)))

    assert run_adapter(slug, carrier, ADAPTERS[slug].probe) == PROBES[slug].message

    assert [request.path for request in carrier.requests] == [PROBES[slug].path]


@every_adapter
@pytest.mark.parametrize("action", ["fetch", "probe"])
def test_wrong_credentials_are_refused(slug: str, action: str) -> None:
    with pytest.raises(RequestRejectedError, match="401: who are you"):
        run_adapter(slug, fake_carrier(slug, respond_with("who are you", 401)), call_for_action(slug, action))


@every_adapter
@pytest.mark.parametrize("action", ["fetch", "probe"])
@pytest.mark.parametrize("answer", [respond_with("sorry", 500), abort_connection], ids=["status 500", "dropped"])
def test_a_failing_carrier_is_an_error_and_no_rejection(slug: str, action: str, answer: Answer) -> None:
    with pytest.raises(CarrierError) as error:
        run_adapter(slug, fake_carrier(slug, answer), call_for_action(slug, action))

    assert not isinstance(error.value, RequestRejectedError | RateLimitedError)


@every_adapter
def test_a_rate_limit_carries_its_retry_after(slug: str) -> None:
    with pytest.raises(RateLimitedError) as error:
        run_adapter(slug, fake_carrier(slug, respond_with("slow down", 429, **{"Retry-After": "7"})), fetch_call(slug))

    assert error.value.retry_after_seconds == 7


@pytest.mark.parametrize("slug", sorted(UNKNOWN_NUMBER_ANSWERS))
def test_an_unknown_number_is_an_answer_and_no_error(slug: str) -> None:
    body = run_adapter(slug, fake_carrier(slug, respond_with(UNKNOWN_NUMBER_ANSWERS[slug], 404)), fetch_call(slug))

    assert body == UNKNOWN_NUMBER_ANSWERS[slug]
    assert parse_or_empty(slug, body).shipments == ()


@pytest.mark.parametrize("slug", ["laposte", "ups", "usps"])
def test_a_number_rejected_with_400_does_not_stop_the_feed(slug: str) -> None:
    assert (
        run_adapter(slug, fake_carrier(slug, respond_with(UNKNOWN_NUMBER_ANSWERS[slug], 400)), fetch_call(slug))
        == UNKNOWN_NUMBER_ANSWERS[slug]
    )


@pytest.mark.parametrize("slug", sorted(ADAPTERS.keys() - UNKNOWN_NUMBER_ANSWERS.keys()))
def test_404_is_a_rejection_where_it_does_not_mean_an_unknown_number(slug: str) -> None:
    with pytest.raises(RequestRejectedError, match="404"):
        run_adapter(slug, fake_carrier(slug, respond_with("no such page", 404)), fetch_call(slug))


@every_adapter
@pytest.mark.parametrize("action", ["fetch", "probe"])
def test_no_error_and_no_log_holds_a_credential(slug: str, action: str, caplog: pytest.LogCaptureFixture) -> None:
    carrier = fake_carrier(slug, echo_request)
    with caplog.at_level(logging.DEBUG), pytest.raises(CarrierError) as error:
        run_adapter(slug, carrier, call_for_action(slug, action))

    output = "".join(traceback.format_exception(error.value)) + caplog.text
    assert "403: /" in output
    assert "hush" not in output
    assert not any(
        pair in output for request in carrier.requests for pair in request.headers.get("Authorization", "").split()[1:]
    )


@pytest.mark.parametrize("slug", sorted(TOKEN_REQUESTS))
def test_no_error_of_the_token_endpoint_holds_a_credential(slug: str, caplog: pytest.LogCaptureFixture) -> None:
    carrier = FakeCarrier(respond_with("{}"), TOKEN_REQUESTS[slug].path, echo_request)
    with caplog.at_level(logging.DEBUG), pytest.raises(RequestRejectedError) as error:
        run_adapter(slug, carrier, fetch_call(slug))

    assert "hush" not in "".join(traceback.format_exception(error.value)) + caplog.text


@pytest.mark.parametrize("slug", sorted(TOKEN_REQUESTS))
def test_two_calls_share_one_token(slug: str) -> None:
    carrier = fake_carrier(slug)

    run_adapter(slug, carrier, lambda client: asyncio.gather(fetch_call(slug)(client), fetch_call(slug)(client)))

    assert [request.with_headers_of(TOKEN_REQUESTS[slug]) for request in carrier.token_requests] == [
        TOKEN_REQUESTS[slug]
    ]
    assert {request.headers["Authorization"] for request in carrier.requests} == {"Bearer token-1-hush"}


def test_4px_requests_are_signed_over_parameters_body_and_secret() -> None:
    carrier = fake_carrier("4px")

    run_adapter("4px", carrier, fetch_call("4px"))

    query = carrier.requests[0].query
    signed = "".join(name + query[name] for name in ("app_key", "format", "method", "timestamp", "v"))
    signed += '{"deliveryOrderNo":"A/B 1"}' + "secret-hush/&+%"
    assert query["sign"] == hashlib.md5(signed.encode()).hexdigest()


def test_sf_requests_carry_a_digest_over_message_time_and_checkword() -> None:
    carrier = fake_carrier("sf")

    run_adapter("sf", carrier, fetch_call("sf"))

    form = carrier.requests[0].form
    signed = quote_plus(form["msgData"] + form["timestamp"] + "checkword-hush/&+%")
    assert base64.b64decode(form["msgDigest"]) == hashlib.md5(signed.encode()).digest()
    assert json.loads(form["msgData"])["trackingNumber"] == ["A/B 1"]
    assert json.loads(form["msgData"])["checkPhoneNo"] == "phone-hush/&+%"


def test_china_post_requests_are_encrypted_with_its_key() -> None:
    carrier = fake_carrier("chinapost")

    run_adapter("chinapost", carrier, fetch_call("chinapost"))

    message = carrier.requests[0].form["logitcsInterface"]
    prefix, encrypted = message[:4], message[4:]
    decrypted = Cipher(algorithms.SM4(b"sixteen bytes..."), modes.ECB()).decryptor().update(base64.b64decode(encrypted))
    key = base64.b64encode(b"sixteen bytes...").decode()
    assert prefix == "|$4|"
    assert decrypted.startswith(f'{{"waybillNo":"A/B 1"}}{key}'.encode())
