"""The sentences below the headline of a parcel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import Shipment
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.load import last_return_day
from tracking.page_state.messages import EXPLANATIONS, REASONS, WINDOW_MESSAGES
from tracking.page_state.states import DELIVERED_KINDS, ParcelState, Part, ShownWindow, StateKind
from tracking.vocabulary import JourneyKind, Milestone

PICKUP_KINDS: Final = frozenset({StateKind.READY_TO_COLLECT, StateKind.PICKUP_EXPIRING, StateKind.PICKUP_EXPIRED})


class AnswerNames(NamedTuple):
    """Names that the sentences need, in the reader's language. `carrier` is the one that has the parcel now."""

    shop: str
    carrier: str
    origin: str
    destination: str


def lines_below(
    state: ParcelState,
    facts: ParcelFacts,
    shipment: Shipment,
    names: AnswerNames,
    reader: Reader,
    *,
    has_explanation: bool = False,
) -> list[str]:
    """Return the sentences below the headline, the most important first."""
    values = names._asdict()
    reason = REASONS.get(facts.problem) if facts.problem and state.kind is StateKind.ATTEMPT_FAILED else None
    explanation = None if has_explanation else EXPLANATIONS.get(state.kind)
    sentences = [
        str(reason) if reason else "",
        str(explanation) % values if explanation else "",
        window_sentence(state, facts, reader),
        source_sentence(state.window),
        journey_sentence(state.kind, shipment, names, reader),
        promise_sentence(state, shipment, reader),
        place_sentence(state.kind, facts),
        proof_sentence(state.kind, facts),
        delivery_sentence(state.kind, shipment, reader),
        hours_sentence(state, shipment, reader),
    ]
    return [sentence for sentence in sentences if sentence]


def journey_sentence(kind: StateKind, shipment: Shipment, names: AnswerNames, reader: Reader) -> str:
    """Return what an earlier journey of the parcel explains: it came back, or the buyer had it."""
    is_sent_again = shipment.journey == JourneyKind.SENT_AGAIN and kind not in DELIVERED_KINDS
    if is_sent_again and (day := last_return_day(shipment)):
        values = {"shop": names.shop, "day": datetimes.format_day(day, reader)}
        return _("It came back to %(shop)s on %(day)s and was sent again.") % values
    if kind is StateKind.SENT_BACK and shipment.delivered_on:
        return _("It was delivered to you on %(day)s.") % {"day": datetimes.format_day(shipment.delivered_on, reader)}
    if kind is StateKind.UNTRACKED and (day := local_day(shipment.handed_over_at, shipment)):
        return _("Shipped %(day)s.") % {"day": datetimes.format_day(day, reader)}
    if kind is StateKind.DELIVERY_WITHDRAWN:
        return _("Last known progress: %(milestone)s.") % {"milestone": Milestone(shipment.milestone).label}
    if kind is StateKind.CANCELLED and shipment.is_cancelled_by_operator:
        return _("%(shop)s cancelled this parcel.") % {"shop": names.shop}
    if kind is StateKind.CANCELLED:
        return _("The carrier reports that this parcel was cancelled.")
    return ""


def window_sentence(state: ParcelState, facts: ParcelFacts, reader: Reader) -> str:
    """Return the window where the headline is about something else."""
    if state.window is None or has_window_headline(state, facts) or state.kind is StateKind.OUT_FOR_DELIVERY:
        return ""
    days = datetimes.format_day_range(state.window.first_on, state.window.last_on, reader)
    return _("We expect it %(days)s.") % {"days": days}


def source_sentence(window: ShownWindow | None) -> str:
    """Return who gave the window, where it is the carrier's own date."""
    if window is None or not window.source:
        return ""
    if window.source == "carrier":
        return _("The carrier's own estimate.")
    return _("This is the estimate of %(source)s.") % {"source": window.source}


def promise_sentence(state: ParcelState, shipment: Shipment, reader: Reader) -> str:
    """Return the day that the shop promised, where the parcel can still come."""
    if shipment.promised_on is None or not state.shows(Part.PROMISE):
        return ""
    return _("Promised when you ordered: %(day)s") % {"day": datetimes.format_day(shipment.promised_on, reader)}


def place_sentence(kind: StateKind, facts: ParcelFacts) -> str:
    """Return the name, address and opening hours of the place where the parcel can be collected."""
    point = facts.details.pickup_point
    if kind not in PICKUP_KINDS or point is None:
        return ""
    return ", ".join(filter(None, (point.name, point.address, point.opening_hours)))


def proof_sentence(kind: StateKind, facts: ParcelFacts) -> str:
    """Return who received the parcel, by initials, and what proves it."""
    proof = facts.details.proof
    if kind not in DELIVERED_KINDS or proof is None:
        return ""
    if proof.received_by:
        return _("Received by %(initials)s") % {"initials": proof.received_by}
    if proof.has_signature:
        return _("The carrier has a signature.")
    return _("The carrier has a photo.") if proof.has_photo else ""


def delivery_sentence(kind: StateKind, shipment: Shipment, reader: Reader) -> str:
    """Return what else is known of a delivery: its zone, or that it is in doubt."""
    if kind not in DELIVERED_KINDS:
        return ""
    if shipment.delivery_doubted_at:
        return _("The carrier no longer reports this delivery. We ask again soon.")
    if delivery_time(shipment) is None:
        return ""
    return datetimes.zone_name(zone_of_country(shipment.order.country).key, reader.locale)


def hours_sentence(state: ParcelState, shipment: Shipment, reader: Reader) -> str:
    """Return the zone of the hours in the headline."""
    if state.kind is not StateKind.OUT_FOR_DELIVERY or state.window is None or state.window.earliest_at is None:
        return ""
    return datetimes.zone_name(zone_of_country(shipment.order.country).key, reader.locale)


def has_window_headline(state: ParcelState, facts: ParcelFacts) -> bool:
    """Return whether the headline is a window of days: not on the day itself, and not where it names an amount."""
    if state.window is None or state.kind is StateKind.OUT_FOR_DELIVERY:
        return False
    duty = facts.details.duty
    names_amount = state.kind is StateKind.DUTIES_DUE and duty is not None and duty.amount and duty.currency
    return state.kind in WINDOW_MESSAGES and not names_amount


def delivery_time(shipment: Shipment) -> datetime | None:
    """Return the instant of a delivery in the zone of the destination; None where only its day is certain."""
    if shipment.delivered_at is None:
        return None
    moment = shipment.delivered_at.astimezone(zone_of_country(shipment.order.country))
    # A country with several zones: another day there than at the place of the delivery.
    return moment if moment.date() == shipment.delivered_on else None


def local_day(moment: datetime | None, shipment: Shipment) -> date | None:
    """Return the day of an instant at the destination."""
    return moment.astimezone(zone_of_country(shipment.order.country)).date() if moment else None
