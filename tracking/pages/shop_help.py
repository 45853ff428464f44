"""What a page says about the shop: its logo and colours, how to reach it and when it answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.localization import datetimes
from tracking.localization.numbers import localize_digits
from tracking.localization.reader import Reader
from tracking.models import Shop
from tracking.shops import ShopContact, policy_of
from tracking.shops.pictures import PictureLinks, logo_links
from tracking.shops.stylesheet import stylesheet_path
from tracking.typed_input.opening_hours import OpeningPeriod

ANY_DAY: Final = date(2026, 1, 1)


class ShopFacts(NamedTuple):
    """A shop as its buyers' pages show it; `contact` is None where it has named no way to reach it."""

    name: str
    slug: str
    logo: PictureLinks | None
    stylesheet: str
    website_url: str
    contact: ShopContact | None
    reply_time: str
    hours: list[str]
    zone: str


def shop_facts(shop: Shop, reader: Reader) -> ShopFacts:
    """Return what pages show of a shop. It reads the shop's row only."""
    contact = policy_of(shop).contact
    return ShopFacts(
        name=shop.name,
        slug=shop.slug,
        logo=logo_links(shop),
        stylesheet=stylesheet_path(shop),
        website_url=shop.website_url,
        contact=contact,
        reply_time=reply_time(contact, reader),
        hours=[hours_text(period, reader) for period in contact.opening_hours] if contact else [],
        zone=datetimes.zone_name(contact.zone, reader.locale) if contact and contact.opening_hours else "",
    )


def reply_time(contact: ShopContact | None, reader: Reader) -> str:
    """Return how fast the shop usually answers; '' if it has not said so."""
    if contact is None or contact.reply_hours is None:
        return ""
    hours = contact.reply_hours
    text = ngettext("Usually answers within %(hours)s hour.", "Usually answers within %(hours)s hours.", hours)
    return localize_digits(text % {"hours": hours}, reader)


def hours_text(period: OpeningPeriod, reader: Reader) -> str:
    """Return the hours of some days: `Mon–Fri 09:00–17:00`."""
    opens, closes = (format_clock(moment, reader) for moment in (period.opens, period.closes))
    return _("%(days)s %(opens)s–%(closes)s") % {
        "days": days_text(period.days, reader),
        "opens": opens,
        "closes": closes,
    }


def format_clock(moment: time, reader: Reader) -> str:
    """Return a time of day in the reader's format."""
    return datetimes.format_time_of_day(datetime.combine(ANY_DAY, moment), reader)


def days_text(days: Sequence[int], reader: Reader) -> str:
    """Return days of the week, as a range where they follow each other."""
    names = reader.locale.days["format"]["abbreviated"]
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{names[days[0]]}–{names[days[-1]]}"
    return ", ".join(names[day] for day in days)
