"""Compare adaptive polling with a fixed interval: `manage.py pacing [--parcels N] [--hours 6] [--seed 2]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from tracking.evaluation import polling_replay

TRAINING_SEED: Final = 1
TRAINING_PARCELS: Final = 1500


class Command(BaseCommand):
    help = "Follow simulated parcels twice with the same number of calls, adaptively and at a fixed interval."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parcels", type=int, default=300, help="how many parcels are followed")
        parser.add_argument("--hours", type=float, default=6.0, help="the fixed interval")
        parser.add_argument("--seed", type=int, default=2, help=f"which parcels; {TRAINING_SEED} teaches")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parcels"] < 1 or not 0.1 <= options["hours"] <= 240 or options["seed"] == TRAINING_SEED:
            raise CommandError(
                "at least 1 parcel, 0.1 to 240 hours, and another seed than the teachers' are needed", returncode=2
            )
        comparison = polling_replay.compare_policies(
            polling_replay.simulate_numbers(TRAINING_PARCELS, TRAINING_SEED),
            polling_replay.simulate_numbers(options["parcels"], options["seed"]),
            options["hours"],
        )
        if options["json"]:
            self.stdout.write(json.dumps(comparison.figures()))
            return
        self.stdout.write(
            f"{options['parcels']} parcels, {len(comparison.fixed.delay_hours)} scans; price {comparison.call_cost:.3f}"
        )
        self.stdout.write(f"{'':24}{'calls':>8}{'told to known':>20}{'happened to known':>22}")
        self.stdout.write(f"{'':32}{'median':>11}{'95 %':>9}{'median':>13}{'95 %':>9}")
        for name, result in ((f"every {options['hours']:g} h", comparison.fixed), ("adaptive", comparison.adaptive)):
            hours = [result.quantile(share, since_scan=of_scan) for of_scan in (False, True) for share in (0.5, 0.95)]
            cells = "".join(f"{value:>{width}.2f} h" for value, width in zip(hours, (9, 7, 11, 7), strict=True))
            self.stdout.write(f"{name:24}{result.calls:>8}{cells}")
        parcels, after_end = options["parcels"], comparison.adaptive.calls_after_end
        self.stdout.write(
            f"adaptive, calls a parcel: {comparison.adaptive.calls / parcels:.1f},"
            f" and {after_end / parcels:.1f} after its end for corrections"
        )
        self.stdout.write(f"adaptive / fixed, median from told to known: {comparison.ratio:.2f}")
