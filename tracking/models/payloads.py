"""Raw answers and webhooks of carriers: stored before they are parsed, so that they can be parsed again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models import bulk
from tracking.models.carriers import Carrier
from tracking.models.fields import number_key

STALE_AFTER: Final = timedelta(seconds=30)
"""How long a new payload is left to the task that was enqueued for it."""
FIRST_ATTEMPT_INTERVAL: Final = timedelta(minutes=4)
MAX_ATTEMPT_INTERVAL: Final = timedelta(hours=6)


def stale_from_now() -> datetime:
    """Return when a payload that is stored now counts as stale."""
    return timezone.now() + STALE_AFTER


class ReceivedVia(models.TextChoices):
    """How a payload was received."""

    WEBHOOK = "webhook", _("pushed to us")
    POLL = "poll", _("asked for")
    REGISTRATION = "registration", _("answer to a registration")


class PayloadStatus(models.TextChoices):
    """What became of a payload."""

    STORED = "stored", _("stored, not read yet")
    PARSED = "parsed", _("read")
    UNMATCHED = "unmatched", _("read; no order has this number yet")
    UNREADABLE = "unreadable", _("could not be read")
    REFUSED = "refused", _("refused: not about the number that was asked")


UNUSABLE: Final = (PayloadStatus.UNREADABLE, PayloadStatus.REFUSED)
"""What becomes of answers that tell nothing about the parcel: their feed counts as failing."""


class StoredPayload(NamedTuple):
    """What storing a payload tells about its row."""

    payload_id: int
    is_new: bool
    status: str


def hash_content(body: bytes, requested_numbers: Sequence[str] = ()) -> str:
    """Return the SHA-256 by which a payload is recognized: of its body and the numbers that it answers."""
    return hashlib.sha256("\n".join(requested_numbers).encode() + b"\0" * bool(requested_numbers) + body).hexdigest()


def insert_or_count_payload(
    carrier_id: int, body: bytes, received_via: ReceivedVia, now: datetime, requested_numbers: Sequence[str] = ()
) -> StoredPayload:
    """Store a raw body, or count it when it is stored already, with one statement."""
    payload_id, times_received, status = bulk.insert_or_count(
        Payload,
        {
            "carrier_id": carrier_id,
            "content_hash": hash_content(body, requested_numbers),
            "body": body,
            "received_via": received_via.value,
            "received_at": now,
            "last_received_at": now,
            "next_attempt_at": now + STALE_AFTER,
            "times_received": 1,
            "status": PayloadStatus.STORED.value,
            "error": "",
            "attempts": 0,
            "mapping_version": "",
        },
        key=("carrier_id", "received_via", "content_hash"),
        counter="times_received",
        latest="last_received_at",
        returning=("id", "times_received", "status"),
    )
    return StoredPayload(payload_id, times_received == 1, status)


class PayloadQuerySet(models.QuerySet["Payload"]):
    """Storing and finding payloads."""

    def store(
        self,
        carrier: Carrier,
        body: bytes,
        received_via: ReceivedVia,
        now: datetime,
        requested_numbers: Sequence[str] = (),
    ) -> tuple[Payload, bool]:
        """Store a raw body, or count it when it is stored already; return its row and whether it is new.

        `requested_numbers` are the numbers that it answers. They are part of its identity: an answer need not name
        them, and "not found" has the same bytes for every number.
        """
        stored = insert_or_count_payload(carrier.pk, body, received_via, now, requested_numbers)
        payload = self.get(pk=stored.payload_id)
        if stored.is_new:
            keys = sorted({number_key(number)[:64] for number in requested_numbers})
            PayloadNumber.objects.bulk_create(PayloadNumber(payload=payload, number_key=key) for key in keys)
        return payload, stored.is_new

    def due_for_attempt(self, now: datetime) -> Self:
        """Return the payloads that are not parsed yet and whose next attempt is due, the longest waiting first."""
        return self.filter(status=PayloadStatus.STORED, next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def schedule_next_attempts(self, now: datetime) -> None:
        """Count an attempt on these payloads and set the time of the next: 4 minutes, 8, 16, ... up to six hours."""
        for attempts in sorted(set(self.values_list("attempts", flat=True)), reverse=True):
            interval = min(FIRST_ATTEMPT_INTERVAL * 2 ** min(attempts, 16), MAX_ATTEMPT_INTERVAL)
            self.filter(attempts=attempts).update(attempts=attempts + 1, next_attempt_at=now + interval)


class Payload(models.Model):
    """One raw answer or webhook of one feed. The same content again only raises `times_received`."""

    carrier = models.ForeignKey(Carrier, models.PROTECT, verbose_name=_("feed"), related_name="payloads")
    content_hash = models.CharField(_("SHA-256 of what was asked and answered"), max_length=64, editable=False)
    body = models.BinaryField(_("body"))
    received_via = models.CharField(_("arrival"), max_length=16, choices=ReceivedVia)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    last_received_at = models.DateTimeField(_("last received at"), default=timezone.now)
    times_received = models.PositiveIntegerField(_("times received"), default=1)
    status = models.CharField(_("outcome"), max_length=16, choices=PayloadStatus, default=PayloadStatus.STORED)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    next_attempt_at = models.DateTimeField(_("due at"), null=True, default=stale_from_now)
    parsed_at = models.DateTimeField(_("read at"), null=True)
    mapping_version = models.CharField(_("read with table"), max_length=32, blank=True)

    objects = PayloadQuerySet.as_manager()

    class Meta:
        verbose_name = _("payload")
        verbose_name_plural = _("payloads")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint("carrier", "received_via", "content_hash", name="one_payload_per_content"),
        )
        indexes = (
            models.Index(fields=["next_attempt_at"], condition=models.Q(status="stored"), name="payloads_to_parse"),
        )

    def __str__(self) -> str:
        return f"{self.carrier} {self.received_at:%Y-%m-%d %H:%M:%S}"

    def record_failure(self, error: Exception) -> None:
        """Store an unexpected error, unless an earlier attempt has settled what became of the payload."""
        unsettled = Payload.objects.filter(pk=self.pk, status=PayloadStatus.STORED)
        unsettled.update(error=f"{type(error).__name__}: {error}".replace("\0", "")[:2000])


class PayloadNumber(models.Model):
    """A tracking number that a payload is about: finds the payload when the number's order arrives, and for replays."""

    payload = models.ForeignKey(Payload, models.CASCADE, related_name="numbers")
    number_key = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint("payload", "number_key", name="one_number_per_payload"),)
        indexes = (models.Index(fields=["number_key"]),)

    def __str__(self) -> str:
        return self.number_key
