"""The summary above the parcels of an order: how many there are, by when all are here, and when the next one comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.localization import datetimes
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader, zone_of_country
from tracking.page_state import DELIVERED_KINDS
from tracking.page_state.headline import Headline, build_headline
from tracking.pages.parcel_card import DecidedParcel, zone_of_hours


class OrderSummary(NamedTuple):
    """What stands above the cards: the count, the answer for the whole order if there is one, and further sentences."""

    total: str
    headline: Headline | None
    lines: tuple[str, ...]


def summarize_order(parcels: Sequence[DecidedParcel], reader: Reader, now: datetime) -> OrderSummary:
    """Return the summary of an order's parcels."""
    delivered = [parcel for parcel in parcels if parcel.state.kind in DELIVERED_KINDS]
    still_to_come = [parcel for parcel in parcels if not parcel.has_ended]
    return OrderSummary(
        total=count_parcels(len(parcels), len(delivered), reader),
        headline=headline_of_order(still_to_come, reader),
        lines=tuple(filter(None, (next_arrival(still_to_come, reader, now), zone_of_hours(still_to_come, reader)))),
    )


def count_parcels(total: int, delivered: int, reader: Reader) -> str:
    """Return how many parcels there are and how many of them are delivered."""
    values = {"total": format_number(total, reader), "delivered": format_number(delivered, reader)}
    if not delivered:
        return ngettext("%(total)s parcel", "%(total)s parcels", total) % values
    if delivered == total:
        return ngettext("%(total)s parcel, delivered", "%(total)s parcels, all delivered", total) % values
    return ngettext(
        "%(total)s parcel, %(delivered)s delivered", "%(total)s parcels, %(delivered)s delivered", total
    ) % (values)


def headline_of_order(still_to_come: Sequence[DecidedParcel], reader: Reader) -> Headline | None:
    """Return by when everything is here; None for a single parcel, and where one of several has no window."""
    last_days = [parcel.window.last_on for parcel in still_to_come if parcel.window]
    if len(still_to_come) < 2 or len(last_days) < len(still_to_come):
        return None
    return build_headline(_("All here |by %(day)s|"), {"day": datetimes.format_day(max(last_days), reader)})


def next_arrival(still_to_come: Iterable[DecidedParcel], reader: Reader, now: datetime) -> str:
    """Return the sentence that says when the next parcel comes most likely; '' where no date is known."""
    likely = [(parcel.window.likely_on, parcel) for parcel in still_to_come if parcel.window]
    if not likely:
        return ""
    day, parcel = min(likely, key=lambda pair: pair[0])
    today = now.astimezone(zone_of_country(parcel.shipment.order.country)).date()
    return say_next(day, today, reader)


def say_next(day: date, today: date, reader: Reader) -> str:
    """Return when the next parcel comes."""
    if day <= today:
        return _("The next one comes today.")
    return _("The next one most likely comes on %(day)s.") % {"day": datetimes.format_day(day, reader)}
