"""What pages may promise in the name of a shop. Where the shop said nothing there is None, and the page says nothing.

The types hold plain values, so that `page_state` can be computed and tested without a database.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tracking.localization.reader import zone_for
from tracking.models import Shop
from tracking.typed_input.opening_hours import OpeningPeriod, parse_opening_hours
from tracking.vocabulary import Remedy

REMEDY_OPTIONS: Final = {
    Remedy.UNSAID: (),
    Remedy.REPLACEMENT: (Remedy.REPLACEMENT,),
    Remedy.REFUND: (Remedy.REFUND,),
    Remedy.BUYERS_CHOICE: (Remedy.REPLACEMENT, Remedy.REFUND),
}


class ShopContact(NamedTuple):
    """How a buyer reaches the shop: at least one of `email`, `phone` (E.164) and `chat_url` is not "".

    `opening_hours` are in the IANA zone `zone`; they are empty where either is unknown.
    """

    email: str
    phone: str
    chat_url: str
    reply_hours: int | None
    opening_hours: tuple[OpeningPeriod, ...]
    zone: str


class PromisedRemedy(NamedTuple):
    """What the shop does about a parcel: `REPLACEMENT`, `REFUND`, or both, of which the buyer chooses.

    It is done within `days` working days. Without a choice within `fallback_days` calendar days the shop does
    `fallback`; both are None, or neither.
    """

    options: tuple[Remedy, ...]
    days: int | None = None
    fallback: Remedy | None = None
    fallback_days: int | None = None


class ShopPolicy(NamedTuple):
    """Everything that a page may say in the name of a shop; days are working days."""

    name: str
    website_url: str = ""
    contact: ShopContact | None = None
    return_address: str = ""
    lost: PromisedRemedy | None = None
    damaged: PromisedRemedy | None = None
    returned: PromisedRemedy | None = None
    damaged_keep_percent: int | None = None
    """Percent of the price that a buyer gets back who keeps a damaged article; None: the page does not offer it."""
    handover_days: int | None = None
    refund_days: int | None = None
    search_days: int | None = None


def policy_of(shop: Shop) -> ShopPolicy:
    """Return what pages may promise in the name of a shop. It reads the shop's row only."""
    return ShopPolicy(
        name=shop.name,
        website_url=shop.website_url,
        contact=contact_of(shop),
        return_address=shop.return_address,
        lost=promised_remedy(shop.lost_remedy, shop.lost_days, shop.lost_fallback, shop.lost_fallback_days),
        damaged=promised_remedy(
            shop.damaged_remedy, shop.damaged_days, shop.damaged_fallback, shop.damaged_fallback_days
        ),
        returned=promised_remedy(
            shop.returned_remedy, shop.returned_days, shop.returned_fallback, shop.returned_fallback_days
        ),
        damaged_keep_percent=shop.damaged_keep_percent,
        handover_days=shop.handover_days,
        refund_days=shop.refund_days,
        search_days=shop.search_days,
    )


def contact_of(shop: Shop) -> ShopContact | None:
    """Return how to reach a shop; None if it has named no way. A time zone that no longer exists hides the hours."""
    if not (shop.support_email or shop.support_phone or shop.support_chat_url):
        return None
    hours = parse_opening_hours(shop.support_hours) if zone_for(shop.zone) else ()
    return ShopContact(
        email=shop.support_email,
        phone=shop.support_phone,
        chat_url=shop.support_chat_url,
        reply_hours=shop.reply_hours,
        opening_hours=hours,
        zone=shop.zone if hours else "",
    )


def promised_remedy(remedy: str, days: int | None, fallback: str, fallback_days: int | None) -> PromisedRemedy | None:
    """Return what the four fields of a case promise; None if the shop said nothing."""
    options = REMEDY_OPTIONS[Remedy(remedy)]
    if not options:
        return None
    if remedy != Remedy.BUYERS_CHOICE or not fallback or fallback_days is None:
        return PromisedRemedy(options, days)
    return PromisedRemedy(options, days, Remedy(fallback), fallback_days)
