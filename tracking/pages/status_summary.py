"""The summary at the top of a parcel's page: its status, and when it arrives or why no date is known yet."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.localization import datetimes
from tracking.localization.reader import Reader, today_in
from tracking.models import Shipment
from tracking.pages.arrival_summary import ArrivalSummary, summarize_arrival
from tracking.vocabulary import Milestone, Overlay, Scan


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
    milestone = Milestone(shipment.milestone)
    if milestone is Milestone.DELIVERED:
        return delivered_summary(shipment.delivered_on, reader)
    if milestone is Milestone.RETURNED:
        return StatusSummary(_("Returned to the sender"), _("Ask the shop about a refund or a new parcel."), "bad")
    if shipment.overlay:
        return overlay_summary(Overlay(shipment.overlay), milestone, overlay_scan)
    if milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return StatusSummary(_("Ready to collect"), _("Bring the tracking number and a proof of identity."), "good")
    if milestone is Milestone.OUT_FOR_DELIVERY:
        return out_for_delivery_summary(shipment, reader, now)
    return expected_summary(shipment, milestone, reader, now)


def delivered_summary(delivered_day: date | None, reader: Reader) -> StatusSummary:
    """Return the summary of a delivered parcel."""
    headline = (
        _("Delivered %(day)s") % {"day": datetimes.format_day(delivered_day, reader)}
        if delivered_day
        else _("Delivered")
    )
    return StatusSummary(headline, _("Not there? Look with neighbours and in safe places, then tell the shop."), "good")


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
