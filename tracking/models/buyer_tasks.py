"""Buyer tasks with their answers, uploaded papers and audit log."""

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
from tracking.models.texts import PaperKind, PaperRefusal, buyer_task_title, localize_reason
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind, BuyerTaskState

RECEIPT_CODE_CHARACTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that are easily confused when read aloud: 0 and O, 1, I and L."""
FINAL_STATES: Final = (BuyerTaskState.ACCEPTED, BuyerTaskState.DECLINED, BuyerTaskState.CLOSED)
DECIDED_STATES: Final = (BuyerTaskState.ACCEPTED, BuyerTaskState.DECLINED)
WAITING_FOR_BUYER_STATES: Final = (BuyerTaskState.REQUESTED, BuyerTaskState.REJECTED)
WAITING_FOR_SHOP_STATES: Final = (BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN)


def generate_receipt_code() -> str:
    """Return a random code that a buyer can read aloud: eight characters, 39 bits."""
    code = "".join(secrets.choice(RECEIPT_CODE_CHARACTERS) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


class Actor(models.TextChoices):
    """Who took an action on a buyer task."""

    BUYER = "buyer", _("buyer")
    OPERATOR = "operator", _("operator")
    SYSTEM = "system", _("the site itself")


class BuyerTaskAction(models.TextChoices):
    """What can be done with a buyer task, as the log keeps it."""

    OPENED = "opened", _("asked")
    ANSWERED = "answered", _("answered")
    SEEN = "seen", _("answer opened")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    REJECTED = "rejected", _("refused and asked again")
    FORWARDED = "forwarded", _("passed on to the carrier")
    FORWARD_FAILED = "forward_failed", _("could not be passed on")
    FORWARD_RETRIED = "forward_retried", _("to be passed on")
    CLOSED = "closed", _("closed")
    DOWNLOADED = "downloaded", _("paper downloaded")
    ERASED = "erased", _("paper erased")
    CHECKED = "checked", _("papers checked")


class BuyerTaskQuerySet(models.QuerySet["BuyerTask"]):
    """Queries for buyer tasks by their state."""

    def open(self) -> Self:
        """Return the buyer tasks that are neither accepted, declined nor closed."""
        return self.exclude(state__in=FINAL_STATES)

    def visible_to_buyer(self, since: datetime) -> Self:
        """Return what a buyer sees, the nearest deadline first: open tasks, and those decided since `since`.

        What the buyer requested and got stays for ever, so that it is not requested again.
        """
        decided = models.Q(state__in=DECIDED_STATES, closed_at__gte=since)
        granted = models.Q(state=BuyerTaskState.ACCEPTED, kind__in=BUYER_REQUEST_KINDS)
        return self.filter(~models.Q(state__in=FINAL_STATES) | decided | granted).order_by(
            models.F("deadline_at").asc(nulls_last=True), "pk"
        )


class BuyerTask(models.Model):
    """One request to a buyer, or by a buyer, about one parcel. `round` grows each time an answer is rejected."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, verbose_name=_("parcel"), related_name="buyer_tasks")
    kind = models.CharField(_("what"), max_length=16, choices=BuyerTaskKind)
    state = models.CharField(_("state"), max_length=12, choices=BuyerTaskState, default=BuyerTaskState.REQUESTED)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    reason = models.TextField(_("reason"), blank=True)
    rejection_reason = models.TextField(_("why the last answer was refused"), blank=True)
    shop_reply = models.TextField(_("reply of the shop"), blank=True)
    requested_papers = models.JSONField(_("papers wanted"), default=list, blank=True)
    deadline_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    opened_at = models.DateTimeField(_("asked at"))
    closed_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = BuyerTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task of a buyer")
        verbose_name_plural = _("tasks of buyers")
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                "shipment", "kind", condition=~models.Q(state__in=FINAL_STATES), name="one_open_buyer_task_per_kind"
            ),
        )
        indexes = (
            models.Index(
                fields=["deadline_at"], condition=~models.Q(state__in=FINAL_STATES), name="open_buyer_tasks_by_deadline"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} / {self.shipment}"

    def get_absolute_url(self) -> str:
        return reverse("buyer_task", args=[self.shipment.token, self.kind])

    @property
    def is_request_of_buyer(self) -> bool:
        """Return whether the buyer requests something of the shop, which accepts or declines it."""
        return self.kind in BUYER_REQUEST_KINDS

    @property
    def title(self) -> str:
        """Return the heading of the task on its page."""
        return buyer_task_title(BuyerTaskKind(self.kind))

    @property
    def localized_reason(self) -> str:
        """Return why the task was opened; in the reader's language where the reason is a standard one."""
        return localize_reason(self.reason)

    @property
    def localized_rejection_reason(self) -> str:
        """Return why the last answer was rejected; in the reader's language where the reason is a standard one."""
        return localize_reason(self.rejection_reason)

    @property
    def is_waiting_for_buyer(self) -> bool:
        """Return whether the buyer has to act next."""
        return self.state in WAITING_FOR_BUYER_STATES

    @property
    def is_being_checked(self) -> bool:
        """Return whether the papers of the last answer are being checked; nobody has to act."""
        return self.state == BuyerTaskState.CHECKING

    @property
    def is_waiting_for_shop(self) -> bool:
        """Return whether the shop has to act next."""
        return self.state in WAITING_FOR_SHOP_STATES

    def is_visible_to_buyer(self, since: datetime) -> bool:
        """Return whether `visible_to_buyer` finds the task."""
        is_granted_request = self.state == BuyerTaskState.ACCEPTED and self.is_request_of_buyer
        is_recent = self.state in DECIDED_STATES and self.closed_at is not None and self.closed_at >= since
        return not self.is_final or is_granted_request or is_recent

    @property
    def is_final(self) -> bool:
        """Return whether the task is accepted, declined or closed."""
        return self.state in FINAL_STATES


class BuyerTaskAnswer(models.Model):
    """One answer of a buyer. `values` is what was typed, encrypted; it is decrypted on access."""

    buyer_task = models.ForeignKey(BuyerTask, models.CASCADE, related_name="answers")
    round = models.PositiveSmallIntegerField(_("round"))
    submitted_at = models.DateTimeField(_("given at"))
    receipt_code = models.CharField(
        _("receipt"), max_length=9, unique=True, default=generate_receipt_code, editable=False
    )
    values = SecretsField(_("values"), editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    rejection_reason = models.TextField(_("reason"), blank=True)
    next_check_at = models.DateTimeField(null=True, editable=False)
    check_attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_forward_at = models.DateTimeField(_("next try to pass it on"), null=True)
    forward_attempts = models.PositiveSmallIntegerField(_("tries to pass it on"), default=0)
    forward_error = models.CharField(_("why it could not be passed on"), max_length=300, blank=True)
    forwarded_at = models.DateTimeField(_("passed on at"), null=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ("-submitted_at", "-pk")
        indexes = (
            models.Index(
                fields=["next_forward_at"],
                condition=models.Q(next_forward_at__isnull=False),
                name="answers_to_forward",
            ),
            models.Index(
                fields=["next_check_at"], condition=models.Q(next_check_at__isnull=False), name="answers_to_check"
            ),
        )

    def __str__(self) -> str:
        return self.receipt_code

    @property
    def localized_rejection_reason(self) -> str:
        """Return why the answer was rejected; in the reader's language where the reason is a standard one."""
        return localize_reason(self.rejection_reason)


class PaperCheckState(models.TextChoices):
    """Whether an upload was checked. Only a passed one is shown, downloaded or forwarded."""

    WAITING = "waiting", _("being checked")
    PASSED = "passed", _("checked")
    REFUSED = "refused", _("refused by the check")


class PaperQuerySet(models.QuerySet["Paper"]):
    """Queries for papers by their check."""

    def available(self) -> Self:
        """Return the papers that passed their check and are still stored."""
        return self.filter(check_state=PaperCheckState.PASSED, erased_at=None)


class Paper(models.Model):
    """One uploaded document. `buyer_tasks.encrypted_store` keeps its bytes as `stored_name` until they are erased.

    Before the check the bytes, and their size and hash, are those of the upload; after it, those of the rewritten file.
    """

    answer = models.ForeignKey(BuyerTaskAnswer, models.CASCADE, related_name="papers")
    kind = models.CharField(_("kind"), max_length=12, choices=PaperKind)
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=40)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    content_hash = models.CharField(_("digest"), max_length=64)
    stored_name = models.CharField(max_length=32, unique=True, editable=False)
    expires_at = models.DateTimeField(_("erased from"))
    erased_at = models.DateTimeField(_("erased at"), null=True)
    check_state = models.CharField(
        _("check"), max_length=8, choices=PaperCheckState, default=PaperCheckState.WAITING, editable=False
    )
    refusal = models.CharField(_("why it was refused"), max_length=16, choices=PaperRefusal, blank=True, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["expires_at"], condition=models.Q(erased_at=None), name="stored_papers_by_expiry"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_available(self) -> bool:
        """Return whether the paper passed its check and is still stored."""
        return self.check_state == PaperCheckState.PASSED and self.erased_at is None


class BuyerTaskLogEntry(models.Model):
    """One entry of the audit log of a buyer task. It holds no personal data and is never changed."""

    buyer_task = models.ForeignKey(BuyerTask, models.CASCADE, related_name="log_entries")
    occurred_at = models.DateTimeField(_("at"))
    actor = models.CharField(_("who"), max_length=8, choices=Actor)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    action = models.CharField(_("what"), max_length=16, choices=BuyerTaskAction)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("line of the record")
        verbose_name_plural = _("record")
        ordering = ("occurred_at", "pk")

    def __str__(self) -> str:
        return f"{self.occurred_at:%Y-%m-%d %H:%M} {self.get_action_display()}"
