"""A demo parcel that the site forgets and registers again starts anew."""

from __future__ import annotations

from datetime import timedelta

from tests.simulator.test_clock import ManualClock
from tracking.simulator.clock import SimulatedClock
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS
from tracking.simulator.server.endpoints import deletetrack, gettrackinfo, register
from tracking.simulator.server.state import SimulatorState

LIVE = DEMO_ORDERS[0].numbers[0]


def test_a_number_that_is_registered_again_moves_again_from_then_on() -> None:
    real_clock = ManualClock()
    state = SimulatorState(None, SimulatedClock(720.0, lease_seconds=100_000, now=real_clock), 0)
    register(state, [{"number": LIVE}])
    at_the_start = scans_of(state)
    real_clock.seconds += 3600
    assert len(scans_of(state)) > len(at_the_start)

    deletetrack(state, [{"number": LIVE}])
    register(state, [{"number": LIVE}])

    again = scans_of(state)
    assert len(again) == len(at_the_start)
    journey = state.journey_of(LIVE)
    assert journey is not None
    first = min(scan.happened_at for scan in journey.scans)
    assert timedelta(days=8) < state.clock_of(LIVE).journey_time() - first < timedelta(days=11)
    real_clock.seconds += 3600
    assert len(scans_of(state)) == len(journey.scans)


def scans_of(state: SimulatorState) -> list[object]:
    [item] = gettrackinfo(state, [{"number": LIVE}])["accepted"]
    return [event for provider in item["track_info"]["tracking"]["providers"] for event in provider["events"]]
