"""The state machine of a parcel: scans, oldest first, move it along one journey and from that to the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tracking.journey.journey_state import IMPORT_CUSTOMS_SCANS as IMPORT_CUSTOMS_SCANS
from tracking.journey.journey_state import IMPORT_HOLD_SCANS, JourneyState
from tracking.journey.steps import MAX_ZONE_ERROR, JourneyStep
from tracking.vocabulary import MILESTONE_OF_SCAN, MILESTONE_RANKS, JourneyKind, Milestone, Scan

FIRST_SCANS: Final = frozenset({Scan.ORIGIN_PICKED_UP, Scan.ORIGIN_ACCEPTED})
"""The scans that a journey begins with: after the end of one they begin another."""
SENT_AGAIN_SCANS: Final = FIRST_SCANS | {Scan.EXPORT_OFFICE_DEPARTED, Scan.LINEHAUL_DEPARTED, Scan.DELIVERY_OUT}
"""The scans that show that a returned parcel is on its way again."""
TURNED_AWAY_SCANS: Final = IMPORT_HOLD_SCANS | {
    Scan.PICKUP_NOT_COLLECTED,
    *(scan for scan in Scan if MILESTONE_OF_SCAN[scan] is Milestone.ATTEMPT_FAILED),
}
"""Why a parcel may go back without a word of its return."""
CONTRADICTING_MILESTONES: Final = frozenset({Milestone.OUT_FOR_DELIVERY, Milestone.ATTEMPT_FAILED})
CONTRADICTING_SCANS: Final = frozenset({Scan.PICKUP_AVAILABLE, Scan.PICKUP_NOT_COLLECTED, Scan.EXCEPTION_LOST})
"""With those milestones, what cannot happen to a parcel that has been delivered."""
MIN_RETURN_DURATION: Final = timedelta(days=1)
NEW_JOURNEY_AFTER: Final = timedelta(hours=12)
CONTRADICTION_AFTER: Final = timedelta(minutes=30)
"""Couriers scan a whole round at its end: what one feed reports within this time of a delivery contradicts nothing."""


class JourneyWalk:
    """The journeys of one parcel while its scans are applied, oldest first; the last journey is the current one."""

    def __init__(self, origin: str | None, destination: str | None) -> None:
        self.origin, self.destination = origin, destination
        self.current = JourneyState(JourneyKind.OUTBOUND)
        self.journeys = [self.current]
        self.country: str | None = None
        """The last country that a scan named; unknown again when a return begins."""

    @property
    def to_buyer(self) -> JourneyState:
        """Return the latest journey to the buyer."""
        return next(journey for journey in reversed(self.journeys) if not journey.is_return)

    def apply_step(self, step: JourneyStep) -> None:
        """Apply one scan. An unmapped one changes the country only."""
        self.country = step.country or self.country
        current = self.current
        if current.is_return:
            self.apply_to_return(step)
        elif current.delivery is not None:
            self.apply_after_delivery(current.delivery, step)
        else:
            self.apply_before_delivery(step)
        self.current.steps.append(step)

    # -- On the way to the buyer --------------------------------------------------------------------------------------

    def apply_before_delivery(self, step: JourneyStep) -> None:
        """Apply a scan to a journey to the buyer that has not ended."""
        milestone = MILESTONE_OF_SCAN[step.scan]
        if milestone is None:
            return
        if milestone is Milestone.DELIVERED:
            self.apply_delivery(step)
        elif milestone in MILESTONE_RANKS:
            self.apply_progress(milestone, step)
        elif milestone in (Milestone.RETURNING, Milestone.RETURNED):
            self.begin_return(JourneyKind.RETURN, step)
        else:
            # What is cancelled before the carrier has it was never to be exported.
            is_unposted = step.scan is Scan.EXPORT_CANCELLED and self.current.milestone is Milestone.INFO_RECEIVED
            self.current.set_problem(step._replace(scan=Scan.ORDER_CANCELLED) if is_unposted else step)

    def apply_progress(self, milestone: Milestone, step: JourneyStep) -> None:
        """Apply progress; what is seen at the sender well after it was turned away at the buyer is on its way back."""
        problem = self.current.problem
        was_turned_away = problem is not None and problem.scan in TURNED_AWAY_SCANS
        is_well_after = problem is not None and step.is_later_by(MIN_RETURN_DURATION, problem)
        if was_turned_away and is_well_after and self.is_sender_country(step.country):
            self.begin_return(JourneyKind.RETURN, step)
        else:
            self.current.move_to(milestone, step.scan)

    def apply_delivery(self, step: JourneyStep) -> None:
        """Apply a delivery: to the buyer, to the sender, or by a courier to the next carrier."""
        current = self.current
        if not self.is_sender_country(step.country):
            current.deliver(step)
        elif MILESTONE_RANKS[current.milestone] >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]:
            self.begin_return(JourneyKind.RETURN, step)
            self.current.end = step
        else:
            current.move_to(Milestone.ACCEPTED, step.scan)

    # -- After a delivery ---------------------------------------------------------------------------------------------

    def apply_after_delivery(self, delivery: JourneyStep, step: JourneyStep) -> None:
        """Apply a scan that follows a delivery: a return, another journey, damage, a contradiction, or nothing."""
        if step.milestone in (Milestone.RETURNING, Milestone.RETURNED):
            self.apply_return_after_delivery(delivery, step)
        elif step.is_delivery:
            if self.is_sender_country(step.country) and step.is_later_by(MIN_RETURN_DURATION, delivery):
                self.begin_return(JourneyKind.BUYER_RETURN, step)
                self.current.end = step
        elif self.is_taken_over(step, delivery):
            self.begin_next_journey(delivery, step)
        elif step.scan is Scan.EXCEPTION_DAMAGED:
            self.current.set_problem(step)
        elif self.contradicts(delivery, step):
            self.current.withdraw_delivery(step)
            self.apply_before_delivery(step)

    def apply_return_after_delivery(self, delivery: JourneyStep, step: JourneyStep) -> None:
        """Apply a return after a delivery: the buyer's, or at once by the carrier, which had not delivered it then."""
        if step.is_later_by(MIN_RETURN_DURATION, delivery):
            self.begin_return(JourneyKind.BUYER_RETURN, step)
        else:
            self.current.withdraw_delivery(None)
            self.begin_return(JourneyKind.RETURN, step)

    def is_taken_over(self, step: JourneyStep, delivery: JourneyStep) -> bool:
        """Return whether a carrier takes over a parcel after its delivery; in the buyer's country it is handed over."""
        if step.scan is Scan.LASTMILE_HANDED_OVER:
            return self.is_buyer_country(step.country) and step.is_later_by(MIN_RETURN_DURATION, delivery)
        return step.scan in FIRST_SCANS and step.is_later_by(NEW_JOURNEY_AFTER, delivery)

    def contradicts(self, delivery: JourneyStep, step: JourneyStep) -> bool:
        """Return whether a scan cannot have happened after a delivery, and is certainly later than it."""
        if step.milestone not in CONTRADICTING_MILESTONES and step.scan not in CONTRADICTING_SCANS:
            return False
        if not step.has_stream_of(delivery):
            return step.is_later_by(MAX_ZONE_ERROR, delivery)
        # A delivery to a pick-up point is told as both, one right after the other; a collection follows the second.
        waited = self.current.milestone_before_delivery is Milestone.AVAILABLE_FOR_PICKUP
        is_at_point = step.scan is Scan.PICKUP_AVAILABLE and not waited
        return step.is_later_by(timedelta(0) if is_at_point else CONTRADICTION_AFTER, delivery)

    def begin_next_journey(self, delivery: JourneyStep, step: JourneyStep) -> None:
        """Begin the journey of a parcel that a carrier takes over anew after its delivery.

        Where it starts tells which: at the sender it is sent again, or the delivery was a courier's to this carrier;
        anywhere else the buyer sends it back, unless the carrier of a later leg takes over what was delivered to it.
        """
        if step.scan is Scan.LASTMILE_HANDED_OVER and step.leg_position > delivery.leg_position:
            self.current.withdraw_delivery(step)
            self.apply_before_delivery(step)
        elif not self.is_at_sender(step):
            self.begin_return(JourneyKind.BUYER_RETURN, step)
        elif step.leg_position > delivery.leg_position and not self.is_buyer_country(delivery.country):
            self.current.withdraw_delivery(None)
            self.apply_before_delivery(step)
        else:
            self.send_again(step)

    # -- Back to the sender -------------------------------------------------------------------------------------------

    def begin_return(self, kind: JourneyKind, step: JourneyStep) -> None:
        """Begin a journey back to the sender; it is over at once where the scan tells its arrival."""
        # That country was on the way to the buyer: a delivery from here on that names none went to the sender.
        self.country = step.country if step.milestone is Milestone.DELIVERED else None
        self.begin_journey(kind)
        if step.scan is Scan.RETURN_COMPLETED:
            self.current.end = step

    def begin_journey(self, kind: JourneyKind) -> None:
        """Begin another journey, which is the current one from now on."""
        self.current = JourneyState(kind)
        self.journeys.append(self.current)

    def apply_to_return(self, step: JourneyStep) -> None:
        """Apply a scan to a return: its arrival, a change of mind on the way, or the parcel being sent again."""
        current = self.current
        # Only operators state problems of a return: whatever a carrier reports later shows that it has the parcel.
        if MILESTONE_OF_SCAN[step.scan] is not None:
            current.clear_problem()
        if current.end is not None:
            if self.is_sent_again(step, current.end):
                self.send_again(step)
        elif step.scan is Scan.RETURN_COMPLETED:
            current.end = step
        elif step.is_delivery:
            self.apply_delivery_on_return(step)
        elif self.is_resumed_by(step):
            self.resume_outbound(step)

    def apply_delivery_on_return(self, step: JourneyStep) -> None:
        """Apply a delivery on the way back: to the sender, or to the buyer after all."""
        if not self.is_buyer_country(self.country):
            self.current.end = step
        elif self.current.kind is JourneyKind.RETURN:
            self.resume_outbound(step)

    def is_resumed_by(self, step: JourneyStep) -> bool:
        """Return whether a scan shows that the carrier tries the buyer again instead of returning the parcel.

        Attempts, and a wait at a pick-up point, are often reported once more right when the return begins.
        """
        if self.current.kind is not JourneyKind.RETURN or not self.is_buyer_country(step.country):
            return False
        if step.milestone in (Milestone.ATTEMPT_FAILED, Milestone.AVAILABLE_FOR_PICKUP):
            return step.is_later_by(NEW_JOURNEY_AFTER, self.current.steps[0])
        return step.milestone is Milestone.OUT_FOR_DELIVERY

    def resume_outbound(self, step: JourneyStep) -> None:
        """Go on with the journey to the buyer: the return was a mistake or was called off."""
        abandoned = self.journeys.pop()
        self.current = self.journeys[-1]
        self.current.steps += abandoned.steps
        self.current.clear_problem()
        self.apply_before_delivery(step)

    def is_sent_again(self, step: JourneyStep, end: JourneyStep) -> bool:
        """Return whether a scan after the end of a return belongs to a new journey to the buyer."""
        if not step.is_later_by(NEW_JOURNEY_AFTER, end):
            return False
        return step.scan in SENT_AGAIN_SCANS or (step.is_delivery and self.is_buyer_country(step.country))

    def send_again(self, step: JourneyStep) -> None:
        """Begin another journey to the buyer."""
        self.begin_journey(JourneyKind.SENT_AGAIN)
        self.apply_before_delivery(step)

    # -- Places -------------------------------------------------------------------------------------------------------

    def is_sender_country(self, country: str | None) -> bool:
        """Return whether `country` is the origin of the parcel and certainly not its destination."""
        return bool(country and self.destination) and country == self.origin != self.destination

    def is_buyer_country(self, country: str | None) -> bool:
        """Return whether `country` is the destination of the parcel and certainly not its origin."""
        return bool(country) and country == self.destination != self.origin

    def is_at_sender(self, step: JourneyStep) -> bool:
        """Return whether a scan was made where the parcel came from: by country, within one country by city."""
        if self.is_sender_country(step.country) or self.is_buyer_country(step.country):
            return self.is_sender_country(step.country)
        first_city = next((earlier.city for earlier in self.to_buyer.steps if earlier.city), "")
        return bool(step.city) and step.city.casefold() == first_city.casefold()
