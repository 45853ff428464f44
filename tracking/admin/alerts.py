"""Alerts in the admin: the open ones, their evidence, and snoozing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracking.admin.base import ReadOnlyAdminMixin
from tracking.models import Alert, ClearanceCurve, MilestoneDwellLimit, Shipment, raise_revisions

if TYPE_CHECKING:
    AlertModelAdmin = admin.ModelAdmin[Alert]
    LearnedModelAdmin = admin.ModelAdmin[Any]
else:
    AlertModelAdmin = LearnedModelAdmin = admin.ModelAdmin

SNOOZE_DURATION: Final = timedelta(days=3)


class AlertStateFilter(admin.SimpleListFilter):
    """Filter alerts by state. Without a choice: open and not snoozed."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("snoozed", _("Asleep")), ("closed", _("Closed")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        options = list(super().choices(changelist))
        options[0]["display"] = _("Open")
        return options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        now = timezone.now()
        if self.value() == "snoozed":
            return queryset.filter(closed_at=None, snoozed_until__gt=now)
        if self.value() == "closed":
            return queryset.exclude(closed_at=None)
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at=None).exclude(snoozed_until__gt=now)


@admin.register(Alert)
class AlertAdmin(AlertModelAdmin):
    """List alerts, newest first. They open and close by themselves; an operator can only snooze them."""

    list_display = (
        "kind",
        "parcel",
        "milestone",
        "severity",
        "started_at",
        "opened_at",
        "snoozed_until",
        "evidence_lines",
    )
    list_filter = (AlertStateFilter, "severity", "kind", "milestone", "shipment__order__shop")
    list_select_related = ("shipment__order",)
    search_fields = ("shipment__legs__number_key",)
    show_full_result_count = False
    actions = ("snooze", "unsnooze")
    readonly_fields = (
        *("kind", "parcel", "milestone", "severity", "started_at"),
        *("opened_at", "updated_at", "closed_at", "closed_by", "evidence_lines"),
    )
    fields = (*readonly_fields, "snoozed_until")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Alert, form: Any, change: bool) -> None:
        """Save only the edited fields: workers update the others at the same time."""
        obj.save(update_fields=form.changed_data)

    @admin.display(description=_("parcel"), ordering="shipment")
    def parcel(self, alert: Alert) -> str:
        """Return the name of the alert's parcel."""
        return str(alert.shipment)

    @admin.display(description=_("evidence"))
    def evidence_lines(self, alert: Alert) -> SafeString | str:
        """Return the evidence as HTML, one fact per line."""
        return format_evidence(alert)

    @admin.action(description=_("Put to sleep for three days"), permissions=["change"])
    def snooze(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Hide open alerts from buyers and notices for three days. They are still updated."""
        count = queryset.filter(closed_at=None).update(snoozed_until=timezone.now() + SNOOZE_DURATION)
        raise_revisions(queryset.values_list("shipment", flat=True))
        self.message_user(request, ngettext("%(n)d alarm sleeps.", "%(n)d alarms sleep.", count) % {"n": count})

    @admin.action(description=_("Wake"), permissions=["change"])
    def unsnooze(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """End the snooze of these alerts."""
        count = queryset.update(snoozed_until=None)
        raise_revisions(queryset.values_list("shipment", flat=True))
        self.message_user(request, ngettext("%(n)d alarm is awake.", "%(n)d alarms are awake.", count) % {"n": count})


def format_evidence(alert: Alert) -> SafeString | str:
    """Return an alert's evidence as HTML, one fact per line, sorted by name."""
    return format_html_join("", "{}: {}<br>", sorted(alert.evidence.items())) or "-"


def alerts_with_evidence(shipment: Shipment) -> list[tuple[Alert, SafeString | str]]:
    """Return a parcel's alerts, newest first, each with its evidence as HTML."""
    return [(alert, format_evidence(alert)) for alert in shipment.alerts.all()]


@admin.register(MilestoneDwellLimit, ClearanceCurve)
class LearnedStatisticsAdmin(ReadOnlyAdminMixin, LearnedModelAdmin):
    """Show what the nightly training learned, read-only."""

    list_display = ("__str__", "parcel_count", "fitted_at")
