"""Fitting: effects, survival curve and weekdays are learned, and no input breaks a fit."""

from __future__ import annotations

import json
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.eta.synthetic import MONDAY, open_parcel, synthetic_parcels
from tests.examples import scale_examples
from tracking.eta.calibration import RAW_LEVELS
from tracking.eta.distribution import ArrivalDistribution, predict_distribution
from tracking.eta.model import ArrivalModel, fit_model, from_parts
from tracking.eta.observations import Features, Floats, Observation, ObservationTable

NOW = MONDAY + 300
MEDIAN_LEVEL = np.array([0.5])


def distribution_for(model: ArrivalModel, parcel: ObservationTable, elapsed: float = 0.0) -> ArrivalDistribution:
    typical_and_dispersion = model.typical_days_and_dispersion(*encode_parcel(model, parcel))
    return predict_distribution(model.curve, typical_and_dispersion, parcel.start_day, np.array([elapsed]))


def encode_parcel(model: ArrivalModel, parcel: ObservationTable) -> tuple[np.ndarray, Floats]:
    """Return a parcel's codes by the model's encoder, and its numeric values."""
    names = [["", *known] for known in parcel.encoder.names]
    categories = [names[column][code] for column, code in enumerate(parcel.codes[0])]
    return np.array([model.encoder.encode(categories)], dtype=np.int32), parcel.numeric_values


def median_days(model: ArrivalModel, parcel: ObservationTable, elapsed: float = 0.0) -> float:
    return float(distribution_for(model, parcel, elapsed).quantiles(MEDIAN_LEVEL)[0, 0])


def test_each_destination_has_its_own_typical_days() -> None:
    model = fit_model(synthetic_parcels({"US": 5.0, "BR": 20.0}), NOW)

    assert median_days(model, open_parcel("US")) == pytest.approx(5.0, rel=0.15)
    assert median_days(model, open_parcel("BR")) == pytest.approx(20.0, rel=0.15)


def test_unknown_destination_is_predicted_like_all_parcels() -> None:
    model = fit_model(synthetic_parcels({"US": 8.0, "DE": 8.0}), NOW)

    assert median_days(model, open_parcel("JP")) == pytest.approx(8.0, rel=0.25)


def test_old_parcels_under_way_lengthen_the_forecast() -> None:
    history = synthetic_parcels({"US": 5.0})
    slow = ObservationTable.from_observations(
        [
            *(
                Observation(float(start), float(days), Features("CN", "US"))
                for start, days in zip(history.start_day, history.duration_days, strict=True)
            ),
            *(Observation(NOW - 12 - index / 50, nan, Features("CN", "US")) for index in range(400)),
        ]
    )

    assert median_days(fit_model(slow, NOW), open_parcel()) > median_days(fit_model(history, NOW), open_parcel()) + 1


def test_a_fit_ignores_everything_after_its_day() -> None:
    history = synthetic_parcels({"US": 5.0})
    cut = history.select_rows(history.start_day < MONDAY + 150)
    known = fit_model(history, MONDAY + 150)

    assert known.to_parts() == fit_model(cut.censored_at(MONDAY + 150), MONDAY + 150).to_parts()


def test_arrivals_are_not_predicted_on_closed_weekdays() -> None:
    model = fit_model(synthetic_parcels({"US": 6.0}, closed_weekdays=(5, 6)), NOW)
    distribution = distribution_for(model, open_parcel(start_offset_days=300.0 - 300 % 7))
    survival = np.concatenate([[1.0], distribution.survival[0]])
    arrivals = survival[:-1] - survival[1:]

    weekend = arrivals[5:7].sum() + arrivals[12:14].sum()
    assert weekend < 0.05
    assert arrivals[:14].sum() > 0.8


def test_nothing_arrives_on_a_day_that_is_closed_entirely() -> None:
    model = fit_model(synthetic_parcels({"US": 4.0}), NOW)
    parcel = open_parcel()
    typical_and_dispersion = model.typical_days_and_dispersion(*encode_parcel(model, parcel))
    closed_shares = np.zeros((1, 110))
    closed_shares[0, 3] = 1.0

    distribution = predict_distribution(
        model.curve, typical_and_dispersion, parcel.start_day, np.zeros(1), closed_shares
    )

    assert distribution.survival[0, 3] == pytest.approx(distribution.survival[0, 2])


