"""What is drawn of a route, and where the parcel is on it."""

from __future__ import annotations

import pytest

from tracking.route.stops import Marker, ParcelPosition, RouteStop, StopState, join_repeated, list_facts, select_drawn

A, B, C = RouteStop("A", 10.0, 10.0), RouteStop("B", 20.0, 20.0), RouteStop("C", 30.0, 30.0)
UNKNOWN = RouteStop("Unknown", None, None)


@pytest.mark.parametrize(("at", "joined_at"), [(0, 0), (0.5, 0), (1, 0), (1.5, 0.5), (2, 1), (9, 1), (-3, 0)])
def test_position_follows_joined_stops(at: float, joined_at: float) -> None:
    assert join_repeated([A, A, B], at) == ([A, B], joined_at)


def test_same_name_elsewhere_and_same_position_under_another_name_stay_apart() -> None:
    assert len(join_repeated([A, A._replace(lat=11.0)], 0)[0]) == 2
    assert len(join_repeated([A, A._replace(name="Airport of A")], 0)[0]) == 2
    assert len(join_repeated([UNKNOWN, UNKNOWN, A, UNKNOWN], 0)[0]) == 3


@pytest.mark.parametrize(
    ("stops", "at", "drawn_at", "marker"),
    [
        ([A, B, C], 1.5, 1.5, Marker.HERE),
        ([A, UNKNOWN, C], 1.0, 0.0, Marker.LAST_SEEN),
        ([A, UNKNOWN, C], 0.5, 0.0, Marker.HERE),
        ([A, UNKNOWN, C], 2.0, 1.0, Marker.HERE),
        ([UNKNOWN, B, C], 0.0, 0.0, None),
        ([UNKNOWN, B, C], 1.5, 0.5, Marker.HERE),
    ],
)
def test_position_among_drawn_stops(stops: list[RouteStop], at: float, drawn_at: float, marker: Marker | None) -> None:
    assert select_drawn(stops, ParcelPosition(at))[1] == (drawn_at, marker)


def test_stops_between_which_the_parcel_flies_are_past_and_ahead() -> None:
    facts = list_facts([A, B, C], ParcelPosition(0.4))

    assert [fact.state for fact in facts] == [StopState.PAST, StopState.AHEAD, StopState.AHEAD]
    assert not any(fact.is_last_seen for fact in facts)
