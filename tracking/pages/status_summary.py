"""The summary at the top of a parcel's page: its status, and when it arrives or why no date is known yet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.localization import datetimes
from tracking.localization.reader import Reader, today_in, zone_of_country
from tracking.models import Shipment
from tracking.pages.arrival_summary import ArrivalSummary, summarize_arrival
from tracking.vocabulary import JourneyKind, Milestone, Overlay, Scan, TrackingState


class StatusSummary(NamedTuple):
    """A headline, an explanation, a tone (good, calm, care or bad), and the arrival window if there is one."""

    headline: str
    explanation: str
    tone: str
    arrival: ArrivalSummary | None = None


NEXT_STEPS: Final = {
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: gettext_lazy("Customs needs papers or information before it can go on."),
    Scan.IMPORT_DUTIES_DUE: gettext_lazy(
        "It goes on once duties or taxes are paid. Pay only on the carrier's own site; this page never takes money."
    ),
    Scan.IMPORT_CUSTOMS_HELD: gettext_lazy(
        "Customs keeps it for a closer look. Most such parcels go on by themselves."
    ),
    Scan.EXPORT_CUSTOMS_HELD: gettext_lazy("Export customs keeps it. That is for the sender to settle, not for you."),
    Scan.EXCEPTION_LOST: gettext_lazy("The carrier cannot find it. Ask the shop for a new parcel or your money back."),
    Scan.EXCEPTION_DAMAGED: gettext_lazy("The carrier reports damage. Ask the shop what happens next."),
    Scan.EXCEPTION_DELAYED: gettext_lazy("The carrier expects a delay and gives no new date."),
    Scan.PICKUP_NOT_COLLECTED: gettext_lazy("It was not collected in time and may go back. Ask the carrier at once."),
    Scan.DELIVERY_ATTEMPT_FAILED_ABSENT: gettext_lazy("Nobody could receive it. The carrier usually tries once more."),
    Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS: gettext_lazy("The address was a problem. Tell the shop the right one today."),
    Scan.DELIVERY_ATTEMPT_FAILED_REFUSED: gettext_lazy("The carrier says that it was refused."),
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER: gettext_lazy("The carrier usually tries once more on the next working day."),
}


def summarize_status(shipment: Shipment, overlay_scan: str, reader: Reader, now: datetime) -> StatusSummary:
    """Return the summary of one parcel; `overlay_scan` is the scan that set its overlay, or ''."""
    if summary := journey_summary(shipment, reader):
        return summary
    summary = progress_summary(shipment, overlay_scan, reader, now)
    if shipment.journey == JourneyKind.SENT_AGAIN:
        return summary._replace(explanation=f"{sent_again_text(shipment, reader)} {summary.explanation}")
    return summary


def journey_summary(shipment: Shipment, reader: Reader) -> StatusSummary | None:
    """Return the summary of a parcel that is not simply on its way to the buyer; None for one that is."""
    milestone = Milestone(shipment.milestone)
    if shipment.has_only_earlier_use:
        explanation = _("The number was used before. Those events are not about your parcel; they stand folded below.")
        return StatusSummary(_("The carrier has not started with this parcel yet"), explanation, "calm")
    if milestone is Milestone.RETURNED:
        return returned_summary(shipment, reader)
    if shipment.journey == JourneyKind.BUYER_RETURN:
        return StatusSummary(str(Overlay.RETURNING.label), delivered_text(shipment, reader), "calm")
    if milestone is Milestone.DELIVERED:
        return delivered_summary(shipment, reader)
    if shipment.cancelled_at is not None and shipment.overlay != Overlay.RETURNING:
        return cancelled_summary(shipment, shipment.cancelled_at, reader)
    if shipment.delivery_withdrawn_at:
        return withdrawn_delivery_summary(shipment, milestone, reader)
    return None


def returned_summary(shipment: Shipment, reader: Reader) -> StatusSummary:
    """Return the summary of a parcel that is back at the sender: undelivered, or sent back by the buyer."""
    ended_on = shipment.journeys[-1]["ended_on"] if shipment.journeys else None
    day = datetimes.format_day(date.fromisoformat(ended_on), reader) if ended_on else ""
    headline = _("Back at the sender since %(day)s") % {"day": day} if day else _("Returned to the sender")
    if shipment.journey == JourneyKind.BUYER_RETURN:
        return StatusSummary(headline, delivered_text(shipment, reader), "good")
    return StatusSummary(headline, _("Ask the shop about a refund or a new parcel."), "bad")


def delivered_text(shipment: Shipment, reader: Reader) -> str:
    """Return a sentence that says when the buyer got a parcel that travelled back afterwards."""
    if shipment.delivered_on is None:
        return _("It was delivered to you before.")
    return _("It was delivered to you on %(day)s.") % {"day": datetimes.format_day(shipment.delivered_on, reader)}


def sent_again_text(shipment: Shipment, reader: Reader) -> str:
    """Return a sentence that says that a parcel was sent again, and when it had come back."""
    earlier = [journey["ended_on"] for journey in shipment.journeys[:-1] if journey["kind"] == JourneyKind.RETURN]
    if not earlier or not earlier[-1]:
        return _("It was sent again.")
    day = datetimes.format_day(date.fromisoformat(earlier[-1]), reader)
    return _("It came back to the sender on %(day)s and was sent again.") % {"day": day}


def withdrawn_delivery_summary(shipment: Shipment, milestone: Milestone, reader: Reader) -> StatusSummary:
    """Return the summary of a parcel whose reported delivery turned out to be none."""
    assert shipment.delivery_withdrawn_at is not None
    day = shipment.delivery_withdrawn_at.astimezone(zone_of_country(shipment.order.country)).date()
    headline = _("The carrier took “delivered” back on %(day)s") % {"day": datetimes.format_day(day, reader)}
    status = Overlay(shipment.overlay).label if shipment.overlay else milestone.label
    return StatusSummary(headline, _("It is under way again: %(status)s.") % {"status": status}, "care")


def progress_summary(shipment: Shipment, overlay_scan: str, reader: Reader, now: datetime) -> StatusSummary:
    """Return the summary of a parcel on its way to the buyer."""
    milestone = Milestone(shipment.milestone)
    if shipment.overlay:
        return overlay_summary(Overlay(shipment.overlay), milestone, overlay_scan)
    if milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return StatusSummary(_("Ready to collect"), _("Bring the tracking number and a proof of identity."), "good")
    if milestone is Milestone.OUT_FOR_DELIVERY:
        return out_for_delivery_summary(shipment, reader, now)
    return expected_summary(shipment, milestone, reader, now)


def delivered_summary(shipment: Shipment, reader: Reader) -> StatusSummary:
    """Return the summary of a delivered parcel."""
    headline = (
        _("Delivered %(day)s") % {"day": datetimes.format_day(shipment.delivered_on, reader)}
        if shipment.delivered_on
        else _("Delivered")
    )
    if shipment.delivery_doubted_at:
        return StatusSummary(headline, _("The carrier no longer reports this delivery. We ask again soon."), "care")
    return StatusSummary(headline, _("Not there? Look with neighbours and in safe places, then tell the shop."), "good")


def cancelled_summary(shipment: Shipment, cancelled_at: datetime, reader: Reader) -> StatusSummary:
    """Return the summary of a cancelled parcel: since which day at the destination, and who says so."""
    day = today_in(shipment.order.country, cancelled_at)
    headline = _("Cancelled %(day)s") % {"day": datetimes.format_day(day, reader)}
    if shipment.is_cancelled_by_operator:
        return StatusSummary(headline, _("The shop cancelled this parcel."), "calm")
    return StatusSummary(headline, _("The carrier reports that this parcel was cancelled."), "calm")


def untracked_summary(shipment: Shipment, reader: Reader, now: datetime) -> StatusSummary:
    """Return the summary of a parcel that was shipped without tracking: its usual window, and when it was shipped."""
    arrival, shipped_at = summarize_arrival(shipment, reader, now), shipment.handed_over_at
    explanation = _("Sent without tracking: there is no news on the way.")
    if shipped_at is not None:
        day = datetimes.format_day(today_in(shipment.origin_country, shipped_at), reader)
        explanation = _("Shipped %(day)s without tracking: there is no news on the way.") % {"day": day}
    return StatusSummary(arrival.headline if arrival else _("Sent without tracking"), explanation, "calm", arrival)


def overlay_summary(overlay: Overlay, milestone: Milestone, overlay_scan: str) -> StatusSummary:
    """Return the summary of a parcel with an overlay: the problem, and what to do about it."""
    if overlay is Overlay.RETURNING:
        return StatusSummary(str(overlay.label), _("Ask the shop what happens next."), "bad")
    scan = Scan(overlay_scan) if overlay_scan else Scan.UNMAPPED
    headline = str(scan.label) if scan in NEXT_STEPS and overlay is Overlay.EXCEPTION else str(overlay.label)
    explanation = str(NEXT_STEPS.get(scan, "")) or _("Last known progress: %(milestone)s.") % {
        "milestone": milestone.label
    }
    return StatusSummary(headline, explanation, "bad" if scan is Scan.EXCEPTION_LOST else "care")


def out_for_delivery_summary(shipment: Shipment, reader: Reader, now: datetime) -> StatusSummary:
    """Return the summary of a parcel out for delivery, with its window if there is one."""
    arrival = summarize_arrival(shipment, reader, now)
    headline = arrival.headline if arrival else _("Out for delivery")
    return StatusSummary(headline, _("The courier has it on the round."), "good", arrival)


def expected_summary(shipment: Shipment, milestone: Milestone, reader: Reader, now: datetime) -> StatusSummary:
    """Return the summary of a parcel under way: our window, else the carrier's date if not passed, else the reason."""
    if shipment.is_untracked and milestone is Milestone.ACCEPTED:
        return untracked_summary(shipment, reader, now)
    if arrival := summarize_arrival(shipment, reader, now):
        return StatusSummary(arrival.headline, arrival.basis, "calm", arrival)
    first, last = shipment.carrier_earliest_on, shipment.carrier_latest_on
    if first and last and last >= today_in(shipment.order.country, now):
        span = datetimes.format_day_range(first, last, reader)
        source = shipment.carrier_date_source
        explanation = (
            _("This is the estimate of %(source)s.") % {"source": source}
            if source
            else _("The carrier's own estimate.")
        )
        return StatusSummary(_("Expected %(days)s") % {"days": span}, explanation, "calm")
    if milestone is Milestone.PENDING and shipment.tracking_state is TrackingState.NO_NUMBER:
        explanation = _("News of your parcel begins once the shop enters its number.")
        return StatusSummary(_("Your parcel has no tracking number yet"), explanation, "calm")
    if milestone is Milestone.PENDING:
        explanation = _(
            "The carrier has told nothing about this number yet. New parcels can take a day or two to appear."
        )
        return StatusSummary(_("Waiting for the first scan"), explanation, "calm")
    if milestone is Milestone.INFO_RECEIVED:
        explanation = _("The label is made; the parcel was not scanned yet. A date can come with the first scan.")
        return StatusSummary(_("Not handed to the carrier yet"), explanation, "calm")
    if first and last:
        explanation = _("The estimate of the carrier, %(days)s, has passed.") % {
            "days": datetimes.format_day_range(first, last, reader)
        }
        return StatusSummary(_("Later than expected"), explanation, "care")
    return StatusSummary(str(milestone.label), _("No arrival date yet: the carrier has not given one."), "calm")
