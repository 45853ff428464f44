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

from tests.carriers.calls import (
    ASK_BEFORE_THEY_REGISTER,
    CALLS,
    NOT_KNOWN,
    NUMBERS,
    PROBES,
    REGISTRATIONS,
    TOKENS,
    Call,
)
from tests.carriers.counter import Answer, Asked, Counter, hanging_up, repeating, sample_of, saying, secrets_of
from tests.carriers.desk import Visit
from tracking.carriers.adapter import CarrierTrouble, Refused, Throttled
from tracking.carriers.json_access import UnreadableAnswer
from tracking.carriers.parsed import Reading
from tracking.carriers.registry import ADAPTERS

HEARD = datetime(2026, 12, 1, tzinfo=UTC)
every_adapter = pytest.mark.parametrize("slug", sorted(ADAPTERS))


def counter(slug: str, answer: Answer | None = None) -> Counter:
    """Return a carrier's counter, by default one that gives the adapter's own sample to every question."""
    return Counter(answer or saying(sample_of(slug)), TOKENS[slug].path if slug in TOKENS else "")


def numbers_for(slug: str, count: int) -> list[str]:
    """Return numbers with signs that an address must not hold as they are."""
    return NUMBERS.get(slug) or [f"A/B {index}" for index in range(1, count + 1)]


def fetching(slug: str, numbers: list[str] | None = None) -> Visit:
    """Return a visit that asks for numbers."""
    return lambda line: ADAPTERS[slug].fetch(line, numbers or numbers_for(slug, 1))


def visited(slug: str, there: Counter, visit: Visit) -> Any:
    """Let an adapter visit a counter with a full set of credentials."""
    return there.visited(secrets_of(ADAPTERS[slug]), visit)


def heard_by(there: Counter, call: Call, numbers: list[str]) -> tuple[list[Asked], list[Asked]]:
    """Return what was asked, as far as it matters, and what should have been."""
    wanted = call(numbers)
    return [asked.about(wanted) for asked in there.asked], [wanted]


def act_of(slug: str, act: str) -> Visit:
    """Return a visit that fetches or probes."""
    return fetching(slug) if act == "fetch" else ADAPTERS[slug].probe


def read(slug: str, body: bytes) -> Reading:
    """Return what an answer says; one without news may also be a refusal."""
    try:
        return ADAPTERS[slug].parse(body, heard_at=HEARD)
    except UnreadableAnswer:
        return Reading()


@pytest.mark.parametrize("table", [CALLS, PROBES], ids=["calls", "probes"])
def test_every_adapter_has_a_row(table: dict[str, object]) -> None:
    assert sorted(table) == sorted(ADAPTERS)


@every_adapter
def test_one_odd_number_arrives_where_the_carrier_wants_it(slug: str) -> None:
    there = counter(slug)

    visited(slug, there, fetching(slug))

    asked, wanted = heard_by(there, CALLS[slug], numbers_for(slug, 1))
    assert asked == wanted


@every_adapter
def test_a_full_batch_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].batch_size)
    there = counter(slug)

    visited(slug, there, fetching(slug, numbers))

    asked, wanted = heard_by(there, CALLS[slug], numbers)
    assert asked == wanted


@every_adapter
def test_the_raw_answer_comes_back_untouched_and_is_read(slug: str) -> None:
    body = visited(slug, counter(slug), fetching(slug))

    assert body == sample_of(slug)
    assert ADAPTERS[slug].parse(body, heard_at=HEARD).parcels


@pytest.mark.parametrize(
    "slug", sorted({slug for slug in ADAPTERS if ADAPTERS[slug].registers} - ASK_BEFORE_THEY_REGISTER)
)
def test_a_full_batch_of_registrations_is_one_call(slug: str) -> None:
    numbers = numbers_for(slug, ADAPTERS[slug].register_batch_size)
    there = counter(slug)

    visited(slug, there, lambda line: ADAPTERS[slug].register(line, numbers))

    asked, wanted = heard_by(there, REGISTRATIONS[slug], numbers)
    assert asked == wanted


@pytest.mark.parametrize("slug", sorted(slug for slug, adapter in ADAPTERS.items() if not adapter.registers))
def test_where_nothing_is_registered_nobody_is_asked(slug: str) -> None:
    there = counter(slug)

    with pytest.raises(Refused, match="takes no registrations"):
        visited(slug, there, lambda line: ADAPTERS[slug].register(line, numbers_for(slug, 1)))

    assert there.asked == there.tokens == []


@every_adapter
def test_a_good_connection_is_told_in_a_few_words(slug: str) -> None:
    there = counter(slug, saying(PROBES[slug].answer or sample_of(slug)))

    assert visited(slug, there, ADAPTERS[slug].probe) == PROBES[slug].says

    assert [asked.path for asked in there.asked] == [PROBES[slug].path]


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
def test_wrong_credentials_are_refused(slug: str, act: str) -> None:
    with pytest.raises(Refused, match="401: who are you"):
        visited(slug, counter(slug, saying("who are you", 401)), act_of(slug, act))


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
@pytest.mark.parametrize("answer", [saying("sorry", 500), hanging_up], ids=["broken", "hangs up"])
def test_a_carrier_that_cannot_answer_is_a_trouble_and_no_refusal(slug: str, act: str, answer: Answer) -> None:
    with pytest.raises(CarrierTrouble) as trouble:
        visited(slug, counter(slug, answer), act_of(slug, act))

    assert not isinstance(trouble.value, Refused | Throttled)


