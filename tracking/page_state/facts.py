"""What is known about a parcel, as plain values: the input of the state."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tracking.carriers.details.parts import NO_DETAILS, DeliveryDetails, LeftWithKind
from tracking.page_state.states import OpenTask, ShownWindow
from tracking.vocabulary import AlertKind, BuyerTaskKind, JourneyKind, Milestone, Overlay, Scan, TrackingState


class ParcelFacts(NamedTuple):
    """What is known about one parcel. Days are those at the destination; `today` is the current one there.

    `problem` is what set the overlay. `furthest` is the furthest milestone on the way to the buyer, also for a parcel
    that came back. `tasks` wait for the buyer, `asked` are the kinds of those that the shop or the carrier works on,
    `settled` those that were accepted lately, and `requests` what the buyer can ask for now. `carrier_window` is the
    carrier's own date, `details` what else it has said that is current.
    """

    today: date
    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    problem: Scan | None = None
    furthest: Milestone = Milestone.PENDING
    journey: JourneyKind = JourneyKind.OUTBOUND
    tracking: TrackingState = TrackingState.TRACKED
    has_only_earlier_use: bool = False
    is_cancelled: bool = False
    is_delivery_withdrawn: bool = False
    has_crossed_border: bool = True
    is_at_customs: bool = False
    delivery_scan: Scan | None = None
    window: ShownWindow | None = None
    carrier_window: ShownWindow | None = None
    promised_on: date | None = None
    alerts: frozenset[AlertKind] = frozenset()
    tasks: tuple[OpenTask, ...] = ()
    asked: frozenset[BuyerTaskKind] = frozenset()
    settled: frozenset[BuyerTaskKind] = frozenset()
    requests: frozenset[BuyerTaskKind] = frozenset()
    has_contact: bool = False
    details: DeliveryDetails = NO_DETAILS

    @property
    def collect_by(self) -> date | None:
        """Return the last day at the pick-up point, if the carrier has given it."""
        return self.details.pickup_point.last_day if self.details.pickup_point else None

    @property
    def left_with(self) -> LeftWithKind | None:
        """Return with whom, or where, the parcel was left instead of with its buyer."""
        return self.details.left_with.kind if self.details.left_with else None

    @property
    def is_late(self) -> bool:
        """Return whether the whole window lies after the day that the shop promised."""
        return self.promised_on is not None and self.window is not None and self.window.first_on > self.promised_on

    @property
    def is_in_time(self) -> bool:
        """Return whether the window ends by the day that the shop promised, else by the carrier's own."""
        promised_on = self.promised_on or (self.carrier_window.last_on if self.carrier_window else None)
        return promised_on is not None and self.window is not None and self.window.last_on <= promised_on

    @property
    def has_missed_carrier_date(self) -> bool:
        """Return whether the carrier's own date has passed and nothing else is known."""
        return self.window is None and self.carrier_window is not None and self.carrier_window.last_on < self.today

    def find_task(self, kinds: frozenset[BuyerTaskKind]) -> OpenTask | None:
        """Return the first task of one of these kinds that waits for the buyer."""
        return next((task for task in self.tasks if task.kind in kinds), None)
