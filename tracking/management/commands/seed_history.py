"""Give the demo a past: `manage.py seed_history [--remove]`, which `manage.py start` runs beside the site."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracking.alerts import dwell_limits
from tracking.demo.history import history_orders, import_history, remove_history
from tracking.demo.history_forecasts import make_history_forecasts
from tracking.demo.orders import FEED_SLUG, create_held_orders
from tracking.demo.restarts import restart_held_orders
from tracking.eta import accuracy, training
from tracking.eta.prediction import clear_model_caches
from tracking.ingest.forecasts import make_batch_forecasts
from tracking.models import Carrier, Shipment, Shop
from tracking.polling.training import train_hazards


class Command(BaseCommand):
    help = "Create the demo orders that hold their state, import a year of parcels of its shops, and learn from them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--parcels", type=int, default=4000)
        parser.add_argument("--nice", action="store_true", help="leave the processors to others that want them")
        parser.add_argument("--remove", action="store_true", help="delete them, and learn without them")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Shop.objects.filter(is_simulated=True).exists():
            raise CommandError("there are no demo shops here: the past is for a demo only (`manage.py start`)")
        if options["nice"]:
            os.nice(10)
        if options["remove"]:
            self.stdout.write(f"{remove_history()} simulated orders removed")
        else:
            now = timezone.now()
            create_held_orders(Carrier.objects.get(slug=FEED_SLUG), now)
            restart_held_orders(now)
            if not self.import_all(options["parcels"]):
                return
        learn()
        self.stdout.write("learned from them")

    def import_all(self, count: int) -> bool:
        """Import parcels and their forecasts; return whether there was anything to import."""
        started = time.monotonic()
        imported = import_history(count, timezone.now())
        forecasts = make_history_forecasts(timezone.now())
        if imported or forecasts:
            seconds = time.monotonic() - started
            self.stdout.write(f"{history_orders().count()} parcels, {forecasts} forecasts imported in {seconds:.1f} s")
        return bool(imported or forecasts)


def learn() -> None:
    """Do at once what else is done each night, and make the forecasts of the parcels under way anew."""
    now = timezone.now()
    train_hazards(now)
    dwell_limits.update_dwell_limits(now)
    training.train_all_models(now)
    accuracy.update_scores(now)
    # Not left to the workers: they keep the models that they have loaded for some minutes.
    clear_model_caches()
    under_way = Shipment.objects.in_progress().filter(order__shop__is_simulated=True)
    make_batch_forecasts(list(under_way.values_list("pk", flat=True)), now)
    under_way.update(alerts_due_at=now)
