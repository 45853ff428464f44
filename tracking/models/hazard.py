"""How often news comes, as this site has learned it: one row a stage, one a scan."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventHazard(models.Model):
    """The odds of news after a scan (`name` is a scan) or at a stage (`name` is a milestone)."""

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
