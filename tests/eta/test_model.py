"""What is learned from parcels: effects, the curve, weekdays; from anything at all, without falling."""

from __future__ import annotations

import json
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eta.synthetic import MONDAY, open_parcel, synthetic_parcels
from tracking.eta.calibration import RAW_LEVELS
from tracking.eta.distribution import ArrivalDistribution, predict_distribution
from tracking.eta.model import ArrivalModel, fit_model, from_parts
from tracking.eta.observations import Features, Floats, Observation, ObservationTable

NOW = MONDAY + 300
MEDIAN_LEVEL = np.array([0.5])


def distribution_for(model: ArrivalModel, parcel: ObservationTable, elapsed: float = 0.0) -> ArrivalDistribution:
    codes, measures = encode_parcel(model, parcel)
    return predict_distribution(
        model.curve, model.typical_days_and_dispersion(codes, measures), parcel.start_day, np.array([elapsed])
    )


def encode_parcel(model: ArrivalModel, parcel: ObservationTable) -> tuple[np.ndarray, Floats]:
    names = [[*[""], *known] for known in parcel.encoder.names]
    keys = [names[place][code] for place, code in enumerate(parcel.codes[0])]
    return np.array([model.encoder.encode(keys)], dtype=np.int32), parcel.numeric_values


def median_days(model: ArrivalModel, parcel: ObservationTable, elapsed: float = 0.0) -> float:
    return float(distribution_for(model, parcel, elapsed).quantiles(MEDIAN_LEVEL)[0, 0])


def test_each_destination_has_its_own_usual_time() -> None:
    model = fit_model(synthetic_parcels({"US": 5.0, "BR": 20.0}), NOW)

    assert median_days(model, open_parcel("US")) == pytest.approx(5.0, rel=0.15)
    assert median_days(model, open_parcel("BR")) == pytest.approx(20.0, rel=0.15)


def test_a_destination_never_seen_is_thought_like_all() -> None:
    model = fit_model(synthetic_parcels({"US": 8.0, "DE": 8.0}), NOW)

    assert median_days(model, open_parcel("JP")) == pytest.approx(8.0, rel=0.25)


def test_parcels_under_way_lengthen_what_is_expected() -> None:
    history = synthetic_parcels({"US": 5.0})
    slow = ObservationTable.from_observations(
        [
            *(
                Observation(float(s), float(d), Features("CN", "US"))
                for s, d in zip(history.start_day, history.duration_days, strict=True)
            ),
            *(Observation(NOW - 12 - place / 50, nan, Features("CN", "US")) for place in range(400)),
        ]
    )

    assert median_days(fit_model(slow, NOW), open_parcel()) > median_days(fit_model(history, NOW), open_parcel()) + 1


def test_what_happens_later_is_not_known_earlier() -> None:
    history = synthetic_parcels({"US": 5.0})
    cut = history.select_rows(history.start_day < MONDAY + 150)
    known = fit_model(history, MONDAY + 150)

    assert known.to_parts() == fit_model(cut.censored_at(MONDAY + 150), MONDAY + 150).to_parts()


def test_closed_days_are_not_promised() -> None:
    model = fit_model(synthetic_parcels({"US": 6.0}, closed_weekdays=(5, 6)), NOW)
    left = np.concatenate([[1.0], distribution_for(model, open_parcel(start_offset_days=300.0 - 300 % 7)).survival[0]])
    arrivals = left[:-1] - left[1:]

    weekend = arrivals[5:7].sum() + arrivals[12:14].sum()
    assert weekend < 0.05
    assert arrivals[:14].sum() > 0.8


def test_a_holiday_takes_the_odds_of_its_day() -> None:
    model = fit_model(synthetic_parcels({"US": 4.0}), NOW)
    parcel = open_parcel()
    pace = model.typical_days_and_dispersion(*encode_parcel(model, parcel))
    shut = np.zeros((1, 110))
    shut[0, 3] = 1.0

    left = predict_distribution(model.curve, pace, parcel.start_day, np.zeros(1), shut).survival[0]

    assert left[3] == pytest.approx(left[2])


@given(st.floats(0, 40), st.floats(0.1, 20))
@settings(max_examples=40, deadline=None)
def test_having_waited_longer_never_means_arriving_earlier(elapsed: float, more: float) -> None:
    model = MODEL
    first = elapsed + distribution_for(model, open_parcel(), elapsed).quantiles(RAW_LEVELS)[0]
    later = elapsed + more + distribution_for(model, open_parcel(), elapsed + more).quantiles(RAW_LEVELS)[0]

    assert (np.diff(first) >= -1e-9).all()
    assert (later >= first - 0.02).all()


