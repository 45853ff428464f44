"""OAuth2 client-credential tokens (RFC 6749, 4.4): one for all workers, kept in Redis, renewed by one of them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Final, NamedTuple

import redis.asyncio
from django.conf import settings

from tracking.carriers import adapter
from tracking.carriers.adapter import CarrierTrouble, Line, Refused, Unauthorized
from tracking.carriers.json_access import UnreadableAnswer, load_json, text

EARLY_SECONDS: Final = 60
LOCK_SECONDS: Final = 20
USUAL_SECONDS: Final = 3600


class Desk(NamedTuple):
    """Where and how a carrier gives tokens for the credentials `client_id` and `client_secret`.

    `path` lies below the carrier's base URL. With `basic` the credentials travel in an Authorization header (RFC 6749,
    2.3.1) and not in the form.
    """

    path: str
    basic: bool = False


async def send(line: Line, desk: Desk, method: str, path: str, *, headers: dict[str, str], **request: Any) -> bytes:
    """Send one request as `Line.send` does, with the account's token. Raises `CarrierTrouble`.

    A carrier may refuse a token before its time (RFC 6750, 3.1: 401): it is dropped, and a new one is tried once.
    """
    token = await bearer(line, desk)
    try:
        return await line.send(method, path, headers={**headers, "Authorization": f"Bearer {token}"}, **request)
    except Unauthorized:
        await drop(line, desk, token)
    token = await bearer(line, desk)
    return await line.send(method, path, headers={**headers, "Authorization": f"Bearer {token}"}, **request)


async def bearer(line: Line, desk: Desk) -> str:
    """Return an access token of this account that is good by its time. Raises `CarrierTrouble`."""
    key = key_of(line, desk)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        for _ in range(LOCK_SECONDS * 10):
            if held := await held_under(key, store):
                return held
            if await store.set(f"{key}:renewing", "1", nx=True, ex=LOCK_SECONDS):
                return await renew(line, desk, store)
            await asyncio.sleep(0.1)
    raise CarrierTrouble("another worker renews the access token and does not finish")


async def drop(line: Line, desk: Desk, token: str) -> None:
    """Forget a token that was refused, unless another worker has put a newer one in its place."""
    key = key_of(line, desk)
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        if await held_under(key, store) == token:
            await store.delete(key)


async def held_under(key: str, store: redis.asyncio.Redis) -> str:
    """Return the token that is kept under a key, or ''."""
    held = await store.get(key) or ""
    return held.decode() if isinstance(held, bytes) else str(held)


def key_of(line: Line, desk: Desk) -> str:
    """Return the name under which this account's token is kept; changed credentials have another."""
    account = (line.base_url, desk.path, *client_of(line))
    return f"token:{hashlib.sha256('|'.join(account).encode()).hexdigest()[:32]}"


def client_of(line: Line) -> tuple[str, str]:
    """Return the client's id and secret."""
    return line.credentials.get("client_id", ""), line.credentials.get("client_secret", "")


class Proof(NamedTuple):
    """How a client proves who it is."""

    form: dict[str, str]
    headers: dict[str, str]


def proof(line: Line, desk: Desk) -> Proof:
    """Return the form and headers that ask for a token."""
    client_id, secret = client_of(line)
    form = {"grant_type": "client_credentials"}
    if desk.basic:
        return Proof(form, {"Authorization": adapter.basic(client_id, secret)})
    return Proof({**form, "client_id": client_id, "client_secret": secret}, {})


async def renew(line: Line, desk: Desk, store: redis.asyncio.Redis) -> str:
    """Ask for a new token and keep it until a minute before it ends."""
    client, key = proof(line, desk), key_of(line, desk)
    try:
        answer = load_json(await line.send("POST", desk.path, form=client.form, headers=client.headers))
        token, seconds = text(answer.get("access_token")), text(answer.get("expires_in"))
        if not token:
            raise Refused("the carrier gave no access token")
        lasts = int(seconds) if seconds.isdecimal() else USUAL_SECONDS
        await store.set(key, token, ex=max(lasts - EARLY_SECONDS, 1))
        return token
    except UnreadableAnswer:  # which quotes the answer, and a token may be in it
        raise CarrierTrouble("the access token's answer is no JSON object") from None
    finally:
        await store.delete(f"{key}:renewing")
