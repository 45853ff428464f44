"""OAuth2 client-credential tokens (RFC 6749, 4.4): one for all workers, kept in Redis, renewed by one of them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final, NamedTuple

import redis.asyncio
from django.conf import settings

from tracking.carriers import adapter
from tracking.carriers.adapter import CarrierClient, CarrierError, RequestRejectedError, UnauthorizedError
from tracking.carriers.json_access import UnreadableAnswerError, clean_text, load_json_object

RENEW_EARLY_SECONDS: Final = 60
LOCK_SECONDS: Final = 20
DEFAULT_LIFETIME_SECONDS: Final = 3600


class TokenEndpoint(NamedTuple):
    """Where and how a carrier gives tokens for the credentials `client_id` and `client_secret`.

    `path` lies below the carrier's base URL. With `basic` the credentials travel in an Authorization header (RFC 6749,
    2.3.1) and not in the form.
    """

    path: str
    uses_basic_auth: bool = False


async def send_authorized(
    client: CarrierClient, endpoint: TokenEndpoint, method: str, path: str, *, headers: dict[str, str], **request: Any
) -> bytes:
    """Send one request as `Line.send` does, with the account's token. Raises `CarrierTrouble`.

    A carrier may refuse a token before its time (RFC 6750, 3.1: 401): it is dropped, and a new one is tried once.
    """
    token = await fetch_access_token(client, endpoint)
    try:
        return await client.send(method, path, headers={**headers, "Authorization": f"Bearer {token}"}, **request)
    except UnauthorizedError:
        await discard_token(client, endpoint, token)
    token = await fetch_access_token(client, endpoint)
    return await client.send(method, path, headers={**headers, "Authorization": f"Bearer {token}"}, **request)


async def fetch_access_token(client: CarrierClient, endpoint: TokenEndpoint) -> str:
    """Return an access token of this account that is good by its time. Raises `CarrierTrouble`."""
    key = cache_key_of(client, endpoint)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        for _ in range(LOCK_SECONDS * 10):
            if held := await read_cached_token(key, store):
                return held
            if await store.set(f"{key}:renewing", "1", nx=True, ex=LOCK_SECONDS):
                return await renew_token(client, endpoint, store)
            await asyncio.sleep(0.1)
    raise CarrierError("another worker renews the access token and does not finish")


async def discard_token(client: CarrierClient, endpoint: TokenEndpoint, token: str) -> None:
    """Forget a token that was refused, unless another worker has put a newer one in its place."""
    key = cache_key_of(client, endpoint)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        if await read_cached_token(key, store) == token:
            await store.delete(key)


async def read_cached_token(key: str, store: redis.asyncio.Redis) -> str:
    """Return the token that is kept under a key, or ''."""
    held = await store.get(key) or ""
    return held.decode() if isinstance(held, bytes) else str(held)


def cache_key_of(client: CarrierClient, endpoint: TokenEndpoint) -> str:
    """Return the name under which this account's token is kept; changed credentials have another."""
    account = (client.base_url, endpoint.path, *client_credentials_of(client))
    return f"token:{hashlib.sha256('|'.join(account).encode()).hexdigest()[:32]}"


def client_credentials_of(client: CarrierClient) -> tuple[str, str]:
    """Return the client's id and secret."""
    return client.credentials.get("client_id", ""), client.credentials.get("client_secret", "")


class TokenRequest(NamedTuple):
    """How a client proves who it is."""

    form: dict[str, str]
    headers: dict[str, str]


def build_token_request(client: CarrierClient, endpoint: TokenEndpoint) -> TokenRequest:
    """Return the form and headers that ask for a token."""
    client_id, secret = client_credentials_of(client)
    form = {"grant_type": "client_credentials"}
    if endpoint.uses_basic_auth:
        return TokenRequest(form, {"Authorization": adapter.basic_auth_header(client_id, secret)})
    return TokenRequest({**form, "client_id": client_id, "client_secret": secret}, {})


async def renew_token(client: CarrierClient, endpoint: TokenEndpoint, store: redis.asyncio.Redis) -> str:
    """Ask for a new token and keep it until a minute before it ends."""
    token_request, key = build_token_request(client, endpoint), cache_key_of(client, endpoint)
    try:
        answer = load_json_object(
            await client.send("POST", endpoint.path, form=token_request.form, headers=token_request.headers)
        )
        token, seconds = clean_text(answer.get("access_token")), clean_text(answer.get("expires_in"))
        if not token:
            raise RequestRejectedError("the carrier gave no access token")
        lasts = int(seconds) if seconds.isdecimal() else DEFAULT_LIFETIME_SECONDS
        await store.set(key, token, ex=max(lasts - RENEW_EARLY_SECONDS, 1))
        return token
    except UnreadableAnswerError:  # which quotes the answer, and a token may be in it
        raise CarrierError("the access token's answer is no JSON object") from None
    finally:
        await store.delete(f"{key}:renewing")
