"""Celery tasks that need numpy. Only workers import this module: web processes start without numpy and save memory."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tracking.eta import accuracy, training
from tracking.ingest import forecasts


@shared_task
def make_due_forecasts() -> int:
    """Make forecasts for parcels that moved, and once a day for the others; return how many parcels there were."""
    return forecasts.make_due_forecasts(timezone.now())


@shared_task
def train_prediction_models() -> int:
    """Train the prediction models, then score past forecasts; return how many models were accepted."""
    accepted = training.train_all_models(timezone.now())
    accuracy.update_scores(timezone.now())
    return accepted
