"""The state of our source of news, and how exactly it tells times."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FeedState(TextChoices):
    """Whether we still follow a number at its feed. It says nothing about the parcel."""

    ACTIVE = "active", _("Followed")
    EXPIRED = "expired", _("No longer followed: no news for too long")
    STOPPED = "stopped", _("No longer followed: the carrier's feed stopped")
    CANCELLED = "cancelled", _("No longer followed: cancelled by the shop")


class Precision(TextChoices):
    """How exact a reported time is."""

    SECOND = "second", _("to the second")
    MINUTE = "minute", _("to the minute")
    DATE = "date", _("a date only")


class ZoneSource(TextChoices):
    """Where the time zone of an event's time comes from."""

    CARRIER_OFFSET = "carrier_offset", _("the carrier gave the offset")
    CARRIER_EPOCH = "carrier_epoch", _("the carrier gave an absolute time")
    CARRIER_UTC = "carrier_utc", _("the carrier gave UTC")
    PLACE = "place", _("the place has one clock only")
    PROVIDER_INFERRED = "provider_inferred", _("the data provider assumed it")
    ASSUMED = "assumed", _("we assumed it")
    UNKNOWN = "unknown", _("unknown")
