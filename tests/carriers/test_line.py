"""The line itself: answers arrive whole, nothing follows a redirect, and no trouble tells a secret."""

from __future__ import annotations

import asyncio
import traceback
from base64 import b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from tests.carriers.counter import Answer, Counter, saying
from tracking.carriers import adapter
from tracking.carriers.adapter import CarrierTrouble, Line, Refused, Throttled, Unauthorized

SECRETS = {"key": 'a/key "with" 100%41 <signs>', "phone": "1234"}


def asking(line: Line) -> Awaitable[bytes]:
    """Send one plain question."""
    return line.send("GET", "/parcels", headers={"X-Key": "key"})


def trouble_with(answer: Answer, credentials: dict[str, str] = SECRETS) -> CarrierTrouble:
    """Return the trouble that an answer makes."""
    with pytest.raises(CarrierTrouble) as trouble:
        Counter(answer).visited(credentials, asking)
    return trouble.value


def in_pieces(*pieces: bytes, cut: bool = False) -> Answer:
    """Return an answer that comes piece by piece, and is cut off before its end if told so."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.02)
        if cut:
            assert request.transport
            request.transport.abort()
        return response

    return answer


def speaking_no_http(words: bytes) -> Answer:
    """Return an answer that is none."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.write(words)
        request.transport.close()
        return web.Response()

    return answer


def test_an_answer_in_many_pieces_arrives_whole() -> None:
    pieces = (b'{"parcels": [', b"1, 2, ", b"3" * 300_000, b"]}")

    assert Counter(in_pieces(*pieces)).visited({}, asking) == b"".join(pieces)


def test_an_answer_cut_off_is_a_trouble_and_no_answer() -> None:
    assert "no connection" in str(trouble_with(in_pieces(b'{"parcels": [', cut=True)))


def test_an_answer_that_never_ends_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "MAX_ANSWER_BYTES", 2**20)

    assert "larger than 1 MiB" in str(trouble_with(in_pieces(*[b"x" * 2**18] * 8)))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_follow_no_redirect(status: int) -> None:
    elsewhere = Counter(saying("", status, Location="/elsewhere?key=1"))

    with pytest.raises(CarrierTrouble, match=f"^{status}: "):
        elsewhere.visited(SECRETS, asking)

    assert [asked.path for asked in elsewhere.asked] == ["/parcels"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Refused),
        (404, Refused),
        (429, Throttled),
        (500, CarrierTrouble),
        (503, CarrierTrouble),
    ],
)
def test_each_status_is_its_own_kind_of_trouble(status: int, kind: type[CarrierTrouble]) -> None:
    assert type(trouble_with(saying("no", status))) is kind


def test_a_status_that_the_adapter_takes_for_good_is_an_answer() -> None:
    body = Counter(saying("unknown", 404)).visited({}, lambda line: line.send("GET", "/parcels", good=(404,)))

    assert body == b"unknown"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7), ("", 60), ("soon", 60), ("²", 60), ("-5", 60), ("9999999", 24 * 3600), ("Mon, 01 Jan 2001", 60)],
)
def test_how_long_to_wait_is_read_with_care(told: str, seconds: float) -> None:
    assert adapter.retry_after(told) == seconds


def test_how_long_to_wait_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)

    assert adapter.retry_after(format_datetime(moment, usegmt=True)) == pytest.approx(90, abs=3)


@pytest.mark.parametrize(
    "said",
    [
        'wrong key: a/key "with" 100%41 <signs>',
        "/parcels?key=a%2Fkey%20%22with%22%20100%2541%20%3Csigns%3E",
        "<key>a/key &quot;with&quot; 100%41 &lt;signs&gt;</key>",
        r'{"key": "a\/key \"with\" 100%41 <signs>"}',
        f'{"x" * 190} a/key "with" 100%41 <signs>',
    ],
    ids=["plain", "address", "xml", "json", "at the end of what is shown"],
)
def test_a_credential_that_the_carrier_says_back_is_not_shown(said: str) -> None:
    told = str(trouble_with(saying(said, 401)))

    assert "100" not in told
    assert "with" not in told


def test_short_credentials_blot_out_no_words() -> None:
    assert str(trouble_with(saying("error 1234", 500))) == "500: error 1234"


def test_what_cannot_be_read_as_http_tells_no_secret() -> None:
    secret = SECRETS["key"]
    answer = Counter(speaking_no_http(b"nonsense\r\n\r\n"))
    pair = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}

    with pytest.raises(CarrierTrouble) as trouble:
        answer.visited(SECRETS, lambda line: line.send("GET", "/parcels", headers=pair, params={"xml": secret}))

    told = "".join(traceback.format_exception(trouble.value))
    assert "not an HTTP answer" in told
    assert "100" not in told
    assert "signs" not in told


@pytest.mark.parametrize("pasted", ["a key\n", "a key\r\nX-Other: 1", "a key\0"])
def test_a_credential_with_a_line_break_is_refused_in_words(pasted: str) -> None:
    there = Counter(saying("{}"))

    with pytest.raises(Refused, match="cannot be sent"):
        there.visited({"key": pasted}, lambda line: line.send("GET", "/parcels", headers={"X-Key": pasted}))

    assert there.asked == []


def test_a_line_that_is_printed_shows_no_credentials() -> None:
    async def printed(line: Line) -> str:
        return repr(line)

    assert "signs" not in Counter(saying("")).visited(SECRETS, printed)
