"""The arrival window in words: when, on what that rests, what was said first, and why it moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.eta.scores import RECORD
from tracking.localization import clocks
from tracking.localization.numbers import figures, number
from tracking.localization.places import country_name
from tracking.localization.reader import Reader, clock_in, today_in
from tracking.models import Forecast, Shipment
from tracking.models.forecasts import Basis
from tracking.models.texts import Reason

MOVES_SHOWN: Final = 6


class Move(NamedTuple):
    """One entry of the ledger: since when which window stood there, and why."""

    made_at: datetime
    days: str
    why: str


class Arrival(NamedTuple):
    """The window of a parcel in words. `moves` are the newest first; empty while nothing moved."""

    line: str
    likely: str
    basis: str
    record: str
    promise: str
    moves: list[Move]


def arrival_for(shipment: Shipment, reader: Reader, now: datetime) -> Arrival | None:
    """Return what the page says of the window, or None while there is none that can still come true.

    `shipment.forecast` is the one in force, `shipment.forecasts` all, oldest first.
    """
    found = shipment.forecast
    if found is None or found.last_on < today_in(shipment.order.country, now):
        return None
    shown = [one for one in shipment.forecasts.all() if one.shown]
    return Arrival(
        line=arrives(found, shipment, reader, now),
        likely=likely(found, reader),
        basis=figures(basis(found, shipment, reader), reader),
        record=figures(record_of(found), reader),
        promise=first_promise(shipment, found, shown, reader),
        moves=moves(shown, reader),
    )


def arrives(found: Forecast, shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Say the window: hours on the day itself, else whole days."""
    zone, today = clock_in(shipment.order.country), today_in(shipment.order.country, now)
    if found.from_at and found.until_at and found.from_at.astimezone(zone).date() == today:
        hours = {
            "first": clocks.clock_time(found.from_at.astimezone(zone), reader),
            "last": clocks.clock_time(found.until_at.astimezone(zone), reader),
        }
        return _("Arrives today between %(first)s and %(last)s") % hours
    return _("Arrives %(days)s") % {"days": clocks.days(found.first_on, found.last_on, reader)}


def likely(found: Forecast, reader: Reader) -> str:
    """Say the most likely day, where the window has several."""
    if found.first_on == found.last_on:
        return ""
    return _("Most likely %(day)s") % {"day": clocks.day(found.likely_on, reader)}


def basis(found: Forecast, shipment: Shipment, reader: Reader) -> str:
    """Say on how many parcels of which kind the window rests."""
    if found.by_carrier:
        return _("This is the carrier's own date: on its last parcels it was closer than our own reckoning.")
    if found.basis == Basis.GENERAL:
        return _("From general experience, because few parcels have gone this way yet. So the window is wide.")
    count = number(found.based_on, reader)
    destination = country_name(shipment.order.country, reader.locale)
    if found.basis == Basis.LANE:
        origin = country_name(shipment.origin_country, reader.locale)
        told = {"count": count, "origin": origin, "destination": destination}
        return (
            ngettext(
                "Based on %(count)s parcel from %(origin)s to %(destination)s in the last 12 months.",
                "Based on %(count)s parcels from %(origin)s to %(destination)s in the last 12 months.",
                found.based_on,
            )
            % told
        )
    if found.basis == Basis.DESTINATION:
        return ngettext(
            "Based on %(count)s parcel to %(destination)s in the last 12 months.",
            "Based on %(count)s parcels to %(destination)s in the last 12 months.",
            found.based_on,
        ) % {"count": count, "destination": destination}
    return ngettext(
        "Based on %(count)s parcel of this shop in the last 12 months.",
        "Based on %(count)s parcels of this shop in the last 12 months.",
        found.based_on,
    ) % {"count": count}


def record_of(found: Forecast) -> str:
    """Say how often such windows were right, as measured; nothing while too few ended."""
    measured = RECORD.current().get(found.clock)
    if measured is None:
        return ""
    return _("Measured over the last 60 days, %(share)s of 100 parcels came within the window shown.") % {
        "share": round(measured)
    }


def first_promise(shipment: Shipment, found: Forecast, shown: Sequence[Forecast], reader: Reader) -> str:
    """Say what was first said, once it is not what is said now."""
    first = shown[0] if shown else found
    if (first.first_on, first.last_on) == (found.first_on, found.last_on):
        return ""
    return _("First forecast: %(days)s.") % {"days": clocks.days(first.first_on, first.last_on, reader)}


def moves(shown: Sequence[Forecast], reader: Reader) -> list[Move]:
    """Return the last windows with what moved each, the newest first."""
    if len(shown) < 2:
        return []
    latest = reversed(shown[-MOVES_SHOWN:])
    return [
        Move(one.made_at, clocks.days(one.first_on, one.last_on, reader), str(Reason(one.reason).label))
        for one in latest
    ]
