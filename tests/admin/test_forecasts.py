"""Prediction models in the admin: versions are listed, and an operator activates an older one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tracking.models import PredictionModel, Shop
from tracking.vocabulary import JourneyStage

NIGHT = datetime(2026, 9, 1, 2, 41, tzinfo=UTC)


def create_model(
    nights: int, *, stage: JourneyStage = JourneyStage.ORDERED, is_active: bool = False
) -> PredictionModel:
    fields = {"fitted_at": NIGHT + timedelta(days=nights), "parcel_count": 300 + nights, "pinball_loss_days": 1.2345}
    return PredictionModel.objects.create(
        shop=Shop.objects.get_or_create(slug="shop", defaults={"name": "Shop"})[0],
        stage=stage,
        active=is_active,
        **fields,
    )


@pytest.mark.django_db
def test_versions_are_listed_with_their_parcels_and_loss(admin_client: Client) -> None:
    create_model(1, is_active=True)

    page = admin_client.get(reverse("admin:tracking_predictionmodel_changelist")).content.decode()

    assert "301" in page
    assert "1.234" in page


@pytest.mark.django_db
def test_an_operator_activates_an_older_version(run_action: Callable[..., str]) -> None:
    older, newer = create_model(1), create_model(2, is_active=True)

    page = run_action("use_versions", older)

    assert "In use within five minutes" in page
    assert list(PredictionModel.objects.filter(active=True)) == [older]
    newer.refresh_from_db()
    assert not newer.active


@pytest.mark.django_db
def test_two_versions_of_one_stage_cannot_both_be_active(run_action: Callable[..., str]) -> None:
    older, newer = create_model(1), create_model(2, is_active=True)

    page = run_action("use_versions", older, newer)

    assert "Choose one version" in page
    assert list(PredictionModel.objects.filter(active=True)) == [newer]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["predictionmodel", "forecast", "forecastaccuracy"])
def test_rows_that_workers_write_are_read_only(admin_client: Client, name: str) -> None:
    assert admin_client.get(reverse(f"admin:tracking_{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:tracking_{name}_add")).status_code == 403
