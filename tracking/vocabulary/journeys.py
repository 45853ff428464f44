"""How far a parcel is, which way it travels, and what carriers report of it."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Milestone(TextChoices):
    """How far a parcel has come. The first ten are progress and have a rank; the others are problems and returns."""

    PENDING = "pending", _("Waiting for first news")
    INFO_RECEIVED = "info_received", _("Label made")
    ACCEPTED = "accepted", _("With the carrier")
    EXPORT_CUSTOMS = "export_customs", _("Export customs")
    LINEHAUL = "linehaul", _("Between countries")
    IMPORT_CUSTOMS = "import_customs", _("Import customs")
    LAST_MILE = "last_mile", _("With the local delivery company")
    OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
    AVAILABLE_FOR_PICKUP = "available_for_pickup", _("Ready to collect")
    DELIVERED = "delivered", _("Delivered")
    ATTEMPT_FAILED = "attempt_failed", _("Delivery tried")
    EXCEPTION = "exception", _("Something is wrong")
    RETURNING = "returning", _("On its way back to the sender")
    RETURNED = "returned", _("Returned to the sender")

    @property
    def rank(self) -> int | None:
        """Return the progress, 0 to 90; None for a milestone that is no progress."""
        return MILESTONE_RANKS.get(self)

    @classmethod
    def final(cls) -> frozenset[Milestone]:
        """Return the milestones after which nothing more is expected."""
        return frozenset({cls.DELIVERED, cls.RETURNED})


MILESTONE_RANKS: Final[dict[Milestone, int]] = {
    Milestone.PENDING: 0,
    Milestone.INFO_RECEIVED: 10,
    Milestone.ACCEPTED: 20,
    Milestone.EXPORT_CUSTOMS: 30,
    Milestone.LINEHAUL: 40,
    Milestone.IMPORT_CUSTOMS: 50,
    Milestone.LAST_MILE: 60,
    Milestone.OUT_FOR_DELIVERY: 70,
    Milestone.AVAILABLE_FOR_PICKUP: 75,
    Milestone.DELIVERED: 90,
}


class JourneyStage(TextChoices):
    """The stages of a journey, in order. Models predict the days from each of them to the delivery."""

    ORDERED = "ordered", _("since the order")
    HANDED_OVER = "handed_over", _("since the carrier has it")
    EXPORTED = "exported", _("since it left the country")
    ARRIVED = "arrived", _("since it arrived in the destination country")
    CLEARED = "cleared", _("since customs released it")
    OUT_FOR_DELIVERY = "out_for_delivery", _("since it went out for delivery")


class Overlay(TextChoices):
    """A problem or a return on top of the milestone, so that "held, at import customs" keeps both. Empty: neither."""

    ATTEMPT_FAILED = "attempt_failed", _("Delivery tried")
    EXCEPTION = "exception", _("Something is wrong")
    RETURNING = "returning", _("On its way back to the sender")


class JourneyKind(TextChoices):
    """Which way a parcel travels. One that comes back and is sent again makes several journeys under one number."""

    OUTBOUND = "outbound", _("To you")
    RETURN = "return", _("Back to the sender")
    SENT_AGAIN = "sent_again", _("Sent again")
    BUYER_RETURN = "buyer_return", _("Sent back by you")


class Exclusion(TextChoices):
    """Why a scan does not count for a parcel."""

    WITHDRAWN = "withdrawn", _("The carrier no longer reports it")
    EARLIER_USE = "earlier_use", _("From an earlier use of the number")
    LATER_USE = "later_use", _("From a later use of the number")
    FUTURE = "future", _("Dated in the future: it counts once its time has come")
    REMOVED = "removed", _("Under a number that was removed")
    OTHER_PARCEL = "other_parcel", _("Of another parcel with this number")


class StatementKind(TextChoices):
    """What an operator can state about a parcel."""

    DELIVERED = "delivered", _("It was delivered")
    LOST = "lost", _("It is lost")
    CANCELLED = "cancelled", _("It was cancelled")
    SENT_AGAIN = "sent_again", _("It is sent again")
    UNTRACKED = "untracked", _("It was shipped by a service without tracking")


class TrackingState(TextChoices):
    """Whether news of a parcel can be expected."""

    TRACKED = "tracked"
    NO_NUMBER = "no_number"
    UNTRACKED = "untracked"


class Scan(TextChoices):
    """What a carrier can report: adapters map carriers' codes to these."""

    ORDER_LABEL_CREATED = "order.label_created", _("The shop made the shipping label")
    ORDER_AWAITING_HANDOVER = "order.awaiting_handover", _("Waiting to be handed to the carrier")
    ORDER_CANCELLED = "order.cancelled", _("It was cancelled")
    ORIGIN_PICKUP_FAILED = "origin.pickup_failed", _("The carrier could not collect it from the sender")
    ORIGIN_PICKED_UP = "origin.picked_up", _("Collected from the sender")
    ORIGIN_ACCEPTED = "origin.accepted", _("Accepted by the carrier")
    ORIGIN_FACILITY_ARRIVED = "origin.facility_arrived", _("Arrived at a sorting centre in the country of origin")
    ORIGIN_FACILITY_DEPARTED = "origin.facility_departed", _("Left a sorting centre in the country of origin")
    EXPORT_OFFICE_ARRIVED = "export.office_arrived", _("Arrived at the export office")
    EXPORT_CUSTOMS_PRESENTED = "export.customs_presented", _("Presented to export customs")
    EXPORT_CUSTOMS_HELD = "export.customs_held", _("Held by export customs")
    EXPORT_CUSTOMS_RELEASED = "export.customs_released", _("Released by export customs")
    EXPORT_OFFICE_HELD = "export.office_held", _("Held at the export office")
    EXPORT_OFFICE_DEPARTED = "export.office_departed", _("Left the export office")
    EXPORT_CANCELLED = "export.cancelled", _("Export was cancelled")
    LINEHAUL_HANDED_TO_CARRIER = "linehaul.handed_to_carrier", _("Handed to the airline or freight carrier")
    LINEHAUL_DEPARTED = "linehaul.departed", _("Left the country of origin")
    LINEHAUL_TRANSIT_ARRIVED = "linehaul.transit_arrived", _("Arrived at a transit hub")
    LINEHAUL_TRANSIT_DEPARTED = "linehaul.transit_departed", _("Left a transit hub")
    LINEHAUL_IN_TRANSIT = "linehaul.in_transit", _("On the way")
    LINEHAUL_ARRIVED_DESTINATION = "linehaul.arrived_destination", _("Arrived in the destination country")
    IMPORT_OFFICE_ARRIVED = "import.office_arrived", _("Arrived at the import office")
    IMPORT_OFFICE_HELD = "import.office_held", _("Held at the import office")
    IMPORT_CUSTOMS_PRESENTED = "import.customs_presented", _("Presented to import customs")
    IMPORT_CUSTOMS_HELD = "import.customs_held", _("Held by import customs")
    IMPORT_CUSTOMS_INFO_REQUIRED = "import.customs_info_required", _("Customs asks for documents or information")
    IMPORT_DUTIES_DUE = "import.duties_due", _("Duties or taxes must be paid")
    IMPORT_CUSTOMS_RELEASED = "import.customs_released", _("Released by import customs")
    IMPORT_TERMINATED = "import.terminated", _("Import was refused or ended by customs")
    IMPORT_OFFICE_DEPARTED = "import.office_departed", _("Left the import office")
    LASTMILE_HANDED_OVER = "lastmile.handed_over", _("Handed to the local delivery company")
    LASTMILE_FACILITY_ARRIVED = "lastmile.facility_arrived", _("Arrived at a local sorting centre")
    LASTMILE_FACILITY_DEPARTED = "lastmile.facility_departed", _("Left a local sorting centre")
    LASTMILE_DELIVERY_OFFICE_ARRIVED = "lastmile.delivery_office_arrived", _("Arrived at the delivery depot")
    LASTMILE_HELD = "lastmile.held", _("Held at the delivery depot")
    LASTMILE_DELIVERY_SCHEDULED = "lastmile.delivery_scheduled", _("Delivery was scheduled")
    LASTMILE_FORWARDED = "lastmile.forwarded", _("Forwarded to another address or depot")
    DELIVERY_OUT = "delivery.out_for_delivery", _("Out for delivery")
    DELIVERY_ATTEMPT_FAILED_ABSENT = (
        "delivery.attempt_failed_absent",
        _("Delivery tried, but nobody was home"),
    )
    DELIVERY_ATTEMPT_FAILED_ADDRESS = (
        "delivery.attempt_failed_address",
        _("Delivery tried, but the address was a problem"),
    )
    DELIVERY_ATTEMPT_FAILED_REFUSED = "delivery.attempt_failed_refused", _("Delivery tried, but it was refused")
    DELIVERY_ATTEMPT_FAILED_OTHER = "delivery.attempt_failed_other", _("Delivery tried without success")
    PICKUP_AVAILABLE = "pickup.available", _("Ready to collect at a pick-up point")
    PICKUP_NOT_COLLECTED = "pickup.not_collected", _("It was not collected in time")
    DELIVERY_DELIVERED = "delivery.delivered", _("Delivered")
    DELIVERY_COLLECTED = "delivery.collected", _("Collected at the pick-up point")
    DELIVERY_LEFT_WITH_NEIGHBOUR = "delivery.left_with_neighbour", _("Left with a neighbour")
    EXCEPTION_DELAYED = "exception.delayed", _("Delayed")
    EXCEPTION_DAMAGED = "exception.damaged", _("Reported as damaged")
    EXCEPTION_LOST = "exception.lost", _("Reported as lost")
    RETURN_STARTED = "return.started", _("Sent back towards the sender")
    RETURN_COMPLETED = "return.completed", _("Arrived back at the sender")
    UNMAPPED = "unmapped", _("News in the carrier's own words")

    @property
    def milestone(self) -> Milestone | None:
        """Return the milestone that this scan reaches; None for `UNMAPPED`."""
        return MILESTONE_OF_SCAN[self]

    @property
    def phase(self) -> str:
        """Return the part before the dot: the phase of the journey."""
        return self.value.partition(".")[0]


