"""Events: the scans of shipments as feeds reported them."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models.carriers import Carrier
from tracking.models.payloads import Payload
from tracking.models.shipments import Leg, Shipment
from tracking.vocabulary import Exclusion, Milestone, Precision, Scan, ZoneSource


def scan_choices() -> list[tuple[str, str]]:
    """Return the scans with their labels. A callable, so that a new scan needs no migration."""
    return [(scan.value, str(scan.label)) for scan in Scan]


class EventQuerySet(models.QuerySet["Event"]):
    """Queries for events."""

    def counted(self) -> Self:
        """Return the events that count for their parcel."""
        return self.filter(exclusion="")


class Event(models.Model):
    """One scan as one feed reported it, in the feed's newest wording.

    `payload` is the answer that this wording comes from. `fingerprint` tells it apart from the other scans of the leg.
    """

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="events")
    leg = models.ForeignKey(Leg, models.CASCADE, related_name="events")
    feed = models.ForeignKey(
        Carrier, models.PROTECT, null=True, verbose_name=_("feed"), related_name="reported_events", db_index=False
    )
    payload = models.ForeignKey(Payload, models.SET_NULL, null=True, related_name="events")
    fingerprint = models.CharField(max_length=40, editable=False)
    sequence = models.IntegerField(_("place in the answer"))
    received_at = models.DateTimeField(_("reached us at"))

    exclusion = models.CharField(_("does not count"), max_length=16, choices=Exclusion, blank=True, editable=False)
    """Why the event does not count for the parcel; empty: it counts."""
    missing_since = models.DateTimeField(_("no longer reported since"), null=True, editable=False)
    last_reported_at = models.DateTimeField(default=timezone.now, editable=False)
    """When the newest answer came that holds the scan. Kept exactly while it is missing, else only a lower bound."""

    raw_time = models.CharField(_("time as told"), max_length=64, blank=True)
    code = models.CharField(_("carrier's code"), max_length=120, blank=True)
    text = models.TextField(_("carrier's words"), blank=True)
    language = models.CharField(_("language of the words"), max_length=16, blank=True)
    raw_place = models.CharField(_("place as told"), max_length=200, blank=True)

    scan = models.CharField(_("scan"), max_length=40, choices=scan_choices)
    milestone = models.CharField(_("milestone"), max_length=24, choices=Milestone, blank=True)
    occurred_at = models.DateTimeField(_("instant"), null=True)
    local_time = models.CharField(_("local clock"), max_length=26, blank=True)
    offset_minutes = models.SmallIntegerField(_("offset in minutes"), null=True)
    precision = models.CharField(_("precision"), max_length=8, choices=Precision)
    zone_source = models.CharField(_("source of the zone"), max_length=20, choices=ZoneSource)
    zone = models.CharField(_("zone of the place"), max_length=64, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=16, blank=True)
    lat = models.FloatField(_("latitude"), null=True)
    lon = models.FloatField(_("longitude"), null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("shipment", "leg", "sequence")
        constraints = (models.UniqueConstraint("leg", "fingerprint", name="one_event_per_fingerprint"),)

    def __str__(self) -> str:
        return f"{self.scan} {self.raw_time}"