@every_adapter
def test_a_carrier_that_is_asked_too_often_says_for_how_long(slug: str) -> None:
    with pytest.raises(Throttled) as trouble:
        visited(slug, counter(slug, saying("slow down", 429, **{"Retry-After": "7"})), fetching(slug))

    assert trouble.value.seconds == 7


@pytest.mark.parametrize("slug", sorted(NOT_KNOWN))
def test_a_number_that_is_not_known_is_an_answer_and_no_trouble(slug: str) -> None:
    body = visited(slug, counter(slug, saying(NOT_KNOWN[slug], 404)), fetching(slug))

    assert body == NOT_KNOWN[slug]
    assert read(slug, body).parcels == ()


@pytest.mark.parametrize("slug", ["laposte", "ups", "usps"])
def test_a_number_that_is_refused_with_400_does_not_close_the_line(slug: str) -> None:
    assert visited(slug, counter(slug, saying(NOT_KNOWN[slug], 400)), fetching(slug)) == NOT_KNOWN[slug]


@pytest.mark.parametrize("slug", sorted(ADAPTERS.keys() - NOT_KNOWN.keys()))
def test_where_404_says_nothing_of_numbers_it_is_a_wrong_address(slug: str) -> None:
    with pytest.raises(Refused, match="404"):
        visited(slug, counter(slug, saying("no such page", 404)), fetching(slug))


@every_adapter
@pytest.mark.parametrize("act", ["fetch", "probe"])
def test_no_trouble_and_no_log_holds_a_credential(slug: str, act: str, caplog: pytest.LogCaptureFixture) -> None:
    there = counter(slug, repeating)
    with caplog.at_level(logging.DEBUG), pytest.raises(CarrierTrouble) as trouble:
        visited(slug, there, act_of(slug, act))

    told = "".join(traceback.format_exception(trouble.value)) + caplog.text
    assert "403: /" in told
    assert "hush" not in told
    assert not any(pair in told for asked in there.asked for pair in asked.headers.get("Authorization", "").split()[1:])


@pytest.mark.parametrize("slug", sorted(TOKENS))
def test_no_trouble_at_the_token_desk_holds_a_credential(slug: str, caplog: pytest.LogCaptureFixture) -> None:
    there = Counter(saying("{}"), TOKENS[slug].path, repeating)
    with caplog.at_level(logging.DEBUG), pytest.raises(Refused) as trouble:
        visited(slug, there, fetching(slug))

    assert "hush" not in "".join(traceback.format_exception(trouble.value)) + caplog.text


@pytest.mark.parametrize("slug", sorted(TOKENS))
def test_two_calls_share_one_token(slug: str) -> None:
    there = counter(slug)

    visited(slug, there, lambda line: asyncio.gather(fetching(slug)(line), fetching(slug)(line)))

    assert [asked.about(TOKENS[slug]) for asked in there.tokens] == [TOKENS[slug]]
    assert {asked.headers["Authorization"] for asked in there.asked} == {"Bearer token-1-hush"}


def test_4px_is_asked_with_a_signature_over_parameters_body_and_secret() -> None:
    there = counter("4px")

    visited("4px", there, fetching("4px"))

    query = there.asked[0].query
    signed = "".join(name + query[name] for name in ("app_key", "format", "method", "timestamp", "v"))
    signed += '{"deliveryOrderNo":"A/B 1"}' + "secret-hush/&+%"
    assert query["sign"] == hashlib.md5(signed.encode()).hexdigest()


def test_sf_is_asked_with_a_digest_over_message_time_and_checkword() -> None:
    there = counter("sf")

    visited("sf", there, fetching("sf"))

    form = there.asked[0].form
    signed = quote_plus(form["msgData"] + form["timestamp"] + "checkword-hush/&+%")
    assert base64.b64decode(form["msgDigest"]) == hashlib.md5(signed.encode()).digest()
    assert json.loads(form["msgData"])["trackingNumber"] == ["A/B 1"]
    assert json.loads(form["msgData"])["checkPhoneNo"] == "phone-hush/&+%"


def test_china_post_is_asked_with_the_question_under_its_key() -> None:
    there = counter("chinapost")

    visited("chinapost", there, fetching("chinapost"))

    mark, sealed = there.asked[0].form["logitcsInterface"][:4], there.asked[0].form["logitcsInterface"][4:]
    opened = Cipher(algorithms.SM4(b"sixteen bytes..."), modes.ECB()).decryptor().update(base64.b64decode(sealed))
    key = base64.b64encode(b"sixteen bytes...").decode()
    assert mark == "|$4|"
    assert opened.startswith(f'{{"waybillNo":"A/B 1"}}{key}'.encode())
