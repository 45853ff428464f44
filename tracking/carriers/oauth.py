"""OAuth2 client-credential tokens (RFC 6749, 4.4): all workers share one in Redis, and one worker renews it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final, NamedTuple

import redis.asyncio
from django.conf import settings

from tracking.carriers import adapter
from tracking.carriers.adapter import CarrierClient, CarrierError, Credential, RequestRejectedError, UnauthorizedError
from tracking.carriers.parsing.json_access import UnreadableAnswerError, clean_text, load_json_object

RENEW_EARLY_SECONDS: Final = 60
LOCK_SECONDS: Final = 20
DEFAULT_LIFETIME_SECONDS: Final = 3600


class TokenEndpoint(NamedTuple):
    """Where a carrier issues tokens for the credentials `client_id` and `client_secret`.

    `path` is below the carrier's base URL. With `uses_basic_auth` the credentials travel in an Authorization header
    (RFC 6749, 2.3.1), otherwise in the form.
    """

    path: str
    uses_basic_auth: bool = False


def oauth_credentials(id_label: str, secret_label: str) -> tuple[Credential, Credential]:
    """Return the two credentials that every token needs, under the labels that the carrier gives them."""
    return Credential("client_id", id_label), Credential("client_secret", secret_label)


async def send_authorized(
    client: CarrierClient, endpoint: TokenEndpoint, method: str, path: str, *, headers: dict[str, str], **request: Any
) -> bytes:
    """Send one request like `CarrierClient.send`, with the account's token. Raise CarrierError.

    A carrier may reject a token before it expires (RFC 6750, 3.1: 401). It is then discarded and a new one tried once.
    """
    token = await fetch_access_token(client, endpoint)
    try:
        return await client.send(method, path, headers=headers | bearer_header(token), **request)
    except UnauthorizedError:
        await discard_token(client, endpoint, token)
    token = await fetch_access_token(client, endpoint)
    return await client.send(method, path, headers=headers | bearer_header(token), **request)


def bearer_header(token: str) -> dict[str, str]:
    """Return the header that carries an access token (RFC 6750, 2.1)."""
    return {"Authorization": f"Bearer {token}"}


async def fetch_access_token(client: CarrierClient, endpoint: TokenEndpoint) -> str:
    """Return an access token of this account that has not expired. Raise CarrierError."""
    key = cache_key_of(client, endpoint)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        for _ in range(LOCK_SECONDS * 10):
            if token := await read_cached_token(key, store):
                return token
            if await store.set(f"{key}:renewing", "1", nx=True, ex=LOCK_SECONDS):
                return await renew_token(client, endpoint, store)
            await asyncio.sleep(0.1)
    raise CarrierError("another worker renews the access token and does not finish")


async def discard_token(client: CarrierClient, endpoint: TokenEndpoint, token: str) -> None:
    """Delete a rejected token from the cache, unless another worker has already replaced it."""
    key = cache_key_of(client, endpoint)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        if await read_cached_token(key, store) == token:
            await store.delete(key)


async def read_cached_token(key: str, store: redis.asyncio.Redis) -> str:
    """Return the token that is cached under a key, or ''."""
    token = await store.get(key) or ""
    return token.decode() if isinstance(token, bytes) else str(token)


def cache_key_of(client: CarrierClient, endpoint: TokenEndpoint) -> str:
    """Return the Redis key of this account's token; changed credentials give another key."""
    account = (client.base_url, endpoint.path, *client_credentials_of(client))
    return f"token:{hashlib.sha256('|'.join(account).encode()).hexdigest()[:32]}"


def client_credentials_of(client: CarrierClient) -> tuple[str, str]:
    """Return the account's client id and secret."""
    return client.credentials.get("client_id", ""), client.credentials.get("client_secret", "")


class TokenRequest(NamedTuple):
    """The form and the headers of a request for a token."""

    form: dict[str, str]
    headers: dict[str, str]


def build_token_request(client: CarrierClient, endpoint: TokenEndpoint) -> TokenRequest:
    """Return the form and headers that request a token."""
    client_id, secret = client_credentials_of(client)
    form = {"grant_type": "client_credentials"}
    if endpoint.uses_basic_auth:
        return TokenRequest(form, {"Authorization": adapter.basic_auth_header(client_id, secret)})
    return TokenRequest({**form, "client_id": client_id, "client_secret": secret}, {})


async def renew_token(client: CarrierClient, endpoint: TokenEndpoint, store: redis.asyncio.Redis) -> str:
    """Fetch a new token and cache it until a minute before it expires."""
    token_request, key = build_token_request(client, endpoint), cache_key_of(client, endpoint)
    try:
        answer = load_json_object(
            await client.send("POST", endpoint.path, form=token_request.form, headers=token_request.headers)
        )
        token, seconds = clean_text(answer.get("access_token")), clean_text(answer.get("expires_in"))
        if not token:
            raise RequestRejectedError("the carrier gave no access token")
        lifetime_seconds = int(seconds) if seconds.isdecimal() else DEFAULT_LIFETIME_SECONDS
        await store.set(key, token, ex=max(lifetime_seconds - RENEW_EARLY_SECONDS, 1))
        return token
    except UnreadableAnswerError:  # its text quotes the answer, which may hold a token
        raise CarrierError("the access token's answer is no JSON object") from None
    finally:
        await store.delete(f"{key}:renewing")
