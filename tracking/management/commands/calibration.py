"""Try windows out on simulated parcels: `manage.py calibration [--parcels N] [--seed 2]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from tracking.evaluation.intervals import try_out

ENOUGH: Final = 300
LEAST, MOST = 77.0, 83.0


class Command(BaseCommand):
    help = "Print how many of 100 simulated parcels came within their 80 % window, by way and by where they were."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parcels", type=int, default=20_000, help="how many parcels in a year and a half (20000)")
        parser.add_argument("--seed", type=int, default=2, help="which parcels")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parcels"] < 100:
            raise CommandError("at least 100 parcels are needed", returncode=2)
        cells = try_out(options["parcels"], options["seed"])
        self.stdout.write(f"{'counted':18}{'way':8}{'parcels':>8}{'within':>9}{'width':>9}")
        for cell in cells:
            sign = "" if cell.parcels < ENOUGH or LEAST <= cell.covered <= MOST else "  outside"
            told = f"{cell.clock.value:18}{cell.lane:8}{cell.parcels:>8}{cell.covered:>8.1f}%{cell.width_days:>7.1f} d"
            self.stdout.write(f"{told}{sign}")
        judged = [cell for cell in cells if cell.parcels >= ENOUGH]
        held = sum(LEAST <= cell.covered <= MOST for cell in judged)
        self.stdout.write(f"{held} of {len(judged)} with {ENOUGH} parcels or more lie between {LEAST:g} and {MOST:g} %")
