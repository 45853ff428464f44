"""Measure how well alert rules find problems, on simulated parcels: `manage.py alarms [--parcels N] [--seed S]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from tracking.evaluation import alert_replay

TRAINING_SEED: Final = 1


class Command(BaseCommand):
    help = "Play simulated parcels of known truth through the alarm rules, with limits learned from earlier parcels."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parcels", type=int, default=2000, help="how many parcels are played, and as many teach")
        parser.add_argument("--seed", type=int, default=2, help=f"which parcels; {TRAINING_SEED} teaches")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parcels"] < 500 or options["seed"] == TRAINING_SEED:
            raise CommandError("at least 500 parcels and another seed than the teachers' are needed", returncode=2)
        scores = alert_replay.evaluate_alerts(options["parcels"], options["seed"], TRAINING_SEED)
        if options["json"]:
            self.stdout.write(json.dumps({name: score_figures(score) for name, score in scores.items()}))
            return
        self.stdout.write(f"{'':40}{'per 100':>9}{'precision':>11}{'recall':>8}{'lead, days':>12}{'troubled':>10}")
        for name, score in scores.items():
            columns = "".join(
                f"{'-' if value is None else format(value, '.2f'):>{width}}"
                for value, width in ((score.precision, 11), (score.recall, 8), (score.median_lead_days, 12))
            )
            self.stdout.write(f"{name:40}{score.alerts_per_hundred:>9.1f}{columns}{score.problem_parcels:>10}")


def score_figures(score: alert_replay.AlertScore) -> dict[str, float | None]:
    """Return the figures of a score by their JSON key; shares are 0 to 1."""
    return {
        "per_100": score.alerts_per_hundred,
        "precision": score.precision,
        "recall": score.recall,
        "lead_days": score.median_lead_days,
        "troubled": score.problem_parcels,
    }