@given(st.floats(0, 30), st.floats(0, 60))
@settings(max_examples=40, deadline=None)
def test_odds_and_quantiles_tell_the_same(elapsed: float, days: float) -> None:
    found = distribution_for(MODEL, open_parcel(), elapsed)
    share = found.arrival_probability(np.array([days]))[0]

    assert 0 <= share <= 1
    if 0.02 < share < 0.98:
        again = found.arrival_probability(found.quantiles(np.array([share]))[0])[0]
        assert again == pytest.approx(share, abs=0.005)


def test_a_model_survives_its_rows() -> None:
    rows = json.loads(json.dumps(MODEL.to_parts()))

    again = from_parts(rows)

    for elapsed in (0.0, 3.5, 30.0):
        assert median_days(again, open_parcel(), elapsed) == pytest.approx(
            median_days(MODEL, open_parcel(), elapsed), abs=0.01
        )
    assert again.parcel_count_of("destination", "US") == MODEL.parcel_count_of("destination", "US") > 0


def test_the_way_from_an_area_to_a_destination_is_learned() -> None:
    dice = np.random.default_rng(4)
    quick = {("51", "US"), ("20", "DE")}
    past = [
        Observation(
            MONDAY + start, (4.0 if (area, place) in quick else 12.0) + dice.random(), Features("CN", place, "", area)
        )
        for start in dice.uniform(0, 280, 600)
        for area, place in [(("51", "20")[dice.integers(2)], ("US", "DE")[dice.integers(2)])]
    ]

    model = fit_model(ObservationTable.from_observations(past), NOW)

    assert median_days(model, open_parcel("US", origin_area="51", service="")) < 6
    assert median_days(model, open_parcel("DE", origin_area="51", service="")) > 10


def test_very_short_and_very_long_ways_bend_away() -> None:
    dice = np.random.default_rng(5)
    past = [
        Observation(
            MONDAY + start, (9.0 if 100 < km < 2_000 else 4.5) + dice.random(), Features("CN", "US", distance_km=km)
        )
        for start, km in zip(dice.uniform(0, 280, 900), dice.choice([5.0, 400.0, 600.0, 30_000.0], 900), strict=True)
    ]

    model = fit_model(ObservationTable.from_observations(past), NOW)
    short, middling, long = (median_days(model, open_parcel("US", distance_km=km)) for km in (5.0, 500.0, 30_000.0))

    assert short < middling - 2
    assert long < middling - 2


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6))
journeys = st.builds(
    Observation,
    st.floats(MONDAY - 2000, MONDAY + 300),
    st.one_of(st.just(nan), st.floats(-50, 1200)),
    st.builds(
        Features,
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
def test_any_history_gives_sane_odds(past: list[Observation]) -> None:
    history = ObservationTable.from_observations(past)

    quantiles = distribution_for(fit_model(history, NOW), open_parcel("BR", distance_km=None)).quantiles(RAW_LEVELS)[0]

    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= -1e-9).all()
    assert history.dropped_count == sum(1 for one in past if one.duration_days < 0 or one.duration_days > 365)


def test_one_carriers_wrong_week_does_not_spoil_other_lanes() -> None:
    usual = {"US": 5.0, "DE": 9.0}
    sound = synthetic_parcels(usual)
    names = sound.encoder.names[1]
    poisoned = [
        Observation(
            float(start),
            360.0 if 200 < start - MONDAY < 207 and names[place - 1] == "DE" else float(days),
            Features("CN", names[place - 1], "1", "5", "post"),
        )
        for start, days, place in zip(sound.start_day, sound.duration_days, sound.codes[:, 1], strict=True)
    ]

    spoiled, clean = fit_model(ObservationTable.from_observations(poisoned), NOW), fit_model(sound, NOW)

    assert median_days(spoiled, open_parcel("US")) == pytest.approx(median_days(clean, open_parcel("US")), rel=0.05)
    assert median_days(spoiled, open_parcel("DE")) == pytest.approx(median_days(clean, open_parcel("DE")), rel=0.15)


MODEL = fit_model(synthetic_parcels({"US": 6.0, "DE": 12.0}, count=1_000), NOW)
