"""The times at which a parcel reached the stages that forecasts count from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.journey import JourneyStep, derive_status, stage_times
from tracking.vocabulary import JourneyStage, Scan

START_AT = datetime(2026, 9, 1, tzinfo=UTC)


def stage_positions(*scans: str) -> dict[JourneyStage, int | None]:
    """Return the stages that are reached, each with the position of the scan that shows it."""
    steps = [JourneyStep(Scan(scan), START_AT + timedelta(hours=hour), 0, hour) for hour, scan in enumerate(scans)]
    return {
        stage: (instant - START_AT) // timedelta(hours=1) if instant else None
        for stage, instant in stage_times(steps).items()
    }


@pytest.mark.parametrize(
    ("scans", "positions"),
    [
        ([], {}),
        (["order.label_created", "unmapped"], {}),
        (["order.label_created", "origin.picked_up", "origin.facility_arrived"], {"handed_over": 1}),
        (["export.customs_presented"], {"handed_over": 0}),
        (["origin.picked_up", "linehaul.in_transit"], {"handed_over": 0}),
        (["origin.picked_up", "linehaul.departed", "linehaul.transit_arrived"], {"handed_over": 0, "exported": 1}),
        (["origin.picked_up", "export.office_departed"], {"handed_over": 0, "exported": 1}),
        (
            ["origin.picked_up", "linehaul.arrived_destination"],
            {"handed_over": 0, "exported": None, "arrived": 1},
        ),
        (
            ["origin.picked_up", "linehaul.departed", "import.customs_held", "import.customs_released"],
            {"handed_over": 0, "exported": 1, "arrived": 2, "cleared": 3},
        ),
        (
            ["delivery.out_for_delivery"],
            {"handed_over": None, "exported": None, "arrived": None, "cleared": None, "out_for_delivery": 0},
        ),
        (
            ["origin.picked_up", "delivery.attempt_failed_absent"],
            {"handed_over": 0, "exported": None, "arrived": None, "cleared": None, "out_for_delivery": 1},
        ),
    ],
)
def test_a_scan_dates_the_last_stage_that_it_implies(scans: list[str], positions: dict[str, int | None]) -> None:
    assert stage_positions(*scans) == positions


def test_a_scan_without_an_instant_shows_a_stage_but_does_not_date_it() -> None:
    steps = [JourneyStep(Scan.ORIGIN_PICKED_UP, None, 0, 0), JourneyStep(Scan.LINEHAUL_DEPARTED, START_AT, 0, 1)]

    assert derive_status(steps).stage_times == {JourneyStage.HANDED_OVER: None, JourneyStage.EXPORTED: START_AT}


@given(st.lists(st.sampled_from(list(Scan)), max_size=12))
def test_stages_are_reached_in_their_order(scans: list[Scan]) -> None:
    positions = stage_positions(*scans)
    known = [position for position in positions.values() if position is not None]

    assert list(positions) == list(JourneyStage)[1 : 1 + len(positions)]
    assert known == sorted(known)
