"""The base class of every carrier adapter, the HTTP client that it calls with, and their errors."""

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
"""Shorter credentials (the last digits of a telephone number) are not redacted: they would match unrelated text."""


class CarrierError(Exception):
    """The request failed for now: no connection, a timeout, a 5xx. Worth a retry later."""


class RateLimitedError(CarrierError):
    """The carrier answered 429. `retry_after_seconds` comes from its Retry-After header; 60 without one."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RequestRejectedError(CarrierError):
    """The carrier does not accept our credentials or our request: a retry will not help, an operator must look."""


class UnauthorizedError(RequestRejectedError):
    """The carrier answered 401: the key, the password or the access token is wrong or has expired."""


class Credential(NamedTuple):
    """One secret that an operator enters to connect a carrier."""

    name: str
    label: str
    required: bool = True


@dataclass(slots=True)
class CarrierClient:
    """The HTTP client for one account at a carrier: its base URL and its credentials."""

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
        """Send one request and return the raw body of a 2xx answer, or of a status in `accepted_statuses`.

        Raise `CarrierError` for any other answer, redirects included. Its message holds no credential and it has no
        cause, so that it can be logged and shown.
        """
        url = self.base_url.rstrip("/") + path
        try:
            # Redirects are not followed: the keys in headers and addresses would go to another host.
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
        except aiohttp.ClientResponseError as error:
            raise CarrierError(self.redact(f"not an HTTP answer: {error.message}", headers)) from None
        except aiohttp.ClientError as error:
            raise CarrierError(self.redact(f"no connection: {error}", headers)) from None

    def redact(self, text: str, headers: Mapping[str, str] | None) -> str:
        """Return the text without the credentials of this client and of a request's headers."""
        return redact_secrets(text, collect_secrets(self.credentials, headers or {}))


async def read_limited_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the whole body; raise `CarrierError` if it is larger than `MAX_ANSWER_BYTES`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise CarrierError(f"the answer is larger than {MAX_ANSWER_BYTES // 2**20} MiB")
    return bytes(body)


def decode_start(body: bytes) -> str:
    """Return the beginning of an answer as text.

    It is longer than what an error shows, so that a secret is redacted before it could be cut in half.
    """
    return body[:4000].decode("utf-8", "replace")


def collect_secrets(credentials: Mapping[str, str], headers: Mapping[str, str]) -> list[str]:
    """Return the texts that no message may hold, longest first: credentials and the value in `Authorization`."""
    secrets = {*credentials.values(), headers.get("Authorization", "").partition(" ")[2]}
    return sorted((secret for secret in secrets if len(secret) >= MIN_SECRET_LENGTH), key=len, reverse=True)


def redact_secrets(text: str, secrets: Sequence[str]) -> str:
    """Replace the secrets that a carrier echoes, whether plain or escaped in JSON, XML or a URL."""
    for decode in (str, unescape_json, html.unescape, unquote, html.unescape):
        text = decode(text)
        for secret in secrets:
            text = text.replace(secret, "…")
    return text


def unescape_json(text: str) -> str:
    """Undo JSON's escaping of quotes and of slashes (which some encoders escape too)."""
    return text.replace('\\"', '"').replace("\\/", "/")


def raise_for_status(status: int, headers: Mapping[str, str], text: str) -> None:
    """Raise the error that an HTTP status means, with the start of the answer; do nothing below 300."""
    message = f"{status}: {text[:200]}"
    if status == 429:
        raise RateLimitedError("429: too many requests", parse_retry_after(headers.get("Retry-After", "")))
    if status == 401:
        raise UnauthorizedError(message)
    if status in (400, 402, 403, 404, 405):
        raise RequestRejectedError(message)
    if status >= 300:
        raise CarrierError(message)


def basic_auth_header(user: str, password: str) -> str:
    """Return the value of an `Authorization` header for HTTP Basic (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def parse_retry_after(value: str, default: float = 60.0) -> float:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), at most a day."""
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
    """One carrier or aggregator. `parse` is pure; `fetch` sends one request and returns the answer unparsed.

    `version` is stored with every parsed payload, to find those that an older version parsed.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    version: str
    base_url: ClassVar[str]
    homepage: ClassVar[str] = ""
    credentials: tuple[Credential, ...] = ()
    batch_size: ClassVar[int] = 1
    calls_per_second: ClassVar[float] = 1.0
    requires_registration: ClassVar[bool] = False
    """Whether a number must be registered before it can be fetched."""
    register_batch_size: ClassVar[int] = 1
    is_aggregator: ClassVar[bool] = False
    """Whether it tracks many carriers' parcels, so that any number can be fetched from it."""
    answers_are_complete: ClassVar[bool] = False
    """Whether an answer holds all scans of the number, so that a scan that it no longer holds was withdrawn.

    True only where the carrier's documents or the request itself promise it; `ParsedShipment.is_complete` overrules it.
    """
    pushes_only_new_scans: ClassVar[bool] = False
    """Whether a push holds new scans only: then two different scans of one time are never one that was reworded."""
    forwarded_task_kinds: frozenset[BuyerTaskKind] = frozenset()
    """The buyer tasks whose answers its API accepts."""

    @abstractmethod
    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        """Parse one raw answer or webhook body. Raise `UnreadableAnswerError`, and nothing else."""

    @abstractmethod
    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        """Fetch at most `batch_size` numbers and return the raw answer. Raise `CarrierError`."""

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        """Register at most `register_batch_size` numbers; return the raw answer. For `requires_registration` only."""
        raise RequestRejectedError(f"{self.name} takes no registrations")

    @abstractmethod
    async def probe(self, client: CarrierClient) -> str:
        """Test the credentials with one harmless request; return the result as a short text. Raise `CarrierError`."""

    async def forward_answer(
        self, client: CarrierClient, number: str, task_kind: BuyerTaskKind, values: Mapping[str, str]
    ) -> str:
        """Send a buyer's answer to the carrier; return its reference or ''. For `forwarded_task_kinds` only."""
        raise RequestRejectedError(f"{self.name} takes no answers of buyers")

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        """Return whether a webhook's signature is valid, compared in constant time. False without webhooks."""
        return False
