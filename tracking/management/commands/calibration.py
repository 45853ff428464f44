"""Measure the coverage of arrival windows on simulated parcels: `manage.py calibration [--parcels N] [--seed 2]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from tracking.evaluation.intervals import measure_coverage

MIN_PARCELS: Final = 300
MIN_COVERAGE_PERCENT, MAX_COVERAGE_PERCENT = 77.0, 83.0


class Command(BaseCommand):
    help = "Print how many of 100 simulated parcels came within their 80 % window, by way and by where they were."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parcels", type=int, default=20_000, help="how many parcels in a year and a half (20000)")
        parser.add_argument("--seed", type=int, default=2, help="which parcels")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parcels"] < 100:
            raise CommandError("at least 100 parcels are needed", returncode=2)
        cells = measure_coverage(options["parcels"], options["seed"])
        self.stdout.write(f"{'counted':18}{'way':8}{'parcels':>8}{'within':>9}{'width':>9}")
        for cell in cells:
            mark = (
                ""
                if cell.parcels < MIN_PARCELS or MIN_COVERAGE_PERCENT <= cell.covered_percent <= MAX_COVERAGE_PERCENT
                else "  outside"
            )
            counts = f"{cell.parcels:>8}{cell.covered_percent:>8.1f}%{cell.width_days:>7.1f} d"
            self.stdout.write(f"{cell.stage.value:18}{cell.lane:8}{counts}{mark}")
        large_cells = [cell for cell in cells if cell.parcels >= MIN_PARCELS]
        within = sum(MIN_COVERAGE_PERCENT <= cell.covered_percent <= MAX_COVERAGE_PERCENT for cell in large_cells)
        self.stdout.write(
            f"{within} of {len(large_cells)} with {MIN_PARCELS} parcels or more lie "
            f"between {MIN_COVERAGE_PERCENT:g} and {MAX_COVERAGE_PERCENT:g} %"
        )
