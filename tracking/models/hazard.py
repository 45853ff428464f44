"""What polling has learned: event hazards, and how long carriers correct themselves after a delivery."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.models.carriers import Carrier


class EventHazard(models.Model):
    """The hazard of the next event after one scan or at one milestone: a rate by age and a factor by hour of day."""

    scan_or_milestone = models.CharField(_("scan or stage"), max_length=40, unique=True)
    rates_per_hour = models.JSONField(_("scans an hour, by age of the last one"))
    hour_factors = models.JSONField(_("factor by hour, on working days, Saturdays and Sundays"))
    scan_count = models.PositiveIntegerField(_("learned from scans"))
    fitted_at = models.DateTimeField(_("learned at"))

    class Meta:
        verbose_name = _("learned rhythm")
        verbose_name_plural = _("learned rhythms")
        ordering = ("scan_or_milestone",)

    def __str__(self) -> str:
        return self.scan_or_milestone


class CorrectionHorizon(models.Model):
    """For how long after a delivery a feed still changes what it says. Without a feed: all feeds together."""

    feed = models.OneToOneField(
        Carrier, models.CASCADE, null=True, verbose_name=_("feed"), related_name="correction_horizon"
    )
    hours = models.FloatField(_("hours after the delivery"))
    delivery_count = models.PositiveIntegerField(_("learned from deliveries"))
    fitted_at = models.DateTimeField(_("learned at"))

    class Meta:
        verbose_name = _("time of corrections")
        verbose_name_plural = _("times of corrections")

    def __str__(self) -> str:
        return f"{self.feed_id}: {self.hours}"
