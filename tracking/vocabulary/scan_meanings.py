"""What each scan means for the reader: one or two short sentences, shown when a row of the timeline is opened.

A row stays on the page for weeks, on the way to the buyer and on the way back. So no sentence names a direction, a date
or a person, and a request is only pointed to: the page asks at its top while it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.vocabulary.journeys import Scan

SCAN_MEANINGS: Final[Mapping[Scan, Promise]] = {
    Scan.ORDER_LABEL_CREATED: _(
        "The carrier knows that the parcel is coming. The next news comes when it receives the parcel."
    ),
    Scan.ORDER_AWAITING_HANDOVER: _("The parcel is packed and ready. The carrier scans it when it takes it over."),
    Scan.ORDER_CANCELLED: _(
        "The booking with the carrier was cancelled. The parcel will not travel under this number."
    ),
    Scan.ORIGIN_PICKUP_FAILED: _(
        "The carrier came for the parcel but could not take it. The sender and the carrier agree on another time."
    ),
    Scan.ORIGIN_PICKED_UP: _("The carrier has collected the parcel. Next it goes to a sorting centre."),
    Scan.ORIGIN_ACCEPTED: _("The carrier has the parcel and is responsible for it from now on. Next it is sorted."),
    Scan.ORIGIN_FACILITY_ARRIVED: _(
        "The parcel is being sorted in the country it was sent from. Next it travels on from there."
    ),
    Scan.ORIGIN_FACILITY_DEPARTED: _(
        "The parcel is sorted and on its way to the next stop, still in the country it was sent from."
    ),
    Scan.EXPORT_OFFICE_ARRIVED: _(
        "The parcel has reached the office where parcels leave the country. Export checks come next."
    ),
    Scan.EXPORT_CUSTOMS_PRESENTED: _(
        "Customs checks what leaves the country. The parcel can travel on once customs has released it."
    ),
    Scan.EXPORT_CUSTOMS_HELD: _(
        "Customs has stopped the parcel before it leaves the country. The sender and the carrier deal with this."
    ),
    Scan.EXPORT_CUSTOMS_RELEASED: _(
        "Customs lets the parcel leave the country. It takes the next flight, ship or truck."
    ),
    Scan.EXPORT_OFFICE_HELD: _(
        "The parcel is waiting to leave the country, for example for space on a flight. The carrier deals with this."
    ),
    Scan.EXPORT_OFFICE_DEPARTED: _(
        "The parcel is leaving the country. The next scan often comes only when it arrives, and that can take days."
    ),
    Scan.EXPORT_CANCELLED: _("The parcel will not leave the country. It usually goes back to the sender."),
    Scan.LINEHAUL_HANDED_TO_CARRIER: _(
        "An airline or freight company now has the parcel. The next scan often comes only when it arrives."
    ),
    Scan.LINEHAUL_DEPARTED: _(
        "The parcel has left the country it was sent from. There may be no news until it arrives in the next one."
    ),
    Scan.LINEHAUL_TRANSIT_ARRIVED: _("The parcel changes here to the next flight, ship or truck on its route."),
    Scan.LINEHAUL_TRANSIT_DEPARTED: _("The parcel has left the hub and is travelling to the next stop on its route."),
    Scan.LINEHAUL_IN_TRANSIT: _("The parcel is travelling. The carrier gave no more detail than that."),
    Scan.LINEHAUL_ARRIVED_DESTINATION: _(
        "The parcel has arrived in the destination country. If customs has to check it, that comes next."
    ),
    Scan.IMPORT_OFFICE_ARRIVED: _(
        "The parcel has reached the office that presents it to customs. The check comes next."
    ),
    Scan.IMPORT_OFFICE_HELD: _(
        "The parcel is waiting at the import office. If you need to do anything, this page asks at the top."
    ),
    Scan.IMPORT_CUSTOMS_PRESENTED: _(
        "Customs checks what enters the country. If you need to do anything, this page asks at the top."
    ),
    Scan.IMPORT_CUSTOMS_HELD: _(
        "Customs is keeping the parcel for a closer check. If you need to do anything, this page asks at the top."
    ),
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: _(
        "Customs needs documents or information. If they must come from you, this page asks for them at the top."
    ),
    Scan.IMPORT_DUTIES_DUE: _(
        "Duty or tax must be paid before the parcel travels on. If you have to pay, use only the carrier's own site."
    ),
    Scan.IMPORT_CUSTOMS_RELEASED: _("Customs has released the parcel. Local delivery comes next."),
    Scan.IMPORT_TERMINATED: _("Customs did not let the parcel into the country. It usually goes back to the sender."),
    Scan.IMPORT_OFFICE_DEPARTED: _("The parcel has left the import office and is on its way to local delivery."),
    Scan.LASTMILE_HANDED_OVER: _(
        "The local delivery company has taken over the parcel and carries it the rest of the way."
    ),
    Scan.LASTMILE_FACILITY_ARRIVED: _("The parcel is being sorted in the region where it will be delivered."),
    Scan.LASTMILE_FACILITY_DEPARTED: _("The parcel is sorted and on its way to the courier's depot."),
    Scan.LASTMILE_DELIVERY_OFFICE_ARRIVED: _("The parcel is at the courier's depot. Next it goes out for delivery."),
    Scan.LASTMILE_HELD: _(
        "The parcel is waiting at the delivery depot. If you need to do anything, this page asks at the top."
    ),
    Scan.LASTMILE_DELIVERY_SCHEDULED: _(
        "The carrier has planned the delivery. The plan can still change until the courier leaves."
    ),
    Scan.LASTMILE_FORWARDED: _("The parcel is being sent on to another address or depot, so it needs more time."),
    Scan.DELIVERY_OUT: _("The courier has the parcel and is on the way. It usually arrives the same day."),
    Scan.DELIVERY_ATTEMPT_FAILED_ABSENT: _(
        "The courier came, but nobody was there. The carrier usually tries again or uses a pick-up point."
    ),
    Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS: _(
        "The carrier cannot deliver to this address. If you need to do anything, this page asks at the top."
    ),
    Scan.DELIVERY_ATTEMPT_FAILED_REFUSED: _(
        "The carrier says that the parcel was refused at the door. It usually goes back to the sender."
    ),
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER: _(
        "The courier could not deliver the parcel. The carrier usually tries again on the next working day."
    ),
    Scan.PICKUP_AVAILABLE: _(
        "The parcel can be collected at the pick-up point. After its last day there it goes back to the sender."
    ),
    Scan.PICKUP_NOT_COLLECTED: _("The time to collect the parcel is over. It usually goes back to the sender."),
    Scan.DELIVERY_DELIVERED: _("The carrier has delivered the parcel. No more news is expected."),
    Scan.DELIVERY_COLLECTED: _("The parcel was collected at the pick-up point. No more news is expected."),
    Scan.DELIVERY_LEFT_WITH_NEIGHBOUR: _(
        "The courier gave the parcel to a neighbour. A note at the door or in the mailbox often says which one."
    ),
    Scan.EXCEPTION_DELAYED: _(
        "The carrier needs longer than planned. Nothing for you to do: the parcel continues by itself."
    ),
    Scan.EXCEPTION_DAMAGED: _(
        "The carrier found damage. It either repacks the parcel and sends it on, or returns it to the sender."
    ),
    Scan.EXCEPTION_LOST: _("The carrier cannot find the parcel. If it is found, this page shows it."),
    Scan.RETURN_STARTED: _(
        "The parcel is on its way back to the sender. The way back can take as long as the way there."
    ),
    Scan.RETURN_COMPLETED: _("The sender has the parcel back. No more news is expected from this journey."),
    Scan.UNMAPPED: _("We cannot match this news to a known step, so we show it in the carrier's own words."),
}
