"""What prediction learned and said, on the desk: versions to go back to, the log of forecasts, the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracking.admin.desk import LookOnly
from tracking.models import Forecast, Predictor, Score

if TYPE_CHECKING:
    PredictorDesk = admin.ModelAdmin[Predictor]
    ForecastDesk = admin.ModelAdmin[Forecast]
    ScoreDesk = admin.ModelAdmin[Score]
else:
    PredictorDesk = ForecastDesk = ScoreDesk = admin.ModelAdmin


@admin.register(Predictor)
class PredictorAdmin(LookOnly, PredictorDesk):
    """The fitted models, the newest first. One of a shop and clock is in use; an operator can go back to another."""

    list_display = ("fitted_at", "shop", "clock", "parcels", "loss_days", "accepted", "current")
    list_filter = ("current", "accepted", "clock", "shop")
    list_select_related = ("shop",)
    date_hierarchy = "fitted_at"
    actions = ("use_these",)

    @admin.display(description=_("pinball loss, days"), ordering="loss")
    def loss_days(self, predictor: Predictor) -> str:
        """Return the loss in days."""
        return "-" if predictor.loss is None else f"{predictor.loss:.3f}"

    @admin.action(description=_("Use this version"), permissions=["use"])
    def use_these(self, request: HttpRequest, queryset: QuerySet[Predictor]) -> None:
        """Take versions into use, one of a shop and clock; the next forecasts are made by them."""
        chosen = list(queryset.select_related("shop"))
        if len({(one.shop_id, one.clock) for one in chosen}) < len(chosen):
            self.message_user(request, _("Choose one version of a shop and clock."), messages.ERROR)
            return
        for one in chosen:
            one.use()
        self.message_user(request, _("In use within five minutes: %(names)s") % {"names": ", ".join(map(str, chosen))})

    def has_use_permission(self, request: HttpRequest) -> bool:
        """Tell whether a user may decide which model is used."""
        return request.user.has_perm("tracking.change_predictor")


@admin.register(Forecast)
class ForecastAdmin(LookOnly, ForecastDesk):
    """Every forecast that was made, the newest first."""

    list_display = ("made_at", "shipment", "clock", "first_on", "last_on", "likely_on", "basis", "reason", "by_carrier")
    list_filter = ("clock", "basis", "reason", "by_carrier", "shown")
    list_select_related = ("shipment__order",)
    search_fields = ("shipment__legs__number_key",)
    show_full_result_count = False
    ordering = ("-made_at",)


@admin.register(Score)
class ScoreAdmin(LookOnly, ScoreDesk):
    """How often forecasts came true: what the public page shows, and by carrier."""

    list_display = ("kind", "key", "clock", "parcels", "covered", "width_days", "error_days", "late", "counted_on")
    list_filter = ("kind", "clock")
    search_fields = ("key",)
