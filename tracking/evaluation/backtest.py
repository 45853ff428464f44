"""The predictor over a past that it may see only day by day, as it would have been in production."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple, TextIO

import numpy as np

from tracking.eta.calibration import RAW_LEVELS, ForecastLog, learn_calibration
from tracking.eta.model import fit_model
from tracking.eta.observations import Features, Floats, Observation, ObservationTable
from tracking.eta.scoring import distribution_at_start, pinball_loss, shown_quantiles
from tracking.vocabulary import JourneyStage

COLUMNS: Final = (
    *("id", "origin", "destination", "ordered_at", "handed_over_at", "delivered_at", "promised_on"),
    *("origin_area", "destination_area", "distance_km", "weight_g"),
)
WARM_UP_PERIOD: Final = timedelta(weeks=13)
PROMISE_SHARE_OF_DAY: Final = 0.75
"""A promised day ends, for deliveries, at about six in the evening."""
EPOCH: Final = datetime.fromisoformat("1970-01-01")
MIN_DESTINATION_PARCELS: Final = 30


class JourneysFileError(ValueError):
    """A file of journeys that cannot be read, with the reason."""


def read_journeys(path: Path, stage: JourneyStage) -> ObservationTable:
    """Return the journeys of a CSV file, plain or gzipped, counted from this clock. Times in it are local."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return ObservationTable.from_observations(parse_journeys(file, stage))


def parse_journeys(file: TextIO, stage: JourneyStage) -> Iterator[Observation]:
    """Yield the journeys of a CSV file; those that never reached the clock's start are left out."""
    rows = csv.DictReader(file)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise JourneysFileError(f"these columns are missing: {', '.join(missing)}")
    for number, row in enumerate(rows, start=2):
        try:
            journey = parse_journey(row, stage)
        except (ValueError, TypeError) as trouble:
            raise JourneysFileError(f"line {number}: {trouble}") from trouble
        if journey is not None:
            yield journey


def parse_journey(row: dict[str, str], stage: JourneyStage) -> Observation | None:
    """Return the journey of one row, or None when it never reached the start of the clock."""
    ordered, handed_over, delivered, promised = (
        parse_day(row[name]) for name in ("ordered_at", "handed_over_at", "delivered_at", "promised_on")
    )
    start = handed_over if stage is JourneyStage.HANDED_OVER else ordered
    if start is None:
        return None
    handed = stage is JourneyStage.HANDED_OVER
    traits = Features(
        row["origin"],
        row["destination"],
        row["destination_area"],
        row["origin_area"],
        row.get("service", ""),
        parse_number(row["distance_km"]),
        parse_number(row["weight_g"]),
        start - ordered if handed and ordered is not None else None,
        promised + PROMISE_SHARE_OF_DAY - start if promised is not None and not handed else None,
    )
    return Observation(start, delivered - start if delivered is not None else float("nan"), traits)


def parse_day(text: str) -> float | None:
    """Return a local time as days since 1970, or None for an empty one."""
    return (datetime.fromisoformat(text).replace(tzinfo=None) - EPOCH) / timedelta(days=1) if text else None


def parse_number(text: str) -> float | None:
    """Return a number, or None for an empty one."""
    return float(text) if text else None


class BacktestResult(NamedTuple):
    """What a backtest gave: forecasts at `SCORED`, days that the parcels took, destinations, and seconds spent."""

    quantiles: Floats
    actual_days: Floats
    destinations: Any
    fit_seconds: float
    predict_seconds: float
    predicted_count: int