_MILESTONE_BY_SCAN: Final[dict[Scan, Milestone]] = {
    Scan.ORDER_CANCELLED: Milestone.EXCEPTION,
    Scan.ORIGIN_PICKUP_FAILED: Milestone.INFO_RECEIVED,
    Scan.EXPORT_CUSTOMS_HELD: Milestone.EXCEPTION,
    Scan.EXPORT_OFFICE_DEPARTED: Milestone.LINEHAUL,
    Scan.EXPORT_CANCELLED: Milestone.EXCEPTION,
    Scan.IMPORT_CUSTOMS_HELD: Milestone.EXCEPTION,
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: Milestone.EXCEPTION,
    Scan.IMPORT_DUTIES_DUE: Milestone.EXCEPTION,
    Scan.IMPORT_TERMINATED: Milestone.EXCEPTION,
    Scan.IMPORT_OFFICE_DEPARTED: Milestone.LAST_MILE,
    Scan.DELIVERY_OUT: Milestone.OUT_FOR_DELIVERY,
    Scan.DELIVERY_ATTEMPT_FAILED_ABSENT: Milestone.ATTEMPT_FAILED,
    Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS: Milestone.ATTEMPT_FAILED,
    Scan.DELIVERY_ATTEMPT_FAILED_REFUSED: Milestone.ATTEMPT_FAILED,
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER: Milestone.ATTEMPT_FAILED,
    Scan.PICKUP_NOT_COLLECTED: Milestone.EXCEPTION,
    Scan.RETURN_COMPLETED: Milestone.RETURNED,
}
_MILESTONE_BY_PHASE: Final[dict[str, Milestone]] = {
    "order": Milestone.INFO_RECEIVED,
    "origin": Milestone.ACCEPTED,
    "export": Milestone.EXPORT_CUSTOMS,
    "linehaul": Milestone.LINEHAUL,
    "import": Milestone.IMPORT_CUSTOMS,
    "lastmile": Milestone.LAST_MILE,
    "delivery": Milestone.DELIVERED,
    "pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "exception": Milestone.EXCEPTION,
    "return": Milestone.RETURNING,
}
MILESTONE_OF_SCAN: Final[dict[Scan, Milestone | None]] = {
    scan: _MILESTONE_BY_SCAN.get(scan, _MILESTONE_BY_PHASE.get(scan.value.partition(".")[0])) for scan in Scan
}
DELIVERED_SCANS: Final = frozenset(scan for scan in Scan if MILESTONE_OF_SCAN[scan] is Milestone.DELIVERED)
