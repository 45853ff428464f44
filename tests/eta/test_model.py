"""What is learned from parcels: effects, the curve, weekdays; from anything at all, without falling."""

from __future__ import annotations

import json
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eta.worlds import MONDAY, one, parcels
from tracking.eta.calibrate import RAW_LEVELS
from tracking.eta.history import Floats, History, Journey, Traits
from tracking.eta.model import Model, fit, from_parts
from tracking.eta.odds import Odds, odds_of

NOW = MONDAY + 300
HALF = np.array([0.5])


def odds(model: Model, parcel: History, elapsed: float = 0.0) -> Odds:
    codes, measures = look_up(model, parcel)
    return odds_of(model.curve, model.pace(codes, measures), parcel.start, np.array([elapsed]))


def look_up(model: Model, parcel: History) -> tuple[np.ndarray, Floats]:
    names = [[*[""], *known] for known in parcel.coder.names]
    keys = [names[place][code] for place, code in enumerate(parcel.codes[0])]
    return np.array([model.coder.look_up(keys)], dtype=np.int32), parcel.measures


def median(model: Model, parcel: History, elapsed: float = 0.0) -> float:
    return float(odds(model, parcel, elapsed).quantiles(HALF)[0, 0])


def test_each_destination_has_its_own_usual_time() -> None:
    model = fit(parcels({"US": 5.0, "BR": 20.0}), NOW)

    assert median(model, one("US")) == pytest.approx(5.0, rel=0.15)
    assert median(model, one("BR")) == pytest.approx(20.0, rel=0.15)


def test_a_destination_never_seen_is_thought_like_all() -> None:
    model = fit(parcels({"US": 8.0, "DE": 8.0}), NOW)

    assert median(model, one("JP")) == pytest.approx(8.0, rel=0.25)


def test_parcels_under_way_lengthen_what_is_expected() -> None:
    history = parcels({"US": 5.0})
    slow = History.of(
        [
            *(
                Journey(float(s), float(d), Traits("CN", "US"))
                for s, d in zip(history.start, history.days, strict=True)
            ),
            *(Journey(NOW - 12 - place / 50, nan, Traits("CN", "US")) for place in range(400)),
        ]
    )

    assert median(fit(slow, NOW), one()) > median(fit(history, NOW), one()) + 1


def test_what_happens_later_is_not_known_earlier() -> None:
    history = parcels({"US": 5.0})
    cut = history.picked(history.start < MONDAY + 150)
    known = fit(history, MONDAY + 150)

    assert known.parts() == fit(cut.as_known(MONDAY + 150), MONDAY + 150).parts()


def test_closed_days_are_not_promised() -> None:
    model = fit(parcels({"US": 6.0}, closed=(5, 6)), NOW)
    left = np.concatenate([[1.0], odds(model, one(start=300.0 - 300 % 7)).left[0]])
    arrivals = left[:-1] - left[1:]

    weekend = arrivals[5:7].sum() + arrivals[12:14].sum()
    assert weekend < 0.05
    assert arrivals[:14].sum() > 0.8


def test_a_holiday_takes_the_odds_of_its_day() -> None:
    model = fit(parcels({"US": 4.0}), NOW)
    parcel = one()
    pace = model.pace(*look_up(model, parcel))
    shut = np.zeros((1, 110))
    shut[0, 3] = 1.0

    left = odds_of(model.curve, pace, parcel.start, np.zeros(1), shut).left[0]

    assert left[3] == pytest.approx(left[2])


@given(st.floats(0, 40), st.floats(0.1, 20))
@settings(max_examples=40, deadline=None)
def test_having_waited_longer_never_means_arriving_earlier(elapsed: float, more: float) -> None:
    model = WORLD
    first = elapsed + odds(model, one(), elapsed).quantiles(RAW_LEVELS)[0]
    later = elapsed + more + odds(model, one(), elapsed + more).quantiles(RAW_LEVELS)[0]

    assert (np.diff(first) >= -1e-9).all()
    assert (later >= first - 0.02).all()


