"""Alerts about parcels, and the usual durations that they are judged by."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.models.shipments import Shipment
from tracking.vocabulary import AlertKind, Milestone, Severity


def alert_kind_choices() -> list[tuple[str, str]]:
    """Return the alert kinds with their labels. A callable, so that a new kind needs no migration."""
    return [(kind.value, str(kind.label)) for kind in AlertKind]


class AlertQuerySet(models.QuerySet["Alert"]):
    """Queries for alerts by their state."""

    def open(self) -> Self:
        """Return the alerts that are not closed."""
        return self.filter(closed_at=None)

    def not_snoozed(self, now: datetime) -> Self:
        """Return the open alerts that no operator has snoozed."""
        return self.open().filter(models.Q(snoozed_until=None) | models.Q(snoozed_until__lte=now))


class Alert(models.Model):
    """One problem of one parcel at one milestone; `milestone` is empty where it concerns the whole journey."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, verbose_name=_("parcel"), related_name="alerts")
    kind = models.CharField(_("kind"), max_length=24, choices=alert_kind_choices)
    milestone = models.CharField(_("stage"), max_length=24, choices=Milestone, blank=True)
    severity = models.CharField(_("weight"), max_length=8, choices=Severity)
    started_at = models.DateTimeField(_("since"), help_text=_("When the trouble itself began."))
    opened_at = models.DateTimeField(_("opened at"))
    updated_at = models.DateTimeField(_("updated at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=60, blank=True)
    snoozed_until = models.DateTimeField(_("asleep until"), null=True, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ("-opened_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                "shipment",
                "kind",
                "milestone",
                condition=models.Q(closed_at=None),
                name="one_open_alert_per_milestone",
            ),
        )
        indexes = (models.Index(fields=["-opened_at"]),)

    def __str__(self) -> str:
        return str(AlertKind(self.kind).label)


class MilestoneDwellLimit(models.Model):
    """After how many days 95 % of parcels have left a milestone: working days at customs. Empty countries mean all."""

    milestone = models.CharField(_("stage"), max_length=24, choices=Milestone)
    origin = models.CharField(_("origin country"), max_length=2, blank=True)
    destination = models.CharField(_("destination country"), max_length=2, blank=True)
    limit_days = models.FloatField(_("95 % are through within days"))
    parcel_count = models.PositiveIntegerField(_("learned from parcels"))
    fitted_at = models.DateTimeField(_("learned at"))

    class Meta:
        verbose_name = _("stage limit")
        verbose_name_plural = _("stage limits")
        ordering = ("milestone", "destination", "origin")
        constraints = (
            models.UniqueConstraint("milestone", "origin", "destination", name="one_limit_per_lane_and_milestone"),
        )

    def __str__(self) -> str:
        return f"{self.milestone} {self.origin}-{self.destination}"


class ClearanceCurve(models.Model):
    """The share of parcels, 0 to 1, that import customs has released after each working day (the index)."""

    origin = models.CharField(_("origin country"), max_length=2, blank=True)
    destination = models.CharField(_("destination country"), max_length=2, blank=True)
    released_share_by_day = models.JSONField(_("share released by working day"))
    parcel_count = models.PositiveIntegerField(_("learned from parcels"))
    fitted_at = models.DateTimeField(_("learned at"))

    class Meta:
        verbose_name = _("clearance curve")
        verbose_name_plural = _("clearance curves")
        ordering = ("destination", "origin")
        constraints = (models.UniqueConstraint("origin", "destination", name="one_curve_per_lane"),)

    def __str__(self) -> str:
        return f"{self.origin}-{self.destination}"
