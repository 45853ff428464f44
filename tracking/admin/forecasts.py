"""Forecasts in the admin: versions of the prediction models, the log of forecasts, and their accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracking.admin.base import ReadOnlyAdminMixin
from tracking.models import Forecast, ForecastAccuracy, PredictionModel

if TYPE_CHECKING:
    PredictorModelAdmin = admin.ModelAdmin[PredictionModel]
    ForecastModelAdmin = admin.ModelAdmin[Forecast]
    AccuracyModelAdmin = admin.ModelAdmin[ForecastAccuracy]
else:
    PredictorModelAdmin = ForecastModelAdmin = AccuracyModelAdmin = admin.ModelAdmin


@admin.register(PredictionModel)
class PredictionModelAdmin(ReadOnlyAdminMixin, PredictorModelAdmin):
    """List fitted prediction models, newest first. One is active for each shop and stage; an operator can switch."""

    list_display = ("fitted_at", "shop", "stage", "parcel_count", "loss_days", "accepted", "active")
    list_filter = ("active", "accepted", "stage", "shop")
    list_select_related = ("shop",)
    date_hierarchy = "fitted_at"
    actions = ("use_versions",)

    @admin.display(description=_("pinball loss, days"), ordering="loss")
    def loss_days(self, model: PredictionModel) -> str:
        """Return the pinball loss in days."""
        return "-" if model.pinball_loss_days is None else f"{model.pinball_loss_days:.3f}"

    @admin.action(description=_("Use this version"), permissions=["use"])
    def use_versions(self, request: HttpRequest, queryset: QuerySet[PredictionModel]) -> None:
        """Activate versions, at most one for each shop and stage. The next forecasts use them."""
        chosen = list(queryset.select_related("shop"))
        if len({(model.shop_id, model.stage) for model in chosen}) < len(chosen):
            self.message_user(request, _("Choose one version of a shop and clock."), messages.ERROR)
            return
        for model in chosen:
            model.activate()
        self.message_user(request, _("In use within five minutes: %(names)s") % {"names": ", ".join(map(str, chosen))})

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may activate a model."""
        return request.user.has_perm("tracking.change_predictionmodel")


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdminMixin, ForecastModelAdmin):
    """List every forecast made, newest first."""

    list_display = (
        "made_at",
        "shipment",
        "stage",
        "earliest_on",
        "latest_on",
        "most_likely_on",
        "basis",
        "change_reason",
        "uses_carrier_date",
    )
    list_filter = ("stage", "basis", "change_reason", "uses_carrier_date", "shown")
    list_select_related = ("shipment__order",)
    search_fields = ("shipment__legs__number_key",)
    show_full_result_count = False
    ordering = ("-made_at",)


@admin.register(ForecastAccuracy)
class ForecastAccuracyAdmin(ReadOnlyAdminMixin, AccuracyModelAdmin):
    """List how accurate past forecasts were: the figures of the public page, and those by carrier."""

    list_display = (
        *("kind", "key", "stage", "parcel_count", "coverage_percent"),
        *("median_width_days", "mean_absolute_error_days", "late_percent", "measured_on", "is_simulated"),
    )
    list_filter = ("kind", "stage")
    search_fields = ("key",)
