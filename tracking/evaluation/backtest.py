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

from tracking.eta.calibrate import RAW_LEVELS, Log, learn_calibration
from tracking.eta.history import Floats, History, Journey, Traits
from tracking.eta.model import fit
from tracking.eta.scoring import odds_at_start, pinball, shown
from tracking.vocabulary import Clock

COLUMNS: Final = (
    *("id", "origin", "destination", "ordered_at", "handed_over_at", "delivered_at", "promised_on"),
    *("origin_area", "destination_area", "distance_km", "weight_g"),
)
WARM_UP: Final = timedelta(weeks=13)
END_OF_DAY: Final = 0.75
"""A promised day ends, for deliveries, at about six in the evening."""
EPOCH: Final = datetime.fromisoformat("1970-01-01")
FEWEST: Final = 30


class WrongFile(ValueError):
    """A file of journeys that cannot be read, with the reason."""


def read_journeys(path: Path, clock: Clock) -> History:
    """Return the journeys of a CSV file, plain or gzipped, counted from this clock. Times in it are local."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        return History.of(journeys_in(file, clock))


def journeys_in(file: TextIO, clock: Clock) -> Iterator[Journey]:
    """Yield the journeys of a CSV file; those that never reached the clock's start are left out."""
    rows = csv.DictReader(file)
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise WrongFile(f"these columns are missing: {', '.join(missing)}")
    for number, row in enumerate(rows, start=2):
        try:
            journey = journey_of(row, clock)
        except (ValueError, TypeError) as trouble:
            raise WrongFile(f"line {number}: {trouble}") from trouble
        if journey is not None:
            yield journey


def journey_of(row: dict[str, str], clock: Clock) -> Journey | None:
    """Return the journey of one row, or None when it never reached the start of the clock."""
    ordered, handed_over, delivered, promised = (
        day_of(row[name]) for name in ("ordered_at", "handed_over_at", "delivered_at", "promised_on")
    )
    start = handed_over if clock is Clock.HANDED_OVER else ordered
    if start is None:
        return None
    handed = clock is Clock.HANDED_OVER
    traits = Traits(
        row["origin"],
        row["destination"],
        row["destination_area"],
        row["origin_area"],
        row.get("service", ""),
        number_of(row["distance_km"]),
        number_of(row["weight_g"]),
        start - ordered if handed and ordered is not None else None,
        promised + END_OF_DAY - start if promised is not None and not handed else None,
    )
    return Journey(start, delivered - start if delivered is not None else float("nan"), traits)


def day_of(text: str) -> float | None:
    """Return a local time as days since 1970, or None for an empty one."""
    return (datetime.fromisoformat(text).replace(tzinfo=None) - EPOCH) / timedelta(days=1) if text else None


def number_of(text: str) -> float | None:
    """Return a number, or None for an empty one."""
    return float(text) if text else None


class Outcome(NamedTuple):
    """What a backtest gave: forecasts at `SCORED`, days that the parcels took, destinations, and seconds spent."""

    quantiles: Floats
    days: Floats
    destinations: Any
    fit_seconds: float
    predict_seconds: float
    predicted: int


def backtest(history: History, first: date, until: date, every: int = 7) -> Outcome:
    """Fit every so many days from well before `first` on, and forecast each parcel at its start with the last fit.

    Only parcels that start from `first` on and before `until`, and whose delivery is known, are part of the outcome.
    """
    begin, end = day_number(first), day_number(until)
    warm = begin - WARM_UP / timedelta(days=1)
    days = np.arange(warm - (warm - begin) % every, end, every)
    names = np.array(["", *history.coder.names[1]])
    log = Log(np.zeros(0), np.zeros((0, len(RAW_LEVELS))), np.zeros(0), np.zeros(0, dtype=str))
    told: list[tuple[Floats, Floats, Any]] = []
    fits: list[float] = []
    spent, predicted = 0.0, 0
    for day in days:
        calibration = learn_calibration(log, day)
        clock = perf_counter()
        model = fit(history, day)
        fits.append(perf_counter() - clock)
        coming = history.picked((history.start >= day) & (history.start < min(day + every, end)))
        clock = perf_counter()
        places = names[coming.codes[:, 1]]
        odds = odds_at_start(model, coming)
        forecasts, raw = shown(odds, model, calibration, places), odds.quantiles(RAW_LEVELS)
        spent, predicted = spent + perf_counter() - clock, predicted + len(coming)
        log = grown(log, coming, raw, places)
        counts = (coming.start >= begin) & ~np.isnan(coming.days)
        told.append((forecasts[counts], coming.days[counts], places[counts]))
    quantiles, taken, where = (np.concatenate(column) for column in zip(*told, strict=True))
    return Outcome(quantiles, taken, where, float(np.mean(fits)), spent, predicted)


def grown(log: Log, parcels: History, raw: Floats, places: Any) -> Log:
    """Return the log with these forecasts."""
    return Log(
        np.concatenate([log.made_at, parcels.start]),
        np.concatenate([log.quantiles, raw]),
        np.concatenate([log.days, parcels.days]),
        np.concatenate([log.destinations, places]),
    )


def day_number(day: date) -> float:
    """Return a date as days since 1970."""
    return float((day - EPOCH.date()).days)


def figures(outcome: Outcome) -> dict[str, float | int | None]:
    """Return the figures of a backtest, by the names of the command's output."""
    quantiles, days = outcome.quantiles, outcome.days
    error = np.abs(quantiles[:, 2] - days)
    inside = (days >= quantiles[:, 1]) & (days <= quantiles[:, 3])
    return {
        "n": len(days),
        "mae_days": rounded(error.mean()),
        "pinball": rounded(pinball(quantiles, days)),
        "within_1": rounded(100 * (error <= 1).mean()),
        "within_2": rounded(100 * (error <= 2).mean()),
        "coverage_80": rounded(100 * inside.mean()),
        "width_80": rounded((quantiles[:, 3] - quantiles[:, 1]).mean()),
        "coverage_90": rounded(100 * ((days >= quantiles[:, 0]) & (days <= quantiles[:, 4])).mean()),
        "width_90": rounded((quantiles[:, 4] - quantiles[:, 0]).mean()),
        "beyond_p90": rounded(100 * (days > quantiles[:, 3]).mean()),
        "worst_destination_80": worst(inside, outcome.destinations),
        "fit_seconds": rounded(outcome.fit_seconds),
        "predict_us": rounded(1e6 * outcome.predict_seconds / max(outcome.predicted, 1)),
    }


def worst(inside: Any, destinations: Iterable[str]) -> float | None:
    """Return the coverage of the destination that was right least often, of those with enough parcels."""
    places = np.array(list(destinations))
    shares = [100 * inside[places == one].mean() for one in np.unique(places) if (places == one).sum() >= FEWEST]
    return rounded(min(shares)) if shares else None


def rounded(value: float) -> float:
    """Return a figure with four digits after the point."""
    return round(float(value), 4)
