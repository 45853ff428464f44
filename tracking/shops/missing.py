"""What a shop has not said yet, so that its buyers' pages say less than they could."""

from __future__ import annotations

from enum import StrEnum

from tracking.models import Shop
from tracking.shops.policy import ShopPolicy, policy_of


class MissingFact(StrEnum):
    """Something that a shop has not said, the most important first. `admin.shops` has a sentence for each."""

    CONTACT = "contact"
    REPLY_TIME = "reply_time"
    OPENING_HOURS = "opening_hours"
    LOST = "lost"
    DAMAGED = "damaged"
    RETURNED = "returned"
    REFUND_DAYS = "refund_days"
    SEARCH_DAYS = "search_days"
    HANDOVER_DAYS = "handover_days"
    RETURN_ADDRESS = "return_address"
    WEBSITE = "website"
    LOGO = "logo"
    ACCENT = "accent"


def missing_facts(shop: Shop) -> list[MissingFact]:
    """Return what a shop has not said, the most important first. It reads the shop's row only."""
    policy = policy_of(shop)
    said = {
        **contact_facts(policy),
        MissingFact.LOST: policy.lost,
        MissingFact.DAMAGED: policy.damaged,
        MissingFact.RETURNED: policy.returned,
        MissingFact.REFUND_DAYS: policy.refund_days is not None,
        MissingFact.SEARCH_DAYS: policy.search_days is not None,
        MissingFact.HANDOVER_DAYS: policy.handover_days is not None,
        MissingFact.RETURN_ADDRESS: policy.return_address,
        MissingFact.WEBSITE: policy.website_url,
        MissingFact.LOGO: shop.logo_id,
        MissingFact.ACCENT: shop.accent,
    }
    return [fact for fact in MissingFact if not said[fact]]


def contact_facts(policy: ShopPolicy) -> dict[MissingFact, bool]:
    """Return whether contact, reply time and hours are said; the last two matter only where there is a contact."""
    contact = policy.contact
    return {
        MissingFact.CONTACT: contact is not None,
        MissingFact.REPLY_TIME: contact is None or contact.reply_hours is not None,
        MissingFact.OPENING_HOURS: contact is None or bool(contact.opening_hours),
    }
