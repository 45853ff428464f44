"""Every adapter over real HTTP: it asks as its carrier's documents want it, and each answer means what it should."""

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
from tracking.carriers.json_access import UnreadableAnswerError
from tracking.carriers.parsed import ParsedAnswer
from tracking.carriers.registry import ADAPTERS

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)
every_adapter = pytest.mark.parametrize("slug", sorted(ADAPTERS))


def fake_carrier(slug: str, answer: Answer | None = None) -> FakeCarrier:
    """Return a carrier's counter, by default one that gives the adapter's own sample to every question."""
    return FakeCarrier(
        answer or respond_with(read_sample(slug)), TOKEN_REQUESTS[slug].path if slug in TOKEN_REQUESTS else ""
    )


def numbers_for(slug: str, count: int) -> list[str]:
    """Return numbers with signs that an address must not hold as they are."""
    return REQUIRED_NUMBERS.get(slug) or [f"A/B {index}" for index in range(1, count + 1)]


def fetch_call(slug: str, numbers: list[str] | None = None) -> ClientCall:
    """Return a visit that asks for numbers."""
    return lambda line: ADAPTERS[slug].fetch(line, numbers or numbers_for(slug, 1))


def run_adapter(slug: str, carrier: FakeCarrier, client_call: ClientCall) -> Any:
    """Let an adapter visit a counter with a full set of credentials."""
    return carrier.run(fake_credentials_of(ADAPTERS[slug]), client_call)


def actual_and_expected(
    carrier: FakeCarrier, expected_call: ExpectedCall, numbers: list[str]
) -> tuple[list[CarrierRequest], list[CarrierRequest]]:
    """Return what was asked, as far as it matters, and what should have been."""
    wanted = expected_call(numbers)
    return [asked.with_headers_of(wanted) for asked in carrier.requests], [wanted]


def call_for_action(slug: str, action: str) -> ClientCall:
    """Return a visit that fetches or probes."""
    return fetch_call(slug) if action == "fetch" else ADAPTERS[slug].probe


def parse_or_empty(slug: str, body: bytes) -> ParsedAnswer:
    """Return what an answer says; one without news may also be a refusal."""
    try:
        return ADAPTERS[slug].parse(body, received_at=RECEIVED_AT)
    except UnreadableAnswerError:
        return ParsedAnswer()


@pytest.mark.parametrize("table", [FETCHES, PROBES], ids=["calls", "probes"])
def test_every_adapter_has_a_row(table: dict[str, object]) -> None:
    assert sorted(table) == sorted(ADAPTERS)


@every_adapter
def test_one_odd_number_arrives_where_the_carrier_wants_it(slug: str) -> None:
    there = fake_carrier(slug)

    run_adapter(slug, there, fetch_call(slug))

    asked, wanted = actual_and_expected(there, FETCHES[slug], numbers_for(slug, 1))
    assert asked == wanted


@every_adapter
def test_a_full_batch_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].batch_size)
    there = fake_carrier(slug)

    run_adapter(slug, there, fetch_call(slug, numbers))

    asked, wanted = actual_and_expected(there, FETCHES[slug], numbers)
    assert asked == wanted


@every_adapter
def test_the_raw_answer_comes_back_untouched_and_is_read(slug: str) -> None:
    body = run_adapter(slug, fake_carrier(slug), fetch_call(slug))

    assert body == read_sample(slug)
    assert ADAPTERS[slug].parse(body, received_at=RECEIVED_AT).shipments


@pytest.mark.parametrize(
    "slug", sorted({slug for slug in ADAPTERS if ADAPTERS[slug].requires_registration} - LOOKUP_BEFORE_REGISTRATION)
)
def test_a_full_batch_of_registrations_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].register_batch_size)
    there = fake_carrier(slug)

    run_adapter(slug, there, lambda line: ADAPTERS[slug].register(line, numbers))

    asked, wanted = actual_and_expected(there, REGISTRATIONS[slug], numbers)
    assert asked == wanted


@pytest.mark.parametrize(
    "slug", sorted(slug for slug, adapter in ADAPTERS.items() if not adapter.requires_registration)
)
def test_an_adapter_without_registration_sends_no_request(slug: str) -> None:
    there = fake_carrier(slug)

    with pytest.raises(RequestRejectedError, match="takes no registrations"):
        run_adapter(slug, there, lambda line: ADAPTERS[slug].register(line, numbers_for(slug, 1)))

    assert there.requests == there.token_requests == []


