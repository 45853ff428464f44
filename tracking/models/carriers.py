"""Carriers and their feeds, and operators' mappings of codes and texts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Self

from django.apps import AppConfig
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from tracking.carriers.adapter import Adapter
from tracking.carriers.configurable import adapter as configurable
from tracking.carriers.phrases import compile_custom_phrase, normalize_phrase
from tracking.carriers.registry import ADAPTERS
from tracking.models.fields import SecretsField
from tracking.vocabulary import Scan


def adapter_choices() -> list[tuple[str, Any]]:
    """Return the adapters that an operator can choose. A callable, so that a new adapter needs no migration."""
    return [*((slug, feed.name) for slug, feed in ADAPTERS.items()), (configurable.SLUG, _("JSON API, described here"))]


class CarrierQuerySet(models.QuerySet["Carrier"]):
    """Queries for carriers by their state."""

    def pollable(self, now: datetime) -> Self:
        """Return the feeds that may be polled: with an adapter, enabled, and with a closed circuit breaker."""
        circuit_closed = models.Q(circuit_open_until=None) | models.Q(circuit_open_until__lte=now)
        return self.exclude(adapter="").filter(circuit_closed, enabled=True)


class Carrier(models.Model):
    """A delivery company or an aggregator. With an adapter it is a feed that can be polled; without, only a name."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    country = models.CharField(_("country"), max_length=2, blank=True)
    homepage = models.URLField(_("web site"), blank=True)
    adapter = models.CharField(
        _("adapter"),
        max_length=40,
        blank=True,
        choices=adapter_choices,
        help_text=_("How this feed is asked and read. None: a carrier that only others tell us about."),
    )
    base_url = models.URLField(
        _("address of the API"), blank=True, help_text=_("Empty: the carrier's own. Set it for a test server.")
    )
    credentials = SecretsField(_("credentials"), editable=False)
    adapter_config = models.JSONField(_("recipe"), default=dict, blank=True, editable=False)
    """Settings of the configurable adapter, by field of `carriers.configurable.config.AdapterConfig`."""
    sample_answer = models.TextField(_("pasted answer"), blank=True, editable=False)
    """Not part of `adapter_config`, because that is read for every payload."""
    enabled = models.BooleanField(_("enabled"), default=False)
    calls_per_second = models.FloatField(
        _("calls per second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0.001), MaxValueValidator(1000)],
        help_text=_("For all workers together. Empty: what the carrier's terms allow."),
    )
    poll_interval_factor = models.FloatField(
        _("pacing"),
        default=1.0,
        validators=[MinValueValidator(0.0001), MaxValueValidator(100)],
        help_text=_("Factor on the time between two checks: 2 asks half as often."),
    )

    last_success_at = models.DateTimeField(_("last good answer"), null=True, editable=False)
    last_webhook_at = models.DateTimeField(_("last webhook"), null=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    circuit_open_until = models.DateTimeField(_("not asked until"), null=True, editable=False)
    webhook_interval_seconds = models.FloatField(_("usual seconds between webhooks"), null=True, editable=False)
    missed_webhooks = models.PositiveIntegerField(_("news that was not pushed"), default=0, editable=False)
    webhooks_silent_since = models.DateTimeField(_("pushes nothing since"), null=True, editable=False)
    load_factor = models.FloatField(
        _("crowding"),
        default=1.0,
        editable=False,
        help_text=_("How many times more calls its parcels want than it allows; 1: there is room."),
    )
    invalid_signature_count = models.PositiveBigIntegerField(
        _("webhooks with a wrong signature"), default=0, editable=False
    )

    objects = CarrierQuerySet.as_manager()

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def adapter_instance(self) -> Adapter:
        """Return the adapter of this feed; raise KeyError for a carrier without one."""
        if self.adapter == configurable.SLUG:
            return configurable.adapter_for(json.dumps(self.adapter_config, sort_keys=True), self.slug, self.name)
        return ADAPTERS[self.adapter]

    @property
    def max_calls_per_second(self) -> float:
        """Return the rate limit of all workers together, in calls per second."""
        return self.calls_per_second or self.adapter_instance.calls_per_second

    @property
    def api_url(self) -> str:
        """Return the base URL of the API."""
        return self.base_url or self.adapter_instance.base_url

    def missing_credentials(self) -> list[str]:
        """Return the labels of required credentials that nobody entered."""
        return [
            field.label
            for field in self.adapter_instance.credentials
            if field.required and not self.credentials.get(field.name)
        ]


def create_missing_feeds(sender: AppConfig, using: str, **_: Any) -> None:
    """Create a row for each adapter that has none, disabled until an operator connects it."""
    if sender.label != "tracking":
        return
    rows = [Carrier(slug=slug, name=feed.name, adapter=slug, homepage=feed.homepage) for slug, feed in ADAPTERS.items()]
    Carrier.objects.using(using).bulk_create(rows, ignore_conflicts=True)


post_migrate.connect(create_missing_feeds, dispatch_uid="create missing feeds")


def mappable_scan_choices() -> list[tuple[str, str]]:
    """Return the scans that an operator can choose. A callable, so that a new scan needs no migration."""
    return [(scan.value, f"{scan.label} ({scan.value})") for scan in Scan if scan is not Scan.UNMAPPED]


class UnmappedCode(models.Model):
    """A carrier's code that no code table contains: it is counted, and an operator can map it to a scan."""

    carrier = models.ForeignKey(Carrier, models.CASCADE, verbose_name=_("feed"), related_name="unmapped_codes")
    code = models.CharField(_("code"), max_length=120, blank=True)
    example_text = models.CharField(_("an example of its words"), max_length=300, blank=True)
    scan = models.CharField(
        _("means"),
        max_length=40,
        blank=True,
        choices=mappable_scan_choices,
        help_text=_("What this code means in our words. Saving reads the history with this code again."),
    )
    occurrence_count = models.PositiveBigIntegerField(_("seen"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), auto_now=True)

    class Meta:
        verbose_name = _("unmapped code")
        verbose_name_plural = _("unmapped codes")
        ordering = ("-occurrence_count",)
        constraints = (models.UniqueConstraint("carrier", "code", name="one_row_per_unmapped_code"),)

    def __str__(self) -> str:
        return self.code or "-"


class TextMapping(models.Model):
    """An operator's mapping of a carrier's text to a scan, for one feed or for all."""

    carrier = models.ForeignKey(
        Carrier,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("feed"),
        related_name="text_mappings",
        help_text=_("Empty for all feeds."),
    )
    pattern = models.CharField(
        _("words"), max_length=200, help_text=_("All that the carrier says; * stands for anything: Arrived at *")
    )
    scan = models.CharField(
        _("means"),
        max_length=40,
        choices=mappable_scan_choices,
        help_text=_("Saving reads the history with these words again."),
    )
    updated_at = models.DateTimeField(_("taught at"), auto_now=True)

    class Meta:
        verbose_name = _("phrase")
        verbose_name_plural = _("phrases")
        ordering = ("pattern",)
        constraints = (
            models.UniqueConstraint("carrier", "pattern", name="one_scan_per_pattern", nulls_distinct=False),
        )

    def __str__(self) -> str:
        return self.pattern

    def clean(self) -> None:
        if not self.pattern.strip("* "):
            raise ValidationError({"pattern": _("A phrase needs words of its own.")})

    def matches(self, text: str) -> bool:
        """Return whether the whole of a carrier's text fits the pattern."""
        return compile_custom_phrase(self.pattern).fullmatch(normalize_phrase(text)) is not None
