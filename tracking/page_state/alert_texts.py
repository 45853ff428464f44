"""Texts of alerts for buyers: what an alert means, what happens next, what helps. Numbers come from the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracking.localization import datetimes, places
from tracking.localization.numbers import format_number, localize_digits
from tracking.localization.reader import Reader
from tracking.vocabulary import AlertKind, Cause


class AlertExplanation(NamedTuple):
    """Three localized texts; the last two may be empty."""

    meaning: str
    next_step: str
    advice: str


MEANINGS: Final = {
    AlertKind.PAPERS_ASKED: gettext_lazy("Customs asks for documents before it releases the parcel."),
    AlertKind.TAX_ID_ASKED: gettext_lazy("Customs asks for the recipient's tax number."),
    AlertKind.DUTIES_DUE: gettext_lazy("Duties or taxes must be paid before customs releases it."),
    AlertKind.ADDRESS_PROBLEM: gettext_lazy("The carrier cannot deliver to the address as it is written."),
    AlertKind.UNREACHABLE: gettext_lazy("The carrier could not reach anyone at the address or by phone."),
    AlertKind.LATE_RISK: gettext_lazy("It will probably arrive after the promised date."),
    AlertKind.HELD: gettext_lazy("It is held on the way. The carrier names nothing that you could do."),
    AlertKind.DAMAGED: gettext_lazy("The carrier reports that it is damaged."),
    AlertKind.LOST: gettext_lazy("The carrier reports that it is lost."),
    AlertKind.RETURNING: gettext_lazy("It is on its way back to the sender."),
    AlertKind.IMPOSSIBLE_TRAVEL: gettext_lazy("Two scans are too far apart for the time between them."),
    AlertKind.TWO_PARCELS: gettext_lazy("Some of the scans seem to belong to another parcel with the same number."),
}
NEXT_STEPS: Final = {
    AlertKind.CUSTOMS_DWELL: gettext_lazy("Customs releases most parcels without any help from you."),
    AlertKind.PAPERS_ASKED: gettext_lazy("It waits at customs. Without the documents it goes back after a few weeks."),
    AlertKind.TAX_ID_ASKED: gettext_lazy("It waits at customs. Without the number it goes back after a few weeks."),
    AlertKind.DUTIES_DUE: gettext_lazy("It usually continues within a working day of the payment."),
    AlertKind.ADDRESS_PROBLEM: gettext_lazy(
        "It waits at the depot. Without the right address it goes back to the sender."
    ),
    AlertKind.UNREACHABLE: gettext_lazy("The carrier usually tries again or takes it to a pick-up point."),
    AlertKind.STALLED: gettext_lazy("Most such parcels move again by themselves. We keep asking the carrier."),
    AlertKind.LATE_RISK: gettext_lazy("We update the date with every scan."),
    AlertKind.PROMISE_AT_RISK: gettext_lazy("We keep asking the carrier and tell you what it says."),
    AlertKind.ATTEMPTED: gettext_lazy("The carrier usually tries again on the next working day."),
    AlertKind.PICKUP_EXPIRING: gettext_lazy("After that day it goes back to the sender."),
    AlertKind.HELD: gettext_lazy("You see it here as soon as the carrier moves it on."),
    AlertKind.DAMAGED: gettext_lazy("The carrier repacks it or returns it to the sender."),
    AlertKind.LOST: gettext_lazy("The carrier searches for a few weeks. Few parcels are found after that."),
    AlertKind.RETURNING: gettext_lazy("The way back takes about as long as the way here."),
    AlertKind.WRONG_COUNTRY: gettext_lazy("Carriers usually send a misrouted parcel on within a few days."),
    AlertKind.FEED_SILENT: gettext_lazy("We keep trying. The parcel itself may well be moving."),
    AlertKind.DELIVERY_WITHDRAWN: gettext_lazy("We keep asking the carrier and show here what it says."),
}
ADVICE: Final = {
    AlertKind.CUSTOMS_DWELL: gettext_lazy("Look for a message from the carrier or customs, in the spam folder too."),
    AlertKind.PAPERS_ASKED: gettext_lazy("Send the shop's invoice and proof of payment to whoever asks for them."),
    AlertKind.TAX_ID_ASKED: gettext_lazy("Give the number to the carrier, or answer the shop's message."),
    AlertKind.DUTIES_DUE: gettext_lazy("Pay on the carrier's own site only. This page never takes money."),
    AlertKind.ADDRESS_PROBLEM: gettext_lazy(
        "Give the shop the full address today, with house number and phone number."
    ),
    AlertKind.UNREACHABLE: gettext_lazy("Call the carrier with the tracking number, or choose another day."),
    AlertKind.STALLED: gettext_lazy("If nothing moves within a week, ask the shop to open a search."),
    AlertKind.PROMISE_AT_RISK: gettext_lazy("Need it by then? Tell the shop now."),
    AlertKind.ATTEMPTED: gettext_lazy(
        "Make sure that someone is there, or choose a pick-up point on the carrier's site."
    ),
    AlertKind.PICKUP_EXPIRING: gettext_lazy("Bring the tracking number and proof of identity."),
    AlertKind.DAMAGED: gettext_lazy("Photograph the parcel before you open it, and tell the shop."),
    AlertKind.LOST: gettext_lazy("Ask the shop for a replacement or a refund."),
    AlertKind.DELIVERY_WITHDRAWN: gettext_lazy("If you do have it, there is nothing for you to do."),
    AlertKind.RETURNING: gettext_lazy("Ask the shop to send it again or to refund you."),
    AlertKind.WRONG_COUNTRY: gettext_lazy("Tell the shop if it is not back on its route within a week."),
    AlertKind.TWO_PARCELS: gettext_lazy("Ask the shop whether the tracking number is right."),
}


def explain_alert(kind: AlertKind, evidence: Mapping[str, Any], reader: Reader) -> AlertExplanation:
    """Return the texts of an alert for a reader. `evidence` is what its rule stored."""
    meaning = str(MEANINGS[kind]) if kind in MEANINGS else MEANING_FUNCTIONS[kind](evidence, reader)
    if kind is AlertKind.PAPERS_ASKED and evidence.get("cause") == Cause.IDENTITY_MISSING:
        meaning = _("Customs asks for proof of identity before it releases the parcel.")
    texts = (meaning, str(NEXT_STEPS.get(kind, "")), str(ADVICE.get(kind, "")))
    return AlertExplanation(*(localize_digits(text, reader) for text in texts))


def customs_dwell_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say that customs takes longer than usual, and what is usual."""
    return _("Customs has had it longer than usual: 95 of 100 parcels pass within %(days)s.") % {
        "days": format_working_days(evidence, reader)
    }