@given(st.floats(0, 30), st.floats(0, 60))
@settings(max_examples=40, deadline=None)
def test_odds_and_quantiles_tell_the_same(elapsed: float, days: float) -> None:
    found = odds(WORLD, one(), elapsed)
    share = found.arrived_by(np.array([days]))[0]

    assert 0 <= share <= 1
    if 0.02 < share < 0.98:
        again = found.arrived_by(found.quantiles(np.array([share]))[0])[0]
        assert again == pytest.approx(share, abs=0.005)


def test_a_model_survives_its_rows() -> None:
    rows = json.loads(json.dumps(WORLD.parts()))

    again = from_parts(rows)

    for elapsed in (0.0, 3.5, 30.0):
        assert median(again, one(), elapsed) == pytest.approx(median(WORLD, one(), elapsed), abs=0.01)
    assert again.known("destination", "US") == WORLD.known("destination", "US") > 0


def test_the_way_from_an_area_to_a_destination_is_learned() -> None:
    dice = np.random.default_rng(4)
    quick = {("51", "US"), ("20", "DE")}
    past = [
        Journey(
            MONDAY + start, (4.0 if (area, place) in quick else 12.0) + dice.random(), Traits("CN", place, "", area)
        )
        for start in dice.uniform(0, 280, 600)
        for area, place in [(("51", "20")[dice.integers(2)], ("US", "DE")[dice.integers(2)])]
    ]

    model = fit(History.of(past), NOW)

    assert median(model, one("US", origin_area="51", service="")) < 6
    assert median(model, one("DE", origin_area="51", service="")) > 10


def test_very_short_and_very_long_ways_bend_away() -> None:
    dice = np.random.default_rng(5)
    past = [
        Journey(MONDAY + start, (9.0 if 100 < km < 2_000 else 4.5) + dice.random(), Traits("CN", "US", km=km))
        for start, km in zip(dice.uniform(0, 280, 900), dice.choice([5.0, 400.0, 600.0, 30_000.0], 900), strict=True)
    ]

    model = fit(History.of(past), NOW)
    short, middling, long = (median(model, one("US", km=km)) for km in (5.0, 500.0, 30_000.0))

    assert short < middling - 2
    assert long < middling - 2


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6))
journeys = st.builds(
    Journey,
    st.floats(MONDAY - 2000, MONDAY + 300),
    st.one_of(st.just(nan), st.floats(-50, 1200)),
    st.builds(
        Traits,
        st.sampled_from(["", "CN", "DE"]),
        st.sampled_from(["", "US", "BR", "XX"]),
        st.text(max_size=2),
        st.text(max_size=2),
        st.sampled_from(["", "post"]),
        numbers,
        numbers,
        numbers,
        numbers,
    ),
)


@given(st.lists(journeys, max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_history_gives_sane_odds(past: list[Journey]) -> None:
    history = History.of(past)

    quantiles = odds(fit(history, NOW), one("BR", km=None)).quantiles(RAW_LEVELS)[0]

    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= -1e-9).all()
    assert history.dropped == sum(1 for one in past if one.days < 0 or one.days > 365)


def test_one_carriers_wrong_week_does_not_spoil_other_lanes() -> None:
    usual = {"US": 5.0, "DE": 9.0}
    sound = parcels(usual)
    names = sound.coder.names[1]
    poisoned = [
        Journey(
            float(start),
            360.0 if 200 < start - MONDAY < 207 and names[place - 1] == "DE" else float(days),
            Traits("CN", names[place - 1], "1", "5", "post"),
        )
        for start, days, place in zip(sound.start, sound.days, sound.codes[:, 1], strict=True)
    ]

    spoiled, clean = fit(History.of(poisoned), NOW), fit(sound, NOW)

    assert median(spoiled, one("US")) == pytest.approx(median(clean, one("US")), rel=0.05)
    assert median(spoiled, one("DE")) == pytest.approx(median(clean, one("DE")), rel=0.15)


WORLD = fit(parcels({"US": 6.0, "DE": 12.0}, count=1_000), NOW)