@every_adapter
def test_a_good_connection_is_reported_in_one_line(slug: str) -> None:
    there = fake_carrier(slug, respond_with(PROBES[slug].answer or read_sample(slug)))

    assert run_adapter(slug, there, ADAPTERS[slug].probe) == PROBES[slug].message

    assert [asked.path for asked in there.requests] == [PROBES[slug].path]


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
def test_wrong_credentials_are_refused(slug: str, act: str) -> None:
    with pytest.raises(RequestRejectedError, match="401: who are you"):
        run_adapter(slug, fake_carrier(slug, respond_with("who are you", 401)), call_for_action(slug, act))


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
@pytest.mark.parametrize("answer", [respond_with("sorry", 500), abort_connection], ids=["broken", "hangs up"])
def test_a_carrier_that_cannot_answer_is_an_error_and_no_rejection(slug: str, act: str, answer: Answer) -> None:
    with pytest.raises(CarrierError) as trouble:
        run_adapter(slug, fake_carrier(slug, answer), call_for_action(slug, act))

    assert not isinstance(trouble.value, RequestRejectedError | RateLimitedError)


@every_adapter
def test_a_rate_limited_carrier_says_for_how_long(slug: str) -> None:
    with pytest.raises(RateLimitedError) as trouble:
        run_adapter(slug, fake_carrier(slug, respond_with("slow down", 429, **{"Retry-After": "7"})), fetch_call(slug))

    assert trouble.value.retry_after_seconds == 7


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
def test_where_404_says_nothing_of_numbers_it_is_a_wrong_address(slug: str) -> None:
    with pytest.raises(RequestRejectedError, match="404"):
        run_adapter(slug, fake_carrier(slug, respond_with("no such page", 404)), fetch_call(slug))


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
def test_no_error_and_no_log_holds_a_credential(slug: str, act: str, caplog: pytest.LogCaptureFixture) -> None:
    there = fake_carrier(slug, echo_request)
    with caplog.at_level(logging.DEBUG), pytest.raises(CarrierError) as trouble:
        run_adapter(slug, there, call_for_action(slug, act))

    told = "".join(traceback.format_exception(trouble.value)) + caplog.text
    assert "403: /" in told
    assert "hush" not in told
    assert not any(
        pair in told for asked in there.requests for pair in asked.headers.get("Authorization", "").split()[1:]
    )


@pytest.mark.parametrize("slug", sorted(TOKEN_REQUESTS))
def test_no_error_of_the_token_endpoint_holds_a_credential(slug: str, caplog: pytest.LogCaptureFixture) -> None:
    there = FakeCarrier(respond_with("{}"), TOKEN_REQUESTS[slug].path, echo_request)
    with caplog.at_level(logging.DEBUG), pytest.raises(RequestRejectedError) as trouble:
        run_adapter(slug, there, fetch_call(slug))

    assert "hush" not in "".join(traceback.format_exception(trouble.value)) + caplog.text


@pytest.mark.parametrize("slug", sorted(TOKEN_REQUESTS))
def test_two_calls_share_one_token(slug: str) -> None:
    there = fake_carrier(slug)

    run_adapter(slug, there, lambda line: asyncio.gather(fetch_call(slug)(line), fetch_call(slug)(line)))

    assert [asked.with_headers_of(TOKEN_REQUESTS[slug]) for asked in there.token_requests] == [TOKEN_REQUESTS[slug]]
    assert {asked.headers["Authorization"] for asked in there.requests} == {"Bearer token-1-hush"}


def test_4px_requests_are_signed_over_parameters_body_and_secret() -> None:
    there = fake_carrier("4px")

    run_adapter("4px", there, fetch_call("4px"))

    query = there.requests[0].query
    signed = "".join(name + query[name] for name in ("app_key", "format", "method", "timestamp", "v"))
    signed += '{"deliveryOrderNo":"A/B 1"}' + "secret-hush/&+%"
    assert query["sign"] == hashlib.md5(signed.encode()).hexdigest()


def test_sf_requests_carry_a_digest_over_message_time_and_checkword() -> None:
    there = fake_carrier("sf")

    run_adapter("sf", there, fetch_call("sf"))

    form = there.requests[0].form
    signed = quote_plus(form["msgData"] + form["timestamp"] + "checkword-hush/&+%")
    assert base64.b64decode(form["msgDigest"]) == hashlib.md5(signed.encode()).digest()
    assert json.loads(form["msgData"])["trackingNumber"] == ["A/B 1"]
    assert json.loads(form["msgData"])["checkPhoneNo"] == "phone-hush/&+%"


def test_china_post_requests_are_encrypted_with_its_key() -> None:
    there = fake_carrier("chinapost")

    run_adapter("chinapost", there, fetch_call("chinapost"))

    mark, sealed = there.requests[0].form["logitcsInterface"][:4], there.requests[0].form["logitcsInterface"][4:]
    opened = Cipher(algorithms.SM4(b"sixteen bytes..."), modes.ECB()).decryptor().update(base64.b64decode(sealed))
    key = base64.b64encode(b"sixteen bytes...").decode()
    assert mark == "|$4|"
    assert opened.startswith(f'{{"waybillNo":"A/B 1"}}{key}'.encode())