def stalled_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say that the parcel has not moved for longer than usual, and what is usual."""
    days = round(float(evidence["limit_days"]))
    return ngettext(
        "It has not moved on for longer than usual: 95 of 100 parcels leave this stage within %(days)s day.",
        "It has not moved on for longer than usual: 95 of 100 parcels leave this stage within %(days)s days.",
        days,
    ) % {"days": format_number(days, reader)}


def format_working_days(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Return the limit as a number of working days."""
    days = round(float(evidence["limit_days"]))
    return ngettext("%(days)s working day", "%(days)s working days", days) % {"days": format_number(days, reader)}


def promise_at_risk_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say which day was promised, and whether it is past."""
    day = datetimes.format_day(date.fromisoformat(evidence["promised_on"]), reader)
    text = _("It was promised by %(day)s and has not arrived.") if evidence.get("past") else _("Promised by %(day)s.")
    return text % {"day": day}


def attempted_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say how often the carrier has tried."""
    attempts = int(evidence.get("attempts", 1))
    return ngettext(
        "The carrier tried to deliver it %(tries)s time.", "The carrier tried to deliver it %(tries)s times.", attempts
    ) % {"tries": format_number(attempts, reader)}


def pickup_expiring_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say until when the parcel is kept, and whether the carrier said so or it is our estimate."""
    day = datetimes.format_day(date.fromisoformat(evidence["until"]), reader)
    from_carrier = _("It is kept until %(day)s.")
    estimated = _("Pick-up points keep a parcel about a week: probably until %(day)s.")
    return (from_carrier if evidence.get("from_carrier") else estimated) % {"day": day}


def wrong_country_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say in which country the parcel was scanned."""
    country = places.country_name(str(evidence.get("country", "")), reader.locale)
    return _("It was scanned in %(country)s, which is not on its route.") % {"country": country}


def feed_silent_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say that our feed is down, which says nothing about the parcel."""
    last_answer_at = evidence.get("last_answer_at")
    text = _("Our data feed is silent. That says nothing about the parcel itself.")
    if not last_answer_at:
        return text
    when = datetimes.format_instant(datetime.fromisoformat(last_answer_at), reader)
    return text + " " + _("Last heard: %(when)s.") % {"when": when}


def delivery_withdrawn_meaning(evidence: Mapping[str, Any], reader: Reader) -> str:
    """Say that the carrier took the delivery back, or that its last answer no longer has it."""
    if evidence.get("doubted"):
        return _("The carrier's last answer no longer says that it was delivered.")
    if evidence.get("no_longer_reported"):
        return _("The carrier no longer says that it was delivered. It is under way again.")
    return _("The carrier reported it as delivered, then that it is still under way.")


MEANING_FUNCTIONS: Final = {
    AlertKind.CUSTOMS_DWELL: customs_dwell_meaning,
    AlertKind.STALLED: stalled_meaning,
    AlertKind.PROMISE_AT_RISK: promise_at_risk_meaning,
    AlertKind.ATTEMPTED: attempted_meaning,
    AlertKind.PICKUP_EXPIRING: pickup_expiring_meaning,
    AlertKind.WRONG_COUNTRY: wrong_country_meaning,
    AlertKind.FEED_SILENT: feed_silent_meaning,
    AlertKind.DELIVERY_WITHDRAWN: delivery_withdrawn_meaning,
}
