"""Conclude from all scans of a parcel where it stands: its journeys, milestone, overlay, delivery and times.

Pure: no database. `ingest.record`, the evaluations and `manage.py decode --shipments` all call it, and pages, notices,
alerts and statistics read what `ingest` stored of it. The order in which scans were received does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from tracking.journey.journey_state import JourneyState
from tracking.journey.number_use import NumberUse, OrderTime, approximate_instant, select_counted
from tracking.journey.stages import stage_times
from tracking.journey.statements import apply_statement, is_untracked
from tracking.journey.steps import JourneyStep
from tracking.journey.walk import JourneyWalk
from tracking.localization.reader import zone_of_country
from tracking.timeline import sort_scans
from tracking.vocabulary import Exclusion, JourneyKind, JourneyStage, Milestone, Overlay, Scan


class JourneySummary(NamedTuple):
    """One journey of a parcel: when its first scan was made, and when and on which day at the place it ended."""

    kind: JourneyKind
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ended_on: date | None = None


class ShipmentStatus(NamedTuple):
    """What the scans of a parcel add up to.

    `milestone` says how far it is: after a delivery that the buyer sends back it stays `DELIVERED` until the parcel has
    `RETURNED`. `overlay` is None unless there is a problem or a return. `delivered_at`, `delivered_on` (the day at the
    place) and `delivery` are those of the buyer's delivery, also when the parcel travels back later. Unknown times are
    None. `stage_times` holds the stages that the latest journey to the buyer has reached, in order.

    `delivery_withdrawn_at` is set while the carrier has taken back a delivery that it reported: the time of the scan
    that contradicts it, or of the first answer without it. `delivery_doubted_at` is set once one answer no longer holds
    the delivery. `exclusions` says why events do not count, by event key; `due_at` is when one of them will. `problem`
    is what set the overlay, a carrier's scan or an operator's statement; of a return it is the scan that says so, or
    else the one with which the way back began; `problem_on` is its day at the place. `replaced_delivery_days`
    are the days of deliveries that a page may have shown before `delivery`: later scans contradict them, or they are
    not of this use of the number. A delivery that the carrier only corrected is not among them.
    """

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    delivered_at: datetime | None = None
    stage_times: Mapping[JourneyStage, datetime | None] = MappingProxyType({})
    journey: JourneyKind = JourneyKind.OUTBOUND
    journeys: tuple[JourneySummary, ...] = ()
    delivered_on: date | None = None
    delivery: JourneyStep | None = None
    delivery_withdrawn_at: datetime | None = None
    delivery_doubted_at: datetime | None = None
    counted: Sequence[JourneyStep] = ()
    exclusions: Mapping[tuple[int, str], Exclusion] = MappingProxyType({})
    due_at: datetime | None = None
    problem: JourneyStep | None = None
    is_untracked: bool = False
    replaced_delivery_days: frozenset[date] = frozenset()
    problem_on: date | None = None

    @property
    def is_cancelled(self) -> bool:
        """Return whether the shop, or the carrier, cancelled the parcel."""
        return self.problem is not None and self.problem.scan is Scan.ORDER_CANCELLED

    @property
    def is_cancelled_by_operator(self) -> bool:
        """Return whether the shop cancelled the parcel."""
        return self.is_cancelled and self.problem is not None and self.problem.is_statement

    @property
    def cancelled_at(self) -> datetime | None:
        """Return when the parcel was cancelled; None if it was not, or at an unknown time."""
        return approximate_instant(self.problem) if self.problem is not None and self.is_cancelled else None

    @property
    def has_other_parcel(self) -> bool:
        """Return whether scans of another parcel with this number were left out."""
        return Exclusion.OTHER_PARCEL in self.exclusions.values()

    @property
    def has_only_earlier_use(self) -> bool:
        """Return whether the number has scans, but only of an earlier use."""
        return not self.counted and Exclusion.EARLIER_USE in self.exclusions.values()


def derive_status(
    steps: Iterable[JourneyStep],
    *,
    origin: str | None = None,
    destination: str | None = None,
    order: OrderTime | None = None,
    now: datetime | None = None,
) -> ShipmentStatus:
    """Return what `steps`, in any order, add up to. `origin` and `destination` are ISO countries, if known.

    Without `order` no scan is too old for the parcel, without `now` none lies in the future.
    """
    return derive_sorted_status(sort_scans(steps), origin=origin, destination=destination, order=order, now=now)


def derive_sorted_status(
    ordered: Sequence[JourneyStep],
    *,
    origin: str | None = None,
    destination: str | None = None,
    order: OrderTime | None = None,
    now: datetime | None = None,
    withdrawn: Sequence[JourneyStep] = (),
) -> ShipmentStatus:
    """Return what steps that `sort_scans` has put in order add up to.

    `withdrawn` are the scans that their feed has taken back: they count for nothing, but a delivery among them explains
    why the parcel is under way again.
    """
    use = select_counted(ordered, order, now, origin, destination)
    walk = JourneyWalk(origin, destination)
    for step in use.counted:
        if step.is_statement:
            apply_statement(walk, step)
        else:
            walk.apply_step(step)
    instants = [step.occurred_at for step in use.counted if step.occurred_at is not None and not step.is_statement]
    to_buyer, delivery = walk.to_buyer, walk.to_buyer.delivery
    milestone, overlay = milestone_and_overlay(walk)
    zone, problem = zone_of_country(destination or ""), problem_of(walk, overlay)
    return ShipmentStatus(
        milestone,
        overlay,
        min(instants, default=None),
        max(instants, default=None),
        delivery.occurred_at if delivery else None,
        stage_times(to_buyer.steps),
        walk.current.kind,
        tuple(build_journey(state, zone) for state in walk.journeys),
        delivery.local_day(zone) if delivery else None,
        delivery,
        delivery_withdrawn_at(to_buyer, withdrawn),
        delivery_doubted_at(to_buyer),
        use.counted,
        {key: exclusion for index, exclusion in use.exclusions.items() if (key := ordered[index].event_key)},
        use.due_at,
        problem,
        is_untracked(to_buyer.steps),
        replaced_delivery_days(ordered, use, delivery, zone),
        problem.local_day(zone) if problem else None,
    )


def replaced_delivery_days(
    ordered: Sequence[JourneyStep], use: NumberUse, delivery: JourneyStep | None, zone: tzinfo
) -> frozenset[date]:
    """Return the days of counted deliveries before `delivery`, and of those that are not of this use of the number."""
    if delivery is None:
        return frozenset()
    earlier = use.counted[: use.counted.index(delivery)]
    excluded = (ordered[index] for index, why in use.exclusions.items() if why is not Exclusion.FUTURE)
    days = (step.local_day(zone) for step in (*earlier, *excluded) if step.is_delivery)
    return frozenset(day for day in days if day is not None)


def delivery_doubted_at(to_buyer: JourneyState) -> datetime | None:
    """Return since when its feed no longer reports a delivery; None if it does, or reports another one instead."""
    if to_buyer.delivery is None or any(step.is_delivery and not step.missing_since for step in to_buyer.steps):
        return None
    return to_buyer.delivery.missing_since


def milestone_and_overlay(walk: JourneyWalk) -> tuple[Milestone, Overlay | None]:
    """Return the milestone and overlay of the parcel: those of its journey to the buyer, or of its return."""
    current, to_buyer = walk.current, walk.to_buyer
    if not current.is_return:
        return current.milestone, current.overlay
    if current.end is not None:
        return Milestone.RETURNED, None
    is_lost = current.problem is not None and current.problem.scan is Scan.EXCEPTION_LOST
    return to_buyer.milestone, current.overlay if is_lost else Overlay.RETURNING


def problem_of(walk: JourneyWalk, overlay: Overlay | None) -> JourneyStep | None:
    """Return what set the overlay: a problem, else for a return the latest scan of it, else the first one."""
    current = walk.current
    if current.problem is not None or overlay is not Overlay.RETURNING:
        return current.problem
    returning = (step for step in reversed(current.steps) if step.milestone is Milestone.RETURNING)
    return next(returning, current.steps[0])


def build_journey(state: JourneyState, zone: tzinfo) -> JourneySummary:
    """Return a journey as it is stored and shown. `zone` is that of the buyer."""
    instants = [step.occurred_at for step in state.steps if step.occurred_at is not None]
    end = state.end if state.is_return else state.delivery
    ended_on = end.local_day(zone) if end else None
    return JourneySummary(state.kind, min(instants, default=None), end.occurred_at if end else None, ended_on)


def delivery_withdrawn_at(state: JourneyState, withdrawn: Sequence[JourneyStep]) -> datetime | None:
    """Return when the carrier took back the delivery of a journey that is under way again; None if it did not."""
    if state.delivery is not None:
        return None
    if state.contradiction is not None:
        return state.contradiction.occurred_at
    return max((step.missing_since for step in withdrawn if step.is_delivery and step.missing_since), default=None)
