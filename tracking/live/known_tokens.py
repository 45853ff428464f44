"""Which page tokens exist: asked of the database in a few threads, and remembered for a minute."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import django.db
from django.db import close_old_connections

from tracking.models import Order, Shipment

KNOWN_SECONDS: Final = 60.0
MAX_KNOWN: Final = 10_000
LOOKUP_THREADS: Final = 2
LOOKUP_SECONDS: Final = 5.0


class TokenLookupError(Exception):
    """The database could not say whether a token exists."""


class KnownTokens:
    """Remembers tokens that belong to a shipment or order. Unknown ones are not kept: they are endless."""

    def __init__(self) -> None:
        self.known_until: dict[str, float] = {}
        # Threads of our own: lookups never take those in which Django serves pages, and few need few connections.
        self.threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="live-tokens")

    async def has(self, token: str) -> bool:
        """Return whether a shipment or order has `token`; raise `TokenLookupError` without an answer in seconds."""
        if self.known_until.get(token, 0.0) > time.monotonic():
            return True
        lookup = asyncio.get_running_loop().run_in_executor(self.threads, is_page_token, token)
        try:
            is_known = await asyncio.wait_for(lookup, LOOKUP_SECONDS)
        except (django.db.Error, TimeoutError) as error:
            raise TokenLookupError(type(error).__name__) from error
        if is_known:
            self.remember(token)
        return is_known

    def remember(self, token: str) -> None:
        """Keep a token that exists; beyond `MAX_KNOWN` forget the one that was asked for longest ago."""
        self.known_until.pop(token, None)
        self.known_until[token] = time.monotonic() + KNOWN_SECONDS
        if len(self.known_until) > MAX_KNOWN:
            del self.known_until[next(iter(self.known_until))]


def is_page_token(token: str) -> bool:
    """Return whether a shipment or order has `token`, with one query."""
    close_old_connections()
    try:
        orders = Order.objects.filter(token=token).values_list("pk")
        return orders.union(Shipment.objects.filter(token=token).values_list("pk"), all=True).exists()
    finally:
        close_old_connections()
