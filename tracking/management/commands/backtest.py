"""Backtest forecasts: `manage.py backtest --journeys FILE --clock STAGE --from DATE --until DATE`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracking.evaluation.backtest import JourneysFileError, compute_metrics, read_journeys, run_backtest
from tracking.vocabulary import JourneyStage


class Command(BaseCommand):
    help = "Print, as one JSON line, how forecasts made over a past period with only what was known then came true."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--journeys", type=Path, required=True, help="a CSV file, plain or gzipped")
        parser.add_argument("--clock", choices=[JourneyStage.ORDERED, JourneyStage.HANDED_OVER], required=True)
        parser.add_argument("--from", dest="first", type=parse_date, required=True, metavar="DATE")
        parser.add_argument("--until", type=parse_date, required=True, metavar="DATE", help="not included")
        parser.add_argument("--every", type=int, default=7, metavar="DAYS", help="days between two fits (7)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["first"] >= options["until"]:
            raise CommandError("--from must lie before --until", returncode=2)
        if options["every"] < 1:
            raise CommandError("--every must be at least one day", returncode=2)
        try:
            history = read_journeys(options["journeys"], JourneyStage(options["clock"]))
        except (OSError, UnicodeDecodeError, JourneysFileError) as error:
            raise CommandError(f"{options['journeys']}: {error}", returncode=2) from error
        outcome = run_backtest(history, options["first"], options["until"], options["every"])
        if not len(outcome.actual_days):
            raise CommandError("no parcel that started in this period has a known delivery", returncode=2)
        self.stdout.write(json.dumps(compute_metrics(outcome)))


def parse_date(text: str) -> date:
    """Parse a date written as YYYY-MM-DD, for argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date like 2018-02-01") from error
