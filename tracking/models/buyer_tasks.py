"""What is asked of a buyer, what was answered, the papers that came with it, and who did what when."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracking.models.fields import SecretsField
from tracking.models.shipments import Shipment
from tracking.models.texts import PaperKind, in_readers_words, title_of
from tracking.vocabulary import AskKind, AskState

RECEIPT_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No sign that can be taken for another when it is read out on the telephone."""
ENDED: Final = (AskState.ACCEPTED, AskState.CLOSED)
WAITING_FOR_BUYER: Final = (AskState.ASKED, AskState.REFUSED)
WAITING_FOR_DESK: Final = (AskState.SENT, AskState.SEEN)


def new_receipt() -> str:
    """Return a short code that a buyer can read out: eight signs, 39 bits."""
    signs = "".join(secrets.choice(RECEIPT_SIGNS) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


class Actor(models.TextChoices):
    """Who did something."""

    BUYER = "buyer", _("buyer")
    OPERATOR = "operator", _("operator")
    SYSTEM = "system", _("the site itself")


class Deed(models.TextChoices):
    """What was done."""

    OPENED = "opened", _("asked")
    ANSWERED = "answered", _("answered")
    SEEN = "seen", _("answer opened")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused and asked again")
    FORWARDED = "forwarded", _("passed on to the carrier")
    NOT_FORWARDED = "not_forwarded", _("could not be passed on")
    SENT_AGAIN = "sent_again", _("to be passed on")
    CLOSED = "closed", _("closed")
    DOWNLOADED = "downloaded", _("paper downloaded")
    ERASED = "erased", _("paper erased")


class AskQuerySet(models.QuerySet["Ask"]):
    """Asks by who has to act."""

    def open(self) -> Self:
        """Return the asks that have not ended."""
        return self.exclude(state__in=ENDED)

    def shown(self, since: datetime) -> Self:
        """Return what a buyer sees: open asks, and those accepted after `since`; the most urgent first."""
        accepted = models.Q(state=AskState.ACCEPTED, closed_at__gte=since)
        return self.filter(~models.Q(state__in=ENDED) | accepted).order_by(
            models.F("deadline_at").asc(nulls_last=True), "pk"
        )


class Ask(models.Model):
    """One thing asked of a buyer, or by a buyer, about one parcel. `round` counts how often it was asked."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, verbose_name=_("parcel"), related_name="asks")
    kind = models.CharField(_("what"), max_length=16, choices=AskKind)
    state = models.CharField(_("state"), max_length=12, choices=AskState, default=AskState.ASKED)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    because = models.TextField(_("reason"), blank=True)
    refusal = models.TextField(_("why the last answer was refused"), blank=True)
    wants = models.JSONField(_("papers wanted"), default=list, blank=True)
    deadline_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    opened_at = models.DateTimeField(_("asked at"))
    closed_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task of a buyer")
        verbose_name_plural = _("tasks of buyers")
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                "shipment", "kind", condition=~models.Q(state__in=ENDED), name="one_open_ask_of_a_kind"
            ),
        )
        indexes = (
            models.Index(fields=["deadline_at"], condition=~models.Q(state__in=ENDED), name="open_asks_by_deadline"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} / {self.shipment}"

    def get_absolute_url(self) -> str:
        return reverse("ask", args=[self.shipment.token, self.kind])

    @property
    def title(self) -> str:
        """Return what is asked, as its page and its card say it."""
        return title_of(AskKind(self.kind))

    @property
    def asked_because(self) -> str:
        """Return why it is asked, in the reader's language where the site asks by itself."""
        return in_readers_words(self.because)

    @property
    def refused_because(self) -> str:
        """Return why the last answer was refused, in the reader's language where the reason is a ready one."""
        return in_readers_words(self.refusal)

    @property
    def waits_for_buyer(self) -> bool:
        """Tell whether it is the buyer's turn."""
        return self.state in WAITING_FOR_BUYER

    @property
    def waits_for_desk(self) -> bool:
        """Tell whether it is the shop's turn."""
        return self.state in WAITING_FOR_DESK

    @property
    def ended(self) -> bool:
        """Tell whether nothing more is to come."""
        return self.state in ENDED


class AskAnswer(models.Model):
    """One answer of a buyer. What was typed lies encrypted and is decrypted when it is looked at."""

    ask = models.ForeignKey(Ask, models.CASCADE, related_name="answers")
    round = models.PositiveSmallIntegerField(_("round"))
    given_at = models.DateTimeField(_("given at"))
    receipt = models.CharField(_("receipt"), max_length=9, unique=True, default=new_receipt, editable=False)
    values = SecretsField(_("values"), editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    forward_next_at = models.DateTimeField(_("next try to pass it on"), null=True)
    forward_tries = models.PositiveSmallIntegerField(_("tries to pass it on"), default=0)
    forward_error = models.CharField(_("why it could not be passed on"), max_length=300, blank=True)
    forwarded_at = models.DateTimeField(_("passed on at"), null=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ("-given_at", "-pk")
        indexes = (
            models.Index(
                fields=["forward_next_at"],
                condition=models.Q(forward_next_at__isnull=False),
                name="answers_to_pass_on",
            ),
        )

    def __str__(self) -> str:
        return self.receipt

    @property
    def reason_in_words(self) -> str:
        """Return why it was refused, ready reasons in the reader's language."""
        return in_readers_words(self.reason)


class Paper(models.Model):
    """One uploaded paper. Its bytes lie encrypted in the vault under `stored_name` until they are erased."""

    answer = models.ForeignKey(AskAnswer, models.CASCADE, related_name="papers")
    kind = models.CharField(_("kind"), max_length=12, choices=PaperKind)
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("size in bytes"))
    digest = models.CharField(_("digest"), max_length=64)
    stored_name = models.CharField(max_length=32, unique=True, editable=False)
    expires_at = models.DateTimeField(_("erased from"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ("pk",)
        indexes = (models.Index(fields=["expires_at"], condition=models.Q(erased_at=None), name="papers_that_expire"),)

    def __str__(self) -> str:
        return self.name


class AskNote(models.Model):
    """One line of the record: who did what, and when. Nothing personal stands here, and nothing is changed later."""

    ask = models.ForeignKey(Ask, models.CASCADE, related_name="notes")
    at = models.DateTimeField(_("at"))
    who = models.CharField(_("who"), max_length=8, choices=Actor)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    what = models.CharField(_("what"), max_length=16, choices=Deed)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("line of the record")
        verbose_name_plural = _("record")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_what_display()}"
