"""Which carrier of a parcel takes an answer through its API, and the call that hands it over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp

from tracking.carriers.adapter import Line
from tracking.models import Ask, Leg
from tracking.vocabulary import AskKind

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)


def taker(ask: Ask) -> Leg | None:
    """Return the last leg of the parcel whose feed is switched on and takes this kind of answer."""
    legs = Leg.objects.filter(shipment=ask.shipment_id, source__enabled=True).exclude(source__adapter="")
    for leg in legs.select_related("source").order_by("-position", "-pk"):
        if leg.source and AskKind(ask.kind) in leg.source.feed.forwards:
            return leg
    return None


def can_be_forwarded(ask: Ask) -> bool:
    """Tell whether a carrier takes this kind of answer."""
    return taker(ask) is not None


def hand_over(leg: Leg, kind: AskKind, values: Mapping[str, str]) -> str:
    """Give an answer to the leg's feed and return the carrier's own reference. Raise `CarrierTrouble`."""
    assert leg.source is not None
    carrier = leg.source

    async def call() -> str:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            line = Line(session, carrier.address, carrier.credentials)
            return await carrier.feed.forward(line, leg.number, kind, values)

    return asyncio.run(call())
