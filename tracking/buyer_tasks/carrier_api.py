"""Find the carrier that accepts a buyer's answer through its API, and send the answer to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp

from tracking.carriers.adapter import CarrierClient
from tracking.models import BuyerTask, Leg
from tracking.vocabulary import BuyerTaskKind

HTTP_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)


def forwarding_leg(buyer_task: BuyerTask) -> Leg | None:
    """Return the last leg of the parcel whose feed is enabled and accepts this kind of answer."""
    legs = Leg.objects.in_use().filter(shipment=buyer_task.shipment_id, feed__enabled=True).exclude(feed__adapter="")
    # The last carrier delivers the parcel, so it is the one that can act on the answer.
    for leg in legs.select_related("feed").order_by("-position", "-pk"):
        if leg.feed and BuyerTaskKind(buyer_task.kind) in leg.feed.adapter_instance.forwarded_task_kinds:
            return leg
    return None


def can_be_forwarded(buyer_task: BuyerTask) -> bool:
    """Return whether a carrier of the parcel accepts this kind of answer."""
    return forwarding_leg(buyer_task) is not None


def forward_to_carrier(leg: Leg, kind: BuyerTaskKind, values: Mapping[str, str]) -> str:
    """Send an answer to the feed of a leg; return the carrier's reference, or raise `CarrierError`."""
    assert leg.feed is not None
    carrier = leg.feed

    async def call() -> str:
        async with aiohttp.ClientSession(timeout=HTTP_TIMEOUT) as session:
            client = CarrierClient(session, carrier.api_url, carrier.credentials)
            return await carrier.adapter_instance.forward_answer(client, leg.number, kind, values)

    return asyncio.run(call())
