"""Read what is known about a parcel from its rows. The relations must be prefetched: nothing here costs a query."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from tracking.carriers.details.parts import DriverWindow
from tracking.localization.reader import today_in, zone_of_country
from tracking.models import Alert, BuyerTask, Forecast, Leg, Shipment
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.states import OpenTask, ShownWindow
from tracking.vocabulary import (
    DELIVERED_SCANS,
    MILESTONE_RANKS,
    AlertKind,
    BuyerTaskKind,
    BuyerTaskState,
    JourneyKind,
    JourneyStage,
    Milestone,
    Overlay,
    Scan,
)

ACCEPTED_VISIBLE_FOR: Final = timedelta(days=14)
"""How long an accepted answer of the buyer counts as settling what was asked."""
MILESTONE_OF_STAGE: Final = {
    JourneyStage.OUT_FOR_DELIVERY: Milestone.OUT_FOR_DELIVERY,
    JourneyStage.CLEARED: Milestone.LAST_MILE,
    JourneyStage.ARRIVED: Milestone.IMPORT_CUSTOMS,
    JourneyStage.EXPORTED: Milestone.LINEHAUL,
    JourneyStage.HANDED_OVER: Milestone.ACCEPTED,
}
"""The milestone that a stage with a known time proves, the latest first."""


def load_facts(
    shipment: Shipment, now: datetime, *, requests: frozenset[BuyerTaskKind] = frozenset(), has_contact: bool = False
) -> ParcelFacts:
    """Return what is known about a parcel.

    `shipment.order`, `forecast`, `legs`, `alerts` (the open ones) and `buyer_tasks` must be loaded. `requests` is what
    the buyer can ask for now, `has_contact` whether the shop can be reached.
    """
    today = today_in(shipment.order.country, now)
    details = shipment.current_details(today)
    tasks = [task for task in shipment.buyer_tasks.all() if not task.is_final]
    return ParcelFacts(
        today=today,
        milestone=Milestone(shipment.milestone),
        overlay=Overlay(shipment.overlay) if shipment.overlay else None,
        problem=Scan(shipment.problem_scan) if shipment.problem_scan else None,
        furthest=furthest_milestone(shipment),
        journey=JourneyKind(shipment.journey),
        tracking=shipment.tracking_state,
        has_only_earlier_use=shipment.has_only_earlier_use,
        is_cancelled=shipment.cancelled_at is not None,
        is_delivery_withdrawn=shipment.delivery_withdrawn_at is not None,
        has_crossed_border=crosses_border(shipment),
        is_at_customs=shipment.milestone == Milestone.IMPORT_CUSTOMS and shipment.cleared_at is None,
        delivery_scan=delivery_scan(shipment),
        window=with_driver_hours(window_of(shipment.arrival_forecast), details.window, shipment.order.country),
        carrier_window=carrier_window_of(shipment),
        promised_on=shipment.promised_on,
        alerts=frozenset(AlertKind(alert.kind) for alert in shipment.alerts.all() if is_in_force(alert, now)),
        tasks=tuple(open_task(task) for task in tasks if task.is_waiting_for_buyer),
        asked=frozenset(BuyerTaskKind(task.kind) for task in tasks if not task.is_waiting_for_buyer),
        settled=frozenset(
            BuyerTaskKind(task.kind) for task in shipment.buyer_tasks.all() if task.state == BuyerTaskState.ACCEPTED
        ),
        requests=requests,
        has_contact=has_contact,
        details=details,
    )


def crosses_border(shipment: Shipment) -> bool:
    """Return whether a parcel travels between countries; also where its origin is unknown."""
    return not shipment.origin_country or shipment.origin_country != shipment.order.country


def furthest_milestone(shipment: Shipment) -> Milestone:
    """Return the furthest milestone on the way to the buyer, also of a parcel that came back."""
    milestone = Milestone(shipment.milestone)
    if milestone in MILESTONE_RANKS:
        return milestone
    if shipment.delivered_on:
        return Milestone.DELIVERED
    reached = (
        milestone
        for stage, milestone in MILESTONE_OF_STAGE.items()
        if getattr(shipment, STAGE_TIME_FIELDS[stage]) is not None
    )
    return next(reached, Milestone.PENDING)


def delivery_scan(shipment: Shipment) -> Scan | None:
    """Return how a parcel was delivered; `DELIVERY_DELIVERED` where another scan came after it, None if it was not."""
    if shipment.delivered_on is None and shipment.milestone != Milestone.DELIVERED:
        return None
    last = Scan(shipment.last_scan) if shipment.last_scan else None
    return last if last in DELIVERED_SCANS else Scan.DELIVERY_DELIVERED


def window_of(forecast: Forecast | None) -> ShownWindow | None:
    """Return the window of a forecast."""
    if forecast is None:
        return None
    return ShownWindow(
        forecast.earliest_on, forecast.latest_on, forecast.most_likely_on, forecast.earliest_at, forecast.latest_at
    )


def with_driver_hours(window: ShownWindow | None, driver: DriverWindow | None, country: str) -> ShownWindow | None:
    """Return the window with the hours that the driver has given for today."""
    if driver is None:
        return window
    zone = zone_of_country(country)
    starts, ends = (datetime.combine(driver.day, clock, zone) for clock in (driver.starts, driver.ends))
    return ShownWindow(driver.day, driver.day, driver.day, starts, ends)


def carrier_window_of(shipment: Shipment) -> ShownWindow | None:
    """Return the carrier's own date of a parcel that is still to come."""
    first, last = shipment.carrier_earliest_on, shipment.carrier_latest_on
    if first is None or last is None or not shipment.awaits_delivery:
        return None
    return ShownWindow(first, last, last, source=shipment.carrier_date_source or "carrier")


def is_in_force(alert: Alert, now: datetime) -> bool:
    """Return whether an alert is open and not put off by an operator."""
    return alert.closed_at is None and (alert.snoozed_until is None or alert.snoozed_until <= now)


def open_task(task: BuyerTask) -> OpenTask:
    """Return a task that waits for the buyer."""
    return OpenTask(BuyerTaskKind(task.kind), task.deadline_at)


def last_return_day(shipment: Shipment) -> date | None:
    """Return the day on which the parcel last came back to its sender, at the sender."""
    kinds = (JourneyKind.RETURN, JourneyKind.BUYER_RETURN)
    ends = [row["ended_on"] for row in shipment.journeys if row["kind"] in kinds and row["ended_on"]]
    return date.fromisoformat(ends[-1]) if ends else None


def current_leg(shipment: Shipment) -> Leg | None:
    """Return the leg whose carrier has the parcel: that of the last scan, else the newest; None without a number."""
    in_use = [leg for leg in shipment.legs.all() if leg.removed_at is None]
    by_number = {leg.number_key: leg for leg in in_use if leg.carrier_id}
    newest = max(in_use, key=lambda leg: (leg.position, leg.pk), default=None)
    leg = next((leg for leg in in_use if leg.pk == shipment.last_leg_id), newest)
    # A second feed polls a number under a leg of no known carrier.
    return by_number.get(leg.number_key, leg) if leg is not None and leg.carrier_id is None else leg


def current_carrier(shipment: Shipment) -> str:
    """Return the name of the carrier that has the parcel; '' if it is unknown."""
    leg = current_leg(shipment)
    return str(leg.carrier) if leg is not None and leg.carrier else ""
