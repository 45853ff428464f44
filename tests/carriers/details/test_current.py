"""Only what is still current for a parcel is selected."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.carriers.details.test_stored import FULL, NOON
from tracking.carriers.details.current import DetailContext, select_current
from tracking.carriers.details.parts import NO_DETAILS, CustomsDocuments, DutyDemand
from tracking.vocabulary import Milestone, Overlay

TODAY = date(2026, 12, 2)


def kinds(state: DetailContext) -> set[str]:
    """Return the kinds of details that are current."""
    return {kind for kind, part in select_current(FULL, state)._asdict().items() if part is not None}


def test_the_pick_up_point_is_current_while_the_parcel_waits_there() -> None:
    waiting = DetailContext(Milestone.AVAILABLE_FOR_PICKUP, None, TODAY)

    assert "pickup_point" in kinds(waiting)
    assert "pickup_point" in kinds(waiting._replace(today=date(2026, 12, 12)))
    assert "pickup_point" not in kinds(waiting._replace(today=date(2026, 12, 13)))
    assert "pickup_point" not in kinds(waiting._replace(milestone=Milestone.OUT_FOR_DELIVERY))


def test_proof_and_neighbour_are_current_once_it_is_delivered_and_nothing_else_is() -> None:
    assert kinds(DetailContext(Milestone.DELIVERED, None, TODAY)) == {"proof", "left_with"}
    assert kinds(DetailContext(Milestone.LAST_MILE, None, TODAY)).isdisjoint({"proof", "left_with"})


def test_the_drivers_window_is_current_on_its_day() -> None:
    state = DetailContext(Milestone.OUT_FOR_DELIVERY, None, TODAY)

    assert "window" in kinds(state)
    assert "window" not in kinds(state._replace(today=TODAY + timedelta(days=1)))
    assert "window" not in kinds(state._replace(today=TODAY - timedelta(days=1)))


def test_duties_and_papers_are_current_until_customs_releases_the_parcel() -> None:
    held = DetailContext(Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION, TODAY)

    assert {"duty", "documents"} <= kinds(held)
    assert {"duty", "documents"} <= kinds(held._replace(cleared_at=NOON - timedelta(days=1)))
    assert kinds(held._replace(cleared_at=NOON)).isdisjoint({"duty", "documents"})


def test_duties_are_current_until_they_are_paid() -> None:
    at_the_door = DetailContext(Milestone.OUT_FOR_DELIVERY, None, TODAY, NOON)
    unpaid = DutyDemand(Decimal(5), "EUR")

    assert select_current(NO_DETAILS._replace(duty=unpaid), at_the_door).duty == unpaid
    assert select_current(NO_DETAILS._replace(duty=unpaid._replace(is_paid=True)), at_the_door).duty is None


def test_papers_that_were_received_are_not_asked_for() -> None:
    state = DetailContext(Milestone.IMPORT_CUSTOMS, None, TODAY)

    assert select_current(NO_DETAILS._replace(documents=CustomsDocuments((), NOON)), state).documents is None


@pytest.mark.parametrize(
    "state",
    [
        DetailContext(Milestone.AVAILABLE_FOR_PICKUP, Overlay.RETURNING, TODAY),
        DetailContext(Milestone.RETURNED, None, TODAY),
        DetailContext(Milestone.IMPORT_CUSTOMS, None, TODAY, is_cancelled=True),
    ],
)
def test_nothing_is_current_for_a_parcel_that_returns_or_is_cancelled(state: DetailContext) -> None:
    assert kinds(state) == set()


def test_nothing_of_an_earlier_journey_is_current() -> None:
    state = DetailContext(Milestone.DELIVERED, None, TODAY, journey_started_at=NOON + timedelta(hours=1))

    assert kinds(state) == set()
    assert kinds(state._replace(journey_started_at=NOON)) == {"proof", "left_with"}
