"""Subscribers with their contacts and preferences, and the outbox of notices."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models.fields import generate_token
from tracking.models.orders import Order
from tracking.models.shipments import Shipment
from tracking.models.texts import DigestFrequency, DisabledReason
from tracking.vocabulary import NoticeKind

MAX_CONSECUTIVE_FAILURES: Final = 3


class Subscriber(models.Model):
    """A person who gets notices, with or without an account. The token opens the page of preferences."""

    token = models.CharField(max_length=32, unique=True, default=generate_token, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="subscriber"
    )
    language = models.CharField(_("language"), max_length=16, blank=True)
    zone = models.CharField(_("time zone"), max_length=40, blank=True)
    quiet_from_hour = models.PositiveSmallIntegerField(_("quiet from (hour)"), null=True, blank=True, default=22)
    quiet_until_hour = models.PositiveSmallIntegerField(_("quiet until (hour)"), null=True, blank=True, default=8)
    urgent_in_quiet_hours = models.BooleanField(_("urgent notices pass at night"), default=False)
    digest_frequency = models.CharField(
        _("how often"), max_length=8, choices=DigestFrequency, blank=True, default=DigestFrequency.AT_ONCE
    )
    attach_calendar = models.BooleanField(_("a calendar file comes along"), default=False)
    follow_new_orders = models.BooleanField(_("new orders too"), default=True)
    paused = models.BooleanField(_("all paused"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("reader of notices")
        verbose_name_plural = _("readers of notices")

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("notice_preferences", args=[self.token])


def address_key(address: str) -> str:
    """Return the digest by which an address is looked up, regardless of case and surrounding spaces."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()


class ContactQuerySet(models.QuerySet["Contact"]):
    """Queries and updates of contacts."""

    def usable(self) -> Self:
        """Return the contacts that are confirmed and not disabled."""
        return self.filter(confirmed_at__isnull=False, disabled_at=None)

    def with_address(self, channel: str, address: str) -> Self:
        """Return the contact of an address, if there is one, whichever subscriber it belongs to."""
        return self.filter(channel=channel, address_key=address_key(address))

    def disable(self, reason: DisabledReason, **other_fields: Any) -> int:
        """Disable these contacts; return how many there are."""
        return self.update(disabled_at=timezone.now(), disabled_reason=reason, **other_fields)

    def enable(self, **other_fields: Any) -> int:
        """Enable these contacts again and reset their failures; return how many there are."""
        return self.update(
            disabled_at=None, disabled_reason="", disabled_detail="", consecutive_failures=0, **other_fields
        )


class Contact(models.Model):
    """One address of a subscriber on one channel."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="contacts")
    channel = models.CharField(_("channel"), max_length=16)
    address = models.TextField(_("address"))
    address_key = models.CharField(max_length=64, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    consecutive_failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    disabled_reason = models.CharField(_("why it is disabled"), max_length=12, choices=DisabledReason, blank=True)
    disabled_detail = models.CharField(_("what the other side said"), max_length=300, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = (models.UniqueConstraint("channel", "address_key", name="one_contact_per_address"),)

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.address_key = address_key(self.address)
        super().save(*args, **kwargs)


class NoticePreference(models.Model):
    """Whether a subscriber wants one kind of notice on one channel, where that differs from the default."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    channel = models.CharField(_("channel"), max_length=16)
    enabled = models.BooleanField(_("wanted"))

    class Meta:
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")
        constraints = (
            models.UniqueConstraint("subscriber", "kind", "channel", name="one_preference_per_kind_and_channel"),
        )

    def __str__(self) -> str:
        return f"{self.kind} / {self.channel}"


class Follow(models.Model):
    """A subscriber follows an order, as soon as the contact is confirmed for it."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="follows")
    order = models.ForeignKey(Order, models.CASCADE, related_name="follows")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("follower of an order")
        verbose_name_plural = _("followers of orders")
        constraints = (models.UniqueConstraint("subscriber", "order", name="one_follow_per_order"),)

    def __str__(self) -> str:
        return str(self.order)


class Mute(models.Model):
    """A shipment about which a subscriber wants no more notices."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="mutes")
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("muted parcel")
        verbose_name_plural = _("muted parcels")
        constraints = (models.UniqueConstraint("subscriber", "shipment", name="one_mute_per_shipment"),)

    def __str__(self) -> str:
        return str(self.shipment)


class NoticeState(models.TextChoices):
    """The delivery state of a notice."""

    PENDING = "pending", _("owed")
    SENT = "sent", _("sent")
    SUPERSEDED = "superseded", _("overtaken by a later one")
    OUTDATED = "outdated", _("dropped: the page no longer says it")
    FAILED = "failed", _("given up")


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Queries for notices by their state."""

    def due(self, now: datetime) -> Self:
        """Return the notices that are due and not claimed by a worker, the longest waiting first."""
        unclaimed = models.Q(claimed_until=None) | models.Q(claimed_until__lte=now)
        return self.filter(unclaimed, state=NoticeState.PENDING, due_at__lte=now).order_by("due_at", "pk")


class Notice(models.Model):
    """One notice to one contact. `dedupe_key` tells apart what can happen to a parcel more than once."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="notices")
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="notices")
    kind = models.CharField(_("kind"), max_length=20, choices=NoticeKind)
    dedupe_key = models.CharField(_("episode"), max_length=40, blank=True)
    facts = models.JSONField(_("what happened"), default=dict)
    state = models.CharField(_("state"), max_length=12, choices=NoticeState, default=NoticeState.PENDING)
    enqueued_at = models.DateTimeField(_("owed since"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"))
    claimed_until = models.DateTimeField(_("in a worker's hands until"), null=True)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_error = models.CharField(_("what went wrong"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ("-enqueued_at", "-pk")
        constraints = (
            models.UniqueConstraint("contact", "shipment", "kind", "dedupe_key", name="one_notice_per_dedupe_key"),
        )
        indexes = (
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="pending_notices_by_due_at"),
            models.Index(fields=["shipment", "state"]),
        )

    def __str__(self) -> str:
        return f"{self.kind} / {self.shipment_id}"
