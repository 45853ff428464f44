"""Background jobs that reckon with numpy: what `tasks` is, but imported by workers alone and started by name."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.eta import accuracy, training
from tracking.ingest import forecasts


@shared_task
def make_due_forecasts() -> int:
    """Make the forecasts that are due: of parcels that moved, and once a day of those that did not."""
    return forecasts.make_due_forecasts(timezone.now())


@shared_task
def train_prediction_models() -> int:
    """Learn anew how long parcels take, then count how forecasts came true; return how many models were taken."""
    taken = training.train_all_models(timezone.now())
    accuracy.update_scores(timezone.now())
    return taken
