"""The answer of a parcel in words: chip, headline and the lines below it. One text for page, card, mail and push."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.localization import datetimes
from tracking.localization.numbers import format_money, localize_digits
from tracking.localization.places import country_name
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import Shipment
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.headline import Headline, build_headline
from tracking.page_state.load import current_carrier, last_return_day
from tracking.page_state.messages import (
    CHIPS,
    DAY_MESSAGES,
    DUTY_MESSAGE,
    HOURS_MESSAGE,
    PLAIN_MESSAGES,
    WINDOW_MESSAGES,
)
from tracking.page_state.sentences import (
    PICKUP_KINDS,
    AnswerNames,
    delivery_time,
    has_window_headline,
    lines_below,
    local_day,
)
from tracking.page_state.states import DELIVERED_KINDS, ParcelState, ShownWindow, StateKind

RETURNED_KINDS: Final = frozenset({StateKind.RETURNED, StateKind.SENT_BACK})


class ParcelAnswer(NamedTuple):
    """What a reader is told first: a chip, the headline, the likeliest day with its distance, and sentences."""

    chip: str
    headline: Headline
    likely: Headline | None
    likely_ahead: str
    lines: tuple[str, ...]


def names_for(shipment: Shipment, reader: Reader) -> AnswerNames:
    """Return the names for a parcel, of which `legs` with their carriers must be loaded."""
    return AnswerNames(
        shop=shipment.order.shop.name,
        carrier=current_carrier(shipment) or _("The carrier"),
        origin=country_name(shipment.origin_country, reader.locale) or _("the country of origin"),
        destination=country_name(shipment.order.country, reader.locale) or _("the destination"),
    )


def build_answer(
    state: ParcelState,
    facts: ParcelFacts,
    shipment: Shipment,
    names: AnswerNames,
    reader: Reader,
    explanation: Sequence[str] = (),
) -> ParcelAnswer:
    """Return the answer of a parcel in the active language. `explanation` replaces the general one of its state."""
    likely = likely_day(state.window) if has_window_headline(state, facts) else None
    return ParcelAnswer(
        chip=str(CHIPS[state.kind]),
        headline=headline_of(state, facts, shipment, names, reader),
        likely=likely_line(likely, reader) if likely else None,
        likely_ahead=days_ahead(likely, facts.today, reader) if likely else "",
        lines=(*explanation, *lines_below(state, facts, shipment, names, reader, has_explanation=bool(explanation))),
    )


def headline_of(
    state: ParcelState, facts: ParcelFacts, shipment: Shipment, names: AnswerNames, reader: Reader
) -> Headline:
    """Return the headline of a parcel's state."""
    if state.window is not None and state.kind in WINDOW_MESSAGES and not duty_amount(facts, reader):
        return window_headline(state.kind, state.window, shipment, reader)
    values = names._asdict()
    if state.kind in DAY_MESSAGES:
        day = day_of(state, facts, shipment, reader)
        with_day, without_day = DAY_MESSAGES[state.kind]
        return build_headline(str(with_day if day else without_day), {**values, "day": day})
    if state.kind is StateKind.DUTIES_DUE and (amount := duty_amount(facts, reader)):
        return build_headline(str(DUTY_MESSAGE), {**values, "amount": amount})
    if state.kind is StateKind.HELD_UP and facts.problem is not None:
        return Headline("", (str(facts.problem.label),))
    return build_headline(str(PLAIN_MESSAGES[state.kind]), values)


def duty_amount(facts: ParcelFacts, reader: Reader) -> str:
    """Return the amount of duty to pay, with its currency; '' if the carrier has not given it."""
    duty = facts.details.duty
    return format_money(duty.amount, duty.currency, reader) if duty and duty.amount and duty.currency else ""


def window_headline(kind: StateKind, window: ShownWindow, shipment: Shipment, reader: Reader) -> Headline:
    """Return the headline with the window: hours on the day of the delivery, otherwise days."""
    zone = zone_of_country(shipment.order.country)
    if kind is StateKind.OUT_FOR_DELIVERY and window.earliest_at and window.latest_at:
        first, last = (
            datetimes.format_time_of_day(moment.astimezone(zone), reader)
            for moment in (window.earliest_at, window.latest_at)
        )
        return build_headline(str(HOURS_MESSAGE), {"first": first, "last": f"\n{last}"})
    if kind is StateKind.OUT_FOR_DELIVERY:
        return build_headline(str(PLAIN_MESSAGES[kind]), {})
    days = datetimes.format_day_range(window.first_on, window.last_on, reader)
    return build_headline(str(WINDOW_MESSAGES[kind]), {"days": days})


def day_of(state: ParcelState, facts: ParcelFacts, shipment: Shipment, reader: Reader) -> str:
    """Return the day that a state is about, as text; with the time of a delivery if it is known; '' if unknown."""
    if state.kind in DELIVERED_KINDS:
        return delivery_moment(shipment, reader)
    day: date | None = None
    if state.kind in RETURNED_KINDS:
        day = last_return_day(shipment)
    elif state.kind in PICKUP_KINDS:
        day = facts.collect_by
    elif state.kind is StateKind.NOT_RECEIVED:
        day = local_day(state.task.due_at, shipment) if state.task else None
    elif state.kind is StateKind.ATTEMPT_FAILED:
        day = shipment.problem_on
    else:
        moments = {
            StateKind.CANCELLED: shipment.cancelled_at,
            StateKind.DELIVERY_WITHDRAWN: shipment.delivery_withdrawn_at,
        }
        day = local_day(moments.get(state.kind), shipment)
    return datetimes.format_day(day, reader) if day else ""


def delivery_moment(shipment: Shipment, reader: Reader) -> str:
    """Return when a parcel was delivered, at the place: day and time, between which a line may end, or the day."""
    if shipment.delivered_on is None:
        return ""
    day, moment = datetimes.format_day(shipment.delivered_on, reader), delivery_time(shipment)
    if moment is None:
        return day
    return _("%(day)s, %(time)s") % {"day": day, "time": "\n" + datetimes.format_time_of_day(moment, reader)}


def likely_day(window: ShownWindow | None) -> date | None:
    """Return the likeliest day of a window of ours with several days."""
    if window is None or window.source or window.first_on == window.last_on:
        return None
    return window.likely_on


def likely_line(day: date, reader: Reader) -> Headline:
    """Return the line that names the likeliest day."""
    return build_headline(_("Most likely |%(day)s|"), {"day": datetimes.format_day(day, reader)})


def days_ahead(day: date, today: date, reader: Reader) -> str:
    """Return how far a day is from today: `in 9 days`; '' for today and earlier."""
    count = (day - today).days
    if count <= 0:
        return ""
    return localize_digits(ngettext("in %(count)s day", "in %(count)s days", count) % {"count": count}, reader)
