"""Backtest arrival forecasts: replay a past period, fitting models only to what was known at each point of it."""

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
"""Deliveries of a promised day end at about six in the evening."""
EPOCH: Final = datetime.fromisoformat("1970-01-01")
MIN_DESTINATION_PARCELS: Final = 30


class JourneysFileError(ValueError):
    """A journeys file cannot be read; the message says why."""


def read_journeys(path: Path, stage: JourneyStage) -> ObservationTable:
    """Return the journeys of a CSV file, plain or gzipped, from the start of `stage` on. Its times are local."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return ObservationTable.from_observations(parse_journeys(file, stage))


def parse_journeys(file: TextIO, stage: JourneyStage) -> Iterator[Observation]:
    """Yield the journeys of a CSV file that reached `stage`; raise `JourneysFileError` with the line of a bad row."""
    rows = csv.DictReader(file)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise JourneysFileError(f"these columns are missing: {', '.join(missing)}")
    for number, row in enumerate(rows, start=2):
        try:
            journey = parse_journey(row, stage)
        except (ValueError, TypeError) as error:
            raise JourneysFileError(f"line {number}: {error}") from error
        if journey is not None:
            yield journey


def parse_journey(row: dict[str, str], stage: JourneyStage) -> Observation | None:
    """Return the journey of one row, or None when it never reached `stage`."""
    ordered, handed_over, delivered, promised = (
        parse_day(row[name]) for name in ("ordered_at", "handed_over_at", "delivered_at", "promised_on")
    )
    from_handover = stage is JourneyStage.HANDED_OVER
    start = handed_over if from_handover else ordered
    if start is None:
        return None
    features = Features(
        row["origin"],
        row["destination"],
        row["destination_area"],
        row["origin_area"],
        row.get("service", ""),
        parse_number(row["distance_km"]),
        parse_number(row["weight_g"]),
        start - ordered if from_handover and ordered is not None else None,
        promised + PROMISE_SHARE_OF_DAY - start if promised is not None and not from_handover else None,
    )
    return Observation(start, delivered - start if delivered is not None else float("nan"), features)


def parse_day(text: str) -> float | None:
    """Return an ISO time, taken as local, as days since 1970, or None for an empty text."""
    return (datetime.fromisoformat(text).replace(tzinfo=None) - EPOCH) / timedelta(days=1) if text else None


def parse_number(text: str) -> float | None:
    """Return a number, or None for an empty text."""
    return float(text) if text else None


class BacktestResult(NamedTuple):
    """The scored forecasts of a backtest and the time spent.

    One row a parcel: `quantiles` (days at `eta.scoring.SCORED_LEVELS`), `actual_days` and `destinations`. `fit_seconds`
    is the mean of all fits, `predict_seconds` the sum over `predicted_count` parcels.
    """

    quantiles: Floats
    actual_days: Floats
    destinations: Any
    fit_seconds: float
    predict_seconds: float
    predicted_count: int


def run_backtest(
    observations: ObservationTable, start_on: date, end_before: date, refit_every_days: int = 7
) -> BacktestResult:
    """Refit every so many days, and forecast each parcel at its start with the latest fit.

    Scored are parcels that start from `start_on` on and before `end_before` and whose delivery is known. Refits begin
    `WARM_UP_PERIOD` earlier, so that the calibration of the first scored forecasts rests on earlier ones.
    """
    begin, end = epoch_days(start_on), epoch_days(end_before)
    warm_up = begin - WARM_UP_PERIOD / timedelta(days=1)
    # Shifted so that one refit falls on the first scored day.
    refit_days = np.arange(warm_up - (warm_up - begin) % refit_every_days, end, refit_every_days)
    names = np.array(["", *observations.encoder.names[1]])
    log = ForecastLog(np.zeros(0), np.zeros((0, len(RAW_LEVELS))), np.zeros(0), np.zeros(0, dtype=str))
    scored: list[tuple[Floats, Floats, Any]] = []
    fit_seconds: list[float] = []
    predict_seconds, predicted_count = 0.0, 0
    for day in refit_days:
        calibration = learn_calibration(log, day)
        started = perf_counter()
        model = fit_model(observations, day)
        fit_seconds.append(perf_counter() - started)
        starting = observations.select_rows(
            (observations.start_day >= day) & (observations.start_day < min(day + refit_every_days, end))
        )
        started = perf_counter()
        destinations = names[starting.codes[:, 1]]
        distribution = distribution_at_start(model, starting)
        forecasts = shown_quantiles(distribution, model, calibration, destinations)
        raw = distribution.quantiles(RAW_LEVELS)
        predict_seconds += perf_counter() - started
        predicted_count += len(starting)
        log = append_to_log(log, starting, raw, destinations)
        selected = (starting.start_day >= begin) & ~np.isnan(starting.duration_days)
        scored.append((forecasts[selected], starting.duration_days[selected], destinations[selected]))
    quantiles, actual_days, scored_destinations = (np.concatenate(column) for column in zip(*scored, strict=True))
    return BacktestResult(
        quantiles, actual_days, scored_destinations, float(np.mean(fit_seconds)), predict_seconds, predicted_count
    )


def append_to_log(
    forecast_log: ForecastLog, observations: ObservationTable, raw_quantiles: Floats, destinations: Any
) -> ForecastLog:
    """Return the log with these forecasts appended."""
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
    """Return the figures of a backtest by the names of the command's JSON output: days, percent, microseconds."""
    quantiles, days = result.quantiles, result.actual_days
    error = np.abs(quantiles[:, 2] - days)
    covered = (days >= quantiles[:, 1]) & (days <= quantiles[:, 3])
    return {
        "n": len(days),
        "mae_days": round_metric(error.mean()),
        "pinball": round_metric(pinball_loss(quantiles, days)),
        "within_1": round_metric(100 * (error <= 1).mean()),
        "within_2": round_metric(100 * (error <= 2).mean()),
        "coverage_80": round_metric(100 * covered.mean()),
        "width_80": round_metric((quantiles[:, 3] - quantiles[:, 1]).mean()),
        "coverage_90": round_metric(100 * ((days >= quantiles[:, 0]) & (days <= quantiles[:, 4])).mean()),
        "width_90": round_metric((quantiles[:, 4] - quantiles[:, 0]).mean()),
        "beyond_p90": round_metric(100 * (days > quantiles[:, 3]).mean()),
        "worst_destination_80": worst_destination_coverage(covered, result.destinations),
        "fit_seconds": round_metric(result.fit_seconds),
        "predict_us": round_metric(1e6 * result.predict_seconds / max(result.predicted_count, 1)),
    }


def worst_destination_coverage(covered: Any, destinations: Iterable[str]) -> float | None:
    """Return the lowest coverage in percent of the destinations with enough parcels, or None if there is none."""
    names = np.array(list(destinations))
    shares = [
        100 * covered[names == name].mean()
        for name in np.unique(names)
        if (names == name).sum() >= MIN_DESTINATION_PARCELS
    ]
    return round_metric(min(shares)) if shares else None


def round_metric(value: float) -> float:
    """Round a figure to four decimals."""
    return round(float(value), 4)
