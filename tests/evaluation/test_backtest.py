"""`manage.py backtest`: forecasts of a past period from what was known at the time."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tracking.evaluation.backtest import COLUMNS

FIRST = datetime.fromisoformat("2017-01-02")


def synthetic_journeys(count: int = 900) -> list[dict[str, str]]:
    """Return invented parcels: two to three days to the carrier, then about six to RJ and fifteen to AM."""
    random_source = np.random.default_rng(3)
    rows = []
    for index in range(count):
        ordered = FIRST + timedelta(hours=index * 9600 / count)
        handed = ordered + timedelta(days=float(random_source.uniform(2, 3)))
        destination, median_days = (("RJ", 6.0), ("AM", 15.0))[index % 2]
        delivered = handed + timedelta(days=median_days * float(np.exp(random_source.normal(0, 0.3))))
        known = delivered if delivered < FIRST + timedelta(days=410) else ""
        values = ("SP", destination, ordered, handed, known, "")
        names = ("origin", "destination", "ordered_at", "handed_over_at", "delivered_at", "promised_on")
        row = {name: value.isoformat(" ", "seconds") if isinstance(value, datetime) else value
               for name, value in zip(names, values, strict=True)}  # fmt: skip
        rows.append({"id": str(index), "origin_area": "01", "destination_area": "20", "distance_km": "400",
                      "weight_g": "", **row})  # fmt: skip
    return rows


def write_journeys(path: Path, journeys: list[dict[str, str]]) -> Path:
    """Write journeys as a CSV file, gzipped if its name ends in .gz."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=COLUMNS)
    writer.writeheader()
    writer.writerows(journeys)
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def run_backtest_command(path: Path, **options: str) -> dict[str, Any]:
    settings = {"clock": "handed_over", "from": "2017-10-01", "until": "2018-01-01", **options}
    out = io.StringIO()
    arguments = [text for name, value in settings.items() for text in (f"--{name}", value)]
    call_command("backtest", "--journeys", str(path), *arguments, stdout=out)
    figures: dict[str, Any] = json.loads(out.getvalue())
    return figures


@pytest.mark.parametrize(("name", "clock"), [("journeys.csv", "handed_over"), ("journeys.csv.gz", "ordered")])
def test_forecasts_of_regular_parcels_are_accurate_and_calibrated(tmp_path: Path, name: str, clock: str) -> None:
    figures = run_backtest_command(write_journeys(tmp_path / name, synthetic_journeys()), clock=clock)

    assert list(figures) == [
        *("n", "mae_days", "pinball", "within_1", "within_2", "coverage_80", "width_80", "coverage_90", "width_90"),
        *("beyond_p90", "worst_destination_80", "fit_seconds", "predict_us"),
    ]
    assert 190 <= figures["n"] <= 230
    assert figures["mae_days"] < 3.2
    assert 72 <= figures["coverage_80"] <= 90
    assert figures["worst_destination_80"] >= 65


def test_later_parcels_do_not_change_earlier_forecasts(tmp_path: Path) -> None:
    journeys = synthetic_journeys()
    before = run_backtest_command(write_journeys(tmp_path / "journeys.csv", journeys), until="2017-11-01")
    later = [
        dict(row, delivered_at="2019-01-01 00:00:00") if row["ordered_at"] > "2017-11-15" else row for row in journeys
    ]

    assert (
        run_backtest_command(write_journeys(tmp_path / "later.csv", later), until="2017-11-01")["pinball"]
        == before["pinball"]
    )


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"ordered_at": "yesterday"}, {}, "line 2"),
        ({"distance_km": "far"}, {}, "line 2"),
        ({}, {"from": "2018-01-01", "until": "2017-01-01"}, "--from must lie before --until"),
        ({}, {"every": "0"}, "at least one day"),
        ({}, {"from": "2030-01-01", "until": "2030-02-01"}, "no parcel"),
        ({}, {"from": "soon"}, "is not a date"),
    ],
)
def test_bad_input_is_reported(tmp_path: Path, change: dict[str, str], options: dict[str, str], message: str) -> None:
    path = write_journeys(tmp_path / "journeys.csv", [{**synthetic_journeys(1)[0], **change}, *synthetic_journeys(5)])

    with pytest.raises(CommandError, match=message):
        run_backtest_command(path, **options)


def test_missing_column_and_missing_file_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "journeys.csv"
    path.write_text("id,origin\n1,SP\n")

    with pytest.raises(CommandError, match="columns are missing: destination"):
        run_backtest_command(path)
    with pytest.raises(CommandError, match="No such file"):
        run_backtest_command(tmp_path / "nowhere.csv")
