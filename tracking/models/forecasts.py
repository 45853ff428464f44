"""Trained prediction models, every forecast made, and how accurate forecasts were."""

from __future__ import annotations

from typing import Self

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from tracking.models.shipments import Shipment
from tracking.models.shops import Shop
from tracking.models.texts import ForecastChangeReason
from tracking.vocabulary import JourneyStage


class PredictionModel(models.Model):
    """One trained model of one shop and stage. Old versions stay and can be activated again; its parts hold numbers."""

    shop = models.ForeignKey(Shop, models.CASCADE, verbose_name=_("shop"), related_name="prediction_models")
    stage = models.CharField(_("counted"), max_length=20, choices=JourneyStage)
    fitted_at = models.DateTimeField(_("learned at"))
    parcel_count = models.PositiveIntegerField(_("learned from parcels"))
    pinball_loss_days = models.FloatField(_("pinball loss of the last days, in days"), null=True)
    accepted = models.BooleanField(_("accepted"), default=True)
    active = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("prediction model")
        verbose_name_plural = _("prediction models")
        ordering = ("-fitted_at", "pk")
        constraints = (
            models.UniqueConstraint(
                "shop", "stage", condition=models.Q(active=True), name="one_active_model_per_stage"
            ),
        )

    def __str__(self) -> str:
        return f"{self.shop} / {self.stage} / {self.fitted_at:%Y-%m-%d %H:%M}"

    def activate(self) -> None:
        """Use this version from now on instead of the active one."""
        with transaction.atomic():
            versions = PredictionModel.objects.filter(shop=self.shop_id, stage=self.stage)
            versions.filter(active=True).exclude(pk=self.pk).update(active=False)
            versions.filter(pk=self.pk).update(active=True)
        self.active = True


class PredictionModelPart(models.Model):
    """An effect (of a lane, a carrier or a weight), a curve or a setting of one prediction model."""

    prediction_model = models.ForeignKey(PredictionModel, models.CASCADE, related_name="parts")
    kind = models.CharField(_("kind"), max_length=24)
    key = models.CharField(_("of"), max_length=160, blank=True)
    values = models.JSONField(_("values"))

    class Meta:
        verbose_name = _("part of a prediction model")
        verbose_name_plural = _("parts of prediction models")
        constraints = (models.UniqueConstraint("prediction_model", "kind", "key", name="one_part_per_kind_and_key"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".strip()


class ForecastQuerySet(models.QuerySet["Forecast"]):
    """Queries for forecasts."""

    def shown(self) -> Self:
        """Return the forecasts that were shown to readers."""
        return self.filter(shown=True)


class ForecastBasis(models.TextChoices):
    """Which past parcels a forecast is based on: the most similar group that is large enough."""

    LANE = "lane", _("parcels on the same lane")
    DESTINATION = "destination", _("parcels to the same country")
    ALL = "all", _("all parcels of the shop")
    GENERAL = "general", _("general experience")


class Forecast(models.Model):
    """One forecast of one parcel's arrival, in dates of the destination. A shown forecast is never changed."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="forecasts")
    prediction_model = models.ForeignKey(PredictionModel, models.SET_NULL, null=True, related_name="+")
    stage = models.CharField(_("counted"), max_length=20, choices=JourneyStage)
    made_at = models.DateTimeField(_("made at"))
    elapsed_days = models.FloatField(_("days on this clock"))
    raw_remaining_days = models.JSONField(_("days still to go, by level"))
    """The quantiles of the model, before any correction."""
    shown_remaining_days = models.JSONField(_("days still to go, as shown"), default=list)
    """The corrected quantiles, at `eta.window.SHOWN_LEVELS`."""
    earliest_on = models.DateField(_("first day"))
    latest_on = models.DateField(_("last day"))
    most_likely_on = models.DateField(_("most likely day"))
    earliest_at = models.DateTimeField(_("from this hour"), null=True)
    latest_at = models.DateTimeField(_("until this hour"), null=True)
    carrier_estimate_on = models.DateField(_("the carrier's date"), null=True)
    carrier_date_source = models.CharField(_("who gave that date"), max_length=40, blank=True)
    uses_carrier_date = models.BooleanField(_("the carrier's date was used"), default=False)
    basis = models.CharField(_("based on"), max_length=12, choices=ForecastBasis)
    sample_size = models.PositiveIntegerField(_("parcels that it is based on"), default=0)
    change_reason = models.CharField(_("why it moved"), max_length=12, choices=ForecastChangeReason)
    shown = models.BooleanField(_("shown"), default=True)

    objects = ForecastQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        ordering = ("made_at", "pk")
        indexes = (
            models.Index(fields=["shipment", "made_at"]),
            models.Index(fields=["made_at"]),
        )

    def __str__(self) -> str:
        return f"{self.earliest_on} - {self.latest_on}"


class ForecastAccuracy(models.Model):
    """The accuracy of shown forecasts for one lane, stage, month or carrier."""

    kind = models.CharField(_("kind"), max_length=12)
    key = models.CharField(_("of"), max_length=80)
    stage = models.CharField(_("counted"), max_length=20, choices=JourneyStage)
    measured_on = models.DateField(_("counted on"))
    is_simulated = models.BooleanField(_("simulated"), default=False)
    """Whether the parcels are those of the demo, which never existed."""
    parcel_count = models.PositiveIntegerField(_("parcels"))
    coverage_percent = models.FloatField(_("arrived within the window, %"))
    median_width_days = models.FloatField(_("median width of the window, days"))
    mean_absolute_error_days = models.FloatField(_("mean error of the most likely day, days"))
    late_percent = models.FloatField(_("arrived later, %"))

    class Meta:
        verbose_name = _("accuracy")
        verbose_name_plural = _("accuracy")
        ordering = ("kind", "-parcel_count", "key")
        constraints = (models.UniqueConstraint("kind", "key", "stage", name="one_accuracy_per_key_and_stage"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.stage}"