@given(st.floats(0, 40), st.floats(0.1, 20))
@settings(max_examples=scale_examples(40))
def test_waiting_longer_never_predicts_an_earlier_arrival(elapsed: float, more: float) -> None:
    first = elapsed + distribution_for(MODEL, open_parcel(), elapsed).quantiles(RAW_LEVELS)[0]
    later = elapsed + more + distribution_for(MODEL, open_parcel(), elapsed + more).quantiles(RAW_LEVELS)[0]

    assert (np.diff(first) >= -1e-9).all()
    assert (later >= first - 0.02).all()


@given(st.floats(0, 30), st.floats(0, 60))
@settings(max_examples=scale_examples(40))
def test_arrival_probability_is_the_inverse_of_the_quantiles(elapsed: float, days: float) -> None:
    distribution = distribution_for(MODEL, open_parcel(), elapsed)
    probability = distribution.arrival_probability(np.array([days]))[0]

    assert 0 <= probability <= 1
    if 0.02 < probability < 0.98:
        quantile = distribution.quantiles(np.array([probability]))[0]
        assert distribution.arrival_probability(quantile)[0] == pytest.approx(probability, abs=0.005)


def test_a_model_read_back_from_rows_predicts_the_same() -> None:
    rows = json.loads(json.dumps(MODEL.to_parts()))

    restored = from_parts(rows)

    for elapsed in (0.0, 3.5, 30.0):
        assert median_days(restored, open_parcel(), elapsed) == pytest.approx(
            median_days(MODEL, open_parcel(), elapsed), abs=0.01
        )
    assert restored.parcel_count_of("destination", "US") == MODEL.parcel_count_of("destination", "US") > 0


def test_the_route_from_an_area_to_a_destination_is_learned() -> None:
    rng = np.random.default_rng(4)
    quick_routes = {("51", "US"), ("20", "DE")}
    observations = []
    for start in rng.uniform(0, 280, 600):
        area, country = ("51", "20")[rng.integers(2)], ("US", "DE")[rng.integers(2)]
        days = (4.0 if (area, country) in quick_routes else 12.0) + rng.random()
        observations.append(Observation(MONDAY + start, days, Features("CN", country, "", area)))

    model = fit_model(ObservationTable.from_observations(observations), NOW)

    assert median_days(model, open_parcel("US", origin_area="51", service="")) < 6
    assert median_days(model, open_parcel("DE", origin_area="51", service="")) > 10


def test_duration_need_not_be_linear_in_distance() -> None:
    rng = np.random.default_rng(5)
    observations = [
        Observation(
            MONDAY + start, (9.0 if 100 < km < 2_000 else 4.5) + rng.random(), Features("CN", "US", distance_km=km)
        )
        for start, km in zip(rng.uniform(0, 280, 900), rng.choice([5.0, 400.0, 600.0, 30_000.0], 900), strict=True)
    ]

    model = fit_model(ObservationTable.from_observations(observations), NOW)
    short, medium, long = (median_days(model, open_parcel("US", distance_km=km)) for km in (5.0, 500.0, 30_000.0))

    assert short < medium - 2
    assert long < medium - 2


NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6))
OBSERVATIONS = st.builds(
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
        NUMBERS,
        NUMBERS,
        NUMBERS,
        NUMBERS,
    ),
)


@given(st.lists(OBSERVATIONS, max_size=30))
@settings(max_examples=scale_examples(60))
def test_any_history_gives_finite_sorted_quantiles(observations: list[Observation]) -> None:
    history = ObservationTable.from_observations(observations)

    quantiles = distribution_for(fit_model(history, NOW), open_parcel("BR", distance_km=None)).quantiles(RAW_LEVELS)[0]

    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= -1e-9).all()
    assert history.dropped_count == sum(
        1 for observation in observations if observation.duration_days < 0 or observation.duration_days > 365
    )


def test_one_week_of_wrong_data_does_not_spoil_other_lanes() -> None:
    clean = synthetic_parcels({"US": 5.0, "DE": 9.0})
    names = clean.encoder.names[1]
    corrupted = [
        Observation(
            float(start),
            360.0 if 200 < start - MONDAY < 207 and names[code - 1] == "DE" else float(days),
            Features("CN", names[code - 1], "1", "5", "post"),
        )
        for start, days, code in zip(clean.start_day, clean.duration_days, clean.codes[:, 1], strict=True)
    ]

    model, clean_model = fit_model(ObservationTable.from_observations(corrupted), NOW), fit_model(clean, NOW)

    assert median_days(model, open_parcel("US")) == pytest.approx(median_days(clean_model, open_parcel("US")), rel=0.05)
    assert median_days(model, open_parcel("DE")) == pytest.approx(median_days(clean_model, open_parcel("DE")), rel=0.15)


MODEL = fit_model(synthetic_parcels({"US": 6.0, "DE": 12.0}, count=1_000), NOW)
