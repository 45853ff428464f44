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

from tracking.carriers.parsed import ParsedAnswer
from tracking.vocabulary import BuyerTaskKind

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
MIN_SECRET_LENGTH: Final = 6
"""A shorter credential (the last digits of a telephone number) would blot out words that have nothing to do with it."""


class CarrierError(Exception):
    """The carrier could not be asked: no connection, a time-out, a 5xx. Worth another try later."""


class RateLimitedError(CarrierError):
    """The carrier asks us to slow down. `seconds` is how long, as its Retry-After says, or a minute."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RequestRejectedError(CarrierError):
    """The carrier does not accept our credentials or our request: an operator must look."""


class UnauthorizedError(RequestRejectedError):
    """The carrier says 401: the key, the password or the access token is not, or no longer, a good one."""


class Credential(NamedTuple):
    """One secret that an operator enters to connect a carrier."""

    name: str
    label: str
    required: bool = True


@dataclass(slots=True)
class CarrierClient:
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
        accepted_statuses: Sequence[int] = (),
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
                body = await read_limited_body(response)
                if response.status >= 300 and response.status not in accepted_statuses:
                    raise_for_status(response.status, response.headers, self.redact(decode_start(body), headers))
                return body
        except TimeoutError:
            raise CarrierError("no answer in time") from None
        except ValueError:
            raise RequestRejectedError("the address or a credential holds signs that cannot be sent") from None
        except aiohttp.ClientResponseError as trouble:
            raise CarrierError(self.redact(f"not an HTTP answer: {trouble.message}", headers)) from None
        except aiohttp.ClientError as trouble:
            raise CarrierError(self.redact(f"no connection: {trouble}", headers)) from None

    def redact(self, text: str, headers: Mapping[str, str] | None) -> str:
        """Return words without the secrets of this line and of a call's headers."""
        return redact_secrets(text, collect_secrets(self.credentials, headers or {}))


async def read_limited_body(response: aiohttp.ClientResponse) -> bytes:
    """Return a body to its end, however many pieces it comes in; raise `CarrierTrouble` where it is too large."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise CarrierError(f"the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB")
    return bytes(body)


def decode_start(body: bytes) -> str:
    """Return the beginning of an answer, long enough that no secret is cut where the words shown of it end."""
    return body[:4000].decode("utf-8", "replace")


def collect_secrets(credentials: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    """Return what no message may hold: the credentials, and the token or pair in the Authorization header."""
    found = {*credentials.values(), headers.get("Authorization", "").partition(" ")[2]}
    return sorted((secret for secret in found if len(secret) >= MIN_SECRET_LENGTH), key=len, reverse=True)


def redact_secrets(text: str, secrets: Sequence[str]) -> str:
    """Return a carrier's words without the secrets that it says back: plain, in JSON, in XML or in an address."""
    for peel in (str, unescape_json, html.unescape, unquote, html.unescape):
        text = peel(text)
        for secret in secrets:
            text = text.replace(secret, "…")
    return text


def unescape_json(text: str) -> str:
    """Undo what JSON does to quotes and, in some hands, to slashes."""
    return text.replace('\\"', '"').replace("\\/", "/")


def raise_for_status(status: int, headers: Mapping[str, str], text: str) -> None:
    """Raise the trouble that an HTTP status means, with the answer's first words; return for a good one."""
    told = f"{status}: {text[:200]}"
    if status == 429:
        raise RateLimitedError("429: too many requests", parse_retry_after(headers.get("Retry-After", "")))
    if status == 401:
        raise UnauthorizedError(told)
    if status in (400, 402, 403, 404, 405):
        raise RequestRejectedError(told)
    if status >= 300:
        raise CarrierError(told)


def basic_auth_header(user: str, password: str) -> str:
    """Return an `Authorization` header of HTTP Basic (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def parse_retry_after(value: str, default: float = 60.0) -> float:
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
    requires_registration: ClassVar[bool] = False
    """Whether a number must be registered before it can be asked for."""
    register_batch_size: ClassVar[int] = 1
    is_aggregator: ClassVar[bool] = False
    """Whether it tells of many carriers' parcels, and so can be asked about any number."""
    forwarded_task_kinds: frozenset[BuyerTaskKind] = frozenset()
    """Which answers of buyers its API takes."""

    @abstractmethod
    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        """Read one raw answer or webhook, told to us at `heard_at`. Raise `UnreadableAnswer`, and nothing else."""

    @abstractmethod
    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        """Ask for at most `batch_size` numbers and return the raw answer. Raise `CarrierTrouble`."""

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        """Register at most `register_batch_size` numbers and return the raw answer. Only where `registers` is true."""
        raise RequestRejectedError(f"{self.name} takes no registrations")

    @abstractmethod
    async def probe(self, client: CarrierClient) -> str:
        """Test the credentials with one harmless call and say in a few words what was found. Raise `CarrierTrouble`."""

    async def forward_answer(
        self, client: CarrierClient, number: str, task_kind: BuyerTaskKind, values: Mapping[str, str]
    ) -> str:
        """Hand over a buyer's answer about a parcel and return the carrier's reference, or ''. Only for `forwards`."""
        raise RequestRejectedError(f"{self.name} takes no answers of buyers")

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        """Tell, in constant time, whether a webhook's signature is the carrier's own. No webhook: never."""
        return False
