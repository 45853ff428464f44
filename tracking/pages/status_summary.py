"""The answer at the top of a parcel's page: where it stands and when it comes, or why nobody can say yet."""

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
    """One line that answers, one that explains, and a tone: good, calm, care or bad. With a window all about that."""

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


def summarize_status(
    shipment: Shipment, overlay_scan: str, delivered_day: date | None, reader: Reader, now: datetime
) -> StatusSummary:
    """Return the answer for one parcel. `last_scan` is what laid its overlay, `delivered_day` the place's own day."""
    milestone = Milestone(shipment.milestone)
    if milestone is Milestone.DELIVERED:
        return delivered_summary(delivered_day, reader)
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
    """Say that it was delivered, and on which day where it was delivered."""
    line = (
        _("Delivered %(day)s") % {"day": datetimes.format_day(delivered_day, reader)}
        if delivered_day
        else _("Delivered")
    )
    return StatusSummary(line, _("Not there? Look with neighbours and in safe places, then tell the shop."), "good")


def overlay_summary(overlay: Overlay, milestone: Milestone, overlay_scan: str) -> StatusSummary:
    """Say what lies over the progress, and what to do about it."""
    if overlay is Overlay.RETURNING:
        return StatusSummary(str(overlay.label), _("Ask the shop what happens next."), "bad")
    scan = Scan(overlay_scan) if overlay_scan else Scan.UNMAPPED
    line = str(scan.label) if scan in NEXT_STEPS and overlay is Overlay.EXCEPTION else str(overlay.label)
    why = str(NEXT_STEPS.get(scan, "")) or _("Last known progress: %(milestone)s.") % {"milestone": milestone.label}
    return StatusSummary(line, why, "bad" if scan is Scan.EXCEPTION_LOST else "care")


def out_for_delivery_summary(shipment: Shipment, reader: Reader, now: datetime) -> StatusSummary:
    """Say that the courier has it, and between which hours it usually comes."""
    arrival = summarize_arrival(shipment, reader, now)
    line = arrival.headline if arrival else _("Out for delivery")
    return StatusSummary(line, _("The courier has it on the round."), "good", arrival)


def expected_summary(shipment: Shipment, milestone: Milestone, reader: Reader, now: datetime) -> StatusSummary:
    """Give the window; without one the carrier's own date while it can still come true; else say why there is none."""
    if arrival := summarize_arrival(shipment, reader, now):
        return StatusSummary(arrival.headline, arrival.basis, "calm", arrival)
    first, last = shipment.carrier_earliest_on, shipment.carrier_latest_on
    if first and last and last >= today_in(shipment.order.country, now):
        span = datetimes.format_day_range(first, last, reader)
        source = shipment.carrier_date_source
        why = (
            _("This is the estimate of %(source)s.") % {"source": source}
            if source
            else _("The carrier's own estimate.")
        )
        return StatusSummary(_("Expected %(days)s") % {"days": span}, why, "calm")
    if milestone is Milestone.PENDING:
        why = _("The carrier has told nothing about this number yet. New parcels can take a day or two to appear.")
        return StatusSummary(_("Waiting for the first scan"), why, "calm")
    if milestone is Milestone.INFO_RECEIVED:
        why = _("The label is made; the parcel was not scanned yet. A date can come with the first scan.")
        return StatusSummary(_("Not handed to the carrier yet"), why, "calm")
    if first and last:
        past = _("The estimate of the carrier, %(days)s, has passed.") % {
            "days": datetimes.format_day_range(first, last, reader)
        }
        return StatusSummary(_("Later than expected"), past, "care")
    return StatusSummary(str(milestone.label), _("No arrival date yet: the carrier has not given one."), "calm")
