"""OAuth2 client-credential tokens (RFC 6749, 4.4): one for all workers, kept in Redis, renewed by one of them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final, NamedTuple

import redis.asyncio
from django.conf import settings

from tracking.carriers import adapter
from tracking.carriers.adapter import CarrierTrouble, Line, Refused
from tracking.carriers.shape import UnreadableAnswer, load_json, text

EARLY_SECONDS: Final = 60
LOCK_SECONDS: Final = 20
USUAL_SECONDS: Final = 3600


async def bearer(
    line: Line, path: str, *, id_name: str = "client_id", secret_name: str = "client_secret", basic: bool = False
) -> str:
    """Return a valid access token of this account; `path` is the token address below the carrier's base URL.

    `id_name` and `secret_name` are the credentials that hold the client's id and secret; with `basic` they travel in an
    Authorization header (RFC 6749, 2.3.1) and not in the form. Raises `CarrierTrouble`.
    """
    client_id, secret = line.credentials.get(id_name, ""), line.credentials.get(secret_name, "")
    key = f"token:{hashlib.sha256(f'{line.base_url}|{path}|{client_id}|{secret}'.encode()).hexdigest()[:32]}"
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as store:
        for _ in range(LOCK_SECONDS * 10):
            held = await store.get(key)
            if held:
                return held.decode() if isinstance(held, bytes) else str(held)
            if await store.set(f"{key}:renewing", "1", nx=True, ex=LOCK_SECONDS):
                return await renew(line, path, proof(client_id, secret, in_header=basic), store, key)
            await asyncio.sleep(0.1)
    raise CarrierTrouble("another worker renews the access token and does not finish")


class Proof(NamedTuple):
    """How a client proves who it is."""

    form: dict[str, str]
    headers: dict[str, str]


def proof(client_id: str, secret: str, *, in_header: bool) -> Proof:
    """Return the form and headers that ask for a token."""
    form = {"grant_type": "client_credentials"}
    if in_header:
        return Proof(form, {"Authorization": adapter.basic(client_id, secret)})
    return Proof({**form, "client_id": client_id, "client_secret": secret}, {})


async def renew(line: Line, path: str, client: Proof, store: redis.asyncio.Redis, key: str) -> str:
    """Ask for a new token and keep it until a minute before it ends."""
    try:
        answer = load_json(await line.send("POST", path, form=client.form, headers=client.headers))
        token, seconds = text(answer.get("access_token")), text(answer.get("expires_in"))
        if not token:
            raise Refused("the carrier gave no access token")
        lasts = int(seconds) if seconds.isdecimal() else USUAL_SECONDS
        await store.set(key, token, ex=max(lasts - EARLY_SECONDS, 1))
        return token
    except UnreadableAnswer as trouble:
        raise CarrierTrouble(f"the access token's answer cannot be read: {trouble}") from trouble
    finally:
        await store.delete(f"{key}:renewing")
