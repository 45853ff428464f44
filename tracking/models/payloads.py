"""Raw messages: stored before anything reads them, read again after every fix."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models.carriers import Carrier
from tracking.models.fields import number_key


class Arrival(models.TextChoices):
    """How a raw message reached us."""

    WEBHOOK = "webhook", _("pushed to us")
    POLL = "poll", _("asked for")
    REGISTRATION = "registration", _("answer to a registration")


class Outcome(models.TextChoices):
    """What became of a raw message."""

    STORED = "stored", _("stored, not read yet")
    READ = "read", _("read")
    WAITING = "waiting", _("read; no order has this number yet")
    UNREADABLE = "unreadable", _("could not be read")


class PayloadQuerySet(models.QuerySet["Payload"]):
    """Raw messages by what is left to do with them."""

    def keep(
        self, carrier: Carrier, body: bytes, arrival: Arrival, now: datetime, asked: Sequence[str] = ()
    ) -> tuple[Payload, bool]:
        """Store a raw body once and return it with whether it is new; the same body again is only counted.

        `asked` are the numbers that it answers: an answer need not name them, and "not found" is the same for all.
        """
        digest = hashlib.sha256("\n".join(asked).encode() + b"\0" * bool(asked) + body).hexdigest()
        payload, new = self.get_or_create(
            carrier=carrier,
            arrival=arrival,
            digest=digest,
            defaults={"body": body, "received_at": now, "last_received_at": now},
        )
        if new:
            keys = sorted({number_key(number)[:64] for number in asked})
            PayloadNumber.objects.bulk_create(PayloadNumber(payload=payload, number_key=key) for key in keys)
        else:
            self.filter(pk=payload.pk).update(times_received=models.F("times_received") + 1, last_received_at=now)
        return payload, new

    def forgotten(self, before: datetime) -> Self:
        """Return the messages stored before `before` that nobody has read."""
        return self.filter(outcome=Outcome.STORED, received_at__lt=before)


class Payload(models.Model):
    """One raw message of one feed. The same bytes again raise a counter, not a row."""

    carrier = models.ForeignKey(Carrier, models.PROTECT, verbose_name=_("feed"), related_name="payloads")
    digest = models.CharField(_("SHA-256 of what was asked and answered"), max_length=64, editable=False)
    body = models.BinaryField(_("body"))
    arrival = models.CharField(_("arrival"), max_length=16, choices=Arrival)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    last_received_at = models.DateTimeField(_("last received at"), default=timezone.now)
    times_received = models.PositiveIntegerField(_("times received"), default=1)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, default=Outcome.STORED)
    error = models.TextField(_("error"), blank=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    read_with = models.CharField(_("read with table"), max_length=32, blank=True)

    objects = PayloadQuerySet.as_manager()

    class Meta:
        verbose_name = _("payload")
        verbose_name_plural = _("payloads")
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint("carrier", "arrival", "digest", name="no_payload_twice"),)
        indexes = (
            models.Index(fields=["received_at"], condition=models.Q(outcome="stored"), name="payloads_not_read"),
        )

    def __str__(self) -> str:
        return f"{self.carrier} {self.received_at:%Y-%m-%d %H:%M:%S}"


class PayloadNumber(models.Model):
    """A number that a raw message tells about, so that it is found when its order arrives or is read again."""

    payload = models.ForeignKey(Payload, models.CASCADE, related_name="numbers")
    number_key = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint("payload", "number_key", name="one_mention_per_payload"),)
        indexes = (models.Index(fields=["number_key"]),)

    def __str__(self) -> str:
        return self.number_key