def run_backtest(
    observations: ObservationTable, start_on: date, end_before: date, refit_every_days: int = 7
) -> BacktestResult:
    """Fit every so many days from well before `first` on, and forecast each parcel at its start with the last fit.

    Only parcels that start from `first` on and before `until`, and whose delivery is known, are part of the outcome.
    """
    begin, end = epoch_days(start_on), epoch_days(end_before)
    warm = begin - WARM_UP_PERIOD / timedelta(days=1)
    days = np.arange(warm - (warm - begin) % refit_every_days, end, refit_every_days)
    names = np.array(["", *observations.encoder.names[1]])
    log = ForecastLog(np.zeros(0), np.zeros((0, len(RAW_LEVELS))), np.zeros(0), np.zeros(0, dtype=str))
    told: list[tuple[Floats, Floats, Any]] = []
    fits: list[float] = []
    spent, predicted = 0.0, 0
    for day in days:
        calibration = learn_calibration(log, day)
        clock = perf_counter()
        model = fit_model(observations, day)
        fits.append(perf_counter() - clock)
        coming = observations.select_rows(
            (observations.start_day >= day) & (observations.start_day < min(day + refit_every_days, end))
        )
        clock = perf_counter()
        places = names[coming.codes[:, 1]]
        odds = distribution_at_start(model, coming)
        forecasts, raw = shown_quantiles(odds, model, calibration, places), odds.quantiles(RAW_LEVELS)
        spent, predicted = spent + perf_counter() - clock, predicted + len(coming)
        log = append_to_log(log, coming, raw, places)
        counts = (coming.start_day >= begin) & ~np.isnan(coming.duration_days)
        told.append((forecasts[counts], coming.duration_days[counts], places[counts]))
    quantiles, taken, where = (np.concatenate(column) for column in zip(*told, strict=True))
    return BacktestResult(quantiles, taken, where, float(np.mean(fits)), spent, predicted)


def append_to_log(
    forecast_log: ForecastLog, observations: ObservationTable, raw_quantiles: Floats, destinations: Any
) -> ForecastLog:
    """Return the log with these forecasts."""
    return ForecastLog(
        np.concatenate([forecast_log.made_on_day, observations.start_day]),
        np.concatenate([forecast_log.quantiles, raw_quantiles]),
        np.concatenate([forecast_log.remaining_days, observations.duration_days]),
        np.concatenate([forecast_log.destinations, destinations]),
    )


def epoch_days(day: date) -> float:
    """Return a date as days since 1970."""
    return float((day - EPOCH.date()).days)


def compute_metrics(result: BacktestResult) -> dict[str, float | int | None]:
    """Return the figures of a backtest, by the names of the command's output."""
    quantiles, days = result.quantiles, result.actual_days
    error = np.abs(quantiles[:, 2] - days)
    inside = (days >= quantiles[:, 1]) & (days <= quantiles[:, 3])
    return {
        "n": len(days),
        "mae_days": round_metric(error.mean()),
        "pinball": round_metric(pinball_loss(quantiles, days)),
        "within_1": round_metric(100 * (error <= 1).mean()),
        "within_2": round_metric(100 * (error <= 2).mean()),
        "coverage_80": round_metric(100 * inside.mean()),
        "width_80": round_metric((quantiles[:, 3] - quantiles[:, 1]).mean()),
        "coverage_90": round_metric(100 * ((days >= quantiles[:, 0]) & (days <= quantiles[:, 4])).mean()),
        "width_90": round_metric((quantiles[:, 4] - quantiles[:, 0]).mean()),
        "beyond_p90": round_metric(100 * (days > quantiles[:, 3]).mean()),
        "worst_destination_80": worst_destination_coverage(inside, result.destinations),
        "fit_seconds": round_metric(result.fit_seconds),
        "predict_us": round_metric(1e6 * result.predict_seconds / max(result.predicted_count, 1)),
    }


def worst_destination_coverage(covered: Any, destinations: Iterable[str]) -> float | None:
    """Return the coverage of the destination that was right least often, of those with enough parcels."""
    places = np.array(list(destinations))
    shares = [
        100 * covered[places == one].mean()
        for one in np.unique(places)
        if (places == one).sum() >= MIN_DESTINATION_PARCELS
    ]
    return round_metric(min(shares)) if shares else None


def round_metric(value: float) -> float:
    """Return a figure with four digits after the point."""
    return round(float(value), 4)
