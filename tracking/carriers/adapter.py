"""What every carrier file provides, and the line on which it speaks HTTP."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import unquote

import aiohttp

from tracking.carriers.parsed import Reading
from tracking.vocabulary import AskKind

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
SHORTEST_SECRET: Final = 6
"""A shorter credential (the last digits of a telephone number) would blot out words that have nothing to do with it."""


class CarrierTrouble(Exception):
    """The carrier could not be asked: no connection, a time-out, a 5xx. Worth another try later."""


class Throttled(CarrierTrouble):
    """The carrier asks us to slow down. `seconds` is how long, as its Retry-After says, or a minute."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Refused(CarrierTrouble):
    """The carrier does not accept our credentials or our request: an operator must look."""


class Unauthorized(Refused):
    """The carrier says 401: the key, the password or the access token is not, or no longer, a good one."""


class Credential(NamedTuple):
    """One secret that an operator enters to connect a carrier."""

    name: str
    label: str
    required: bool = True


@dataclass(slots=True)
class Line:
    """An open line to one account at a carrier: where it is, with what credentials."""

    session: aiohttp.ClientSession
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        data: bytes | None = None,
        good: Sequence[int] = (),
    ) -> bytes:
        """Send one request and return the raw body of a good answer (2xx, or a status in `good`).

        Raise `CarrierTrouble` for any other. A redirect is one: keys in headers and addresses must not follow it. What
        a trouble says holds no credential, and neither does its cause, so that it can be logged and shown.
        """
        url = self.base_url.rstrip("/") + path
        try:
            async with self.session.request(
                method, url, headers=headers, params=params, json=json, data=form or data, allow_redirects=False
            ) as response:
                body = await read_whole(response)
                if response.status >= 300 and response.status not in good:
                    judge(response.status, response.headers, self.hiding(start_of(body), headers))
                return body
        except TimeoutError:
            raise CarrierTrouble("no answer in time") from None
        except ValueError:
            raise Refused("the address or a credential holds signs that cannot be sent") from None
        except aiohttp.ClientResponseError as trouble:
            raise CarrierTrouble(self.hiding(f"not an HTTP answer: {trouble.message}", headers)) from None
        except aiohttp.ClientError as trouble:
            raise CarrierTrouble(self.hiding(f"no connection: {trouble}", headers)) from None

    def hiding(self, words: str, headers: Mapping[str, str] | None) -> str:
        """Return words without the secrets of this line and of a call's headers."""
        return hidden(words, secrets_in(self.credentials, headers or {}))


async def read_whole(response: aiohttp.ClientResponse) -> bytes:
    """Return a body to its end, however many pieces it comes in; raise `CarrierTrouble` where it is too large."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise CarrierTrouble(f"the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB")
    return bytes(body)


def start_of(body: bytes) -> str:
    """Return the beginning of an answer, long enough that no secret is cut where the words shown of it end."""
    return body[:4000].decode("utf-8", "replace")


def secrets_in(credentials: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    """Return what no message may hold: the credentials, and the token or pair in the Authorization header."""
    found = {*credentials.values(), headers.get("Authorization", "").partition(" ")[2]}
    return sorted((secret for secret in found if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)


def hidden(words: str, secrets: Sequence[str]) -> str:
    """Return a carrier's words without the secrets that it says back: plain, in JSON, in XML or in an address."""
    for peel in (str, without_backslashes, html.unescape, unquote, html.unescape):
        words = peel(words)
        for secret in secrets:
            words = words.replace(secret, "…")
    return words


def without_backslashes(words: str) -> str:
    """Undo what JSON does to quotes and, in some hands, to slashes."""
    return words.replace('\\"', '"').replace("\\/", "/")


def judge(status: int, headers: Mapping[str, str], words: str) -> None:
    """Raise the trouble that an HTTP status means, with the answer's first words; return for a good one."""
    told = f"{status}: {words[:200]}"
    if status == 429:
        raise Throttled("429: too many requests", retry_after(headers.get("Retry-After", "")))
    if status == 401:
        raise Unauthorized(told)
    if status in (400, 402, 403, 404, 405):
        raise Refused(told)
    if status >= 300:
        raise CarrierTrouble(told)


def basic(user: str, password: str) -> str:
    """Return an `Authorization` header of HTTP Basic (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def retry_after(value: str, default: float = 60.0) -> float:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date (RFC 9110, 10.2.3)."""
    if value.strip().isdecimal():
        return min(float(value), 24 * 3600.0)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return default
    if moment.tzinfo is None:
        return default
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), 24 * 3600.0)


class Adapter(ABC):
    """One carrier or aggregator. Reading is pure; asking is thin and leaves the answer unread."""

    slug: ClassVar[str]
    name: ClassVar[str]
    version: str
    base_url: ClassVar[str]
    homepage: ClassVar[str] = ""
    credentials: tuple[Credential, ...] = ()
    batch_size: ClassVar[int] = 1
    calls_per_second: ClassVar[float] = 1.0
    registers: ClassVar[bool] = False
    """Whether a number must be registered before it can be asked for."""
    register_batch_size: ClassVar[int] = 1
    aggregates: ClassVar[bool] = False
    """Whether it tells of many carriers' parcels, and so can be asked about any number."""
    forwards: frozenset[AskKind] = frozenset()
    """Which answers of buyers its API takes."""

    @abstractmethod
    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        """Read one raw answer or webhook, told to us at `heard_at`. Raise `UnreadableAnswer`, and nothing else."""

    @abstractmethod
    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        """Ask for at most `batch_size` numbers and return the raw answer. Raise `CarrierTrouble`."""

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        """Register at most `register_batch_size` numbers and return the raw answer. Only where `registers` is true."""
        raise Refused(f"{self.name} takes no registrations")

    @abstractmethod
    async def probe(self, line: Line) -> str:
        """Test the credentials with one harmless call and say in a few words what was found. Raise `CarrierTrouble`."""

    async def forward(self, line: Line, number: str, ask: AskKind, values: Mapping[str, str]) -> str:
        """Hand over a buyer's answer about a parcel and return the carrier's reference, or ''. Only for `forwards`."""
        raise Refused(f"{self.name} takes no answers of buyers")

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        """Tell, in constant time, whether a webhook's signature is the carrier's own. No webhook: never."""
        return False
