"""What operators decide about parcels: statements, and changes of numbers. Rows are undone, never deleted."""

from __future__ import annotations

from typing import Final, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracking.models.shipments import Leg, Shipment
from tracking.vocabulary import StatementKind

MAX_REASON_LENGTH: Final = 500


class NumberChangeKind(models.TextChoices):
    """What an operator can change about the numbers of a parcel."""

    ADDED = "added", _("Number added")
    REPLACED = "replaced", _("Number replaced")
    REMOVED = "removed", _("Number removed")
    SPLIT = "split", _("Number moved to a parcel of its own")


class OperatorDecision(models.Model):
    """A decision with its reason: who took it and when, and who undid it and when."""

    reason = models.CharField(_("reason"), max_length=MAX_REASON_LENGTH)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("created by")
    )
    withdrawn_at = models.DateTimeField(_("undone at"), null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )

    class Meta:
        abstract = True


class OperatorStatementQuerySet(models.QuerySet["OperatorStatement"]):
    """Queries for statements."""

    def in_force(self) -> Self:
        """Return the statements that were not undone."""
        return self.filter(withdrawn_at=None)


class OperatorStatement(OperatorDecision):
    """What an operator states about a parcel. It counts like a scan of the time `effective_at`."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="statements", verbose_name=_("parcel"))
    kind = models.CharField(_("statement"), max_length=16, choices=StatementKind)
    effective_at = models.DateTimeField(_("holds from"), default=timezone.now)

    objects = OperatorStatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.shipment_id})"


class NumberChangeQuerySet(models.QuerySet["NumberChange"]):
    """Queries for changes of numbers."""

    def in_force(self) -> Self:
        """Return the changes that were not undone."""
        return self.filter(withdrawn_at=None)


class NumberChange(OperatorDecision):
    """A change of the numbers of a parcel.

    `old_leg` was removed by it and `new_leg` created; for a split that one is on a parcel of its own.
    """

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="number_changes", verbose_name=_("parcel"))
    kind = models.CharField(_("change"), max_length=16, choices=NumberChangeKind)
    old_leg = models.ForeignKey(Leg, models.SET_NULL, null=True, related_name="+", verbose_name=_("old number"))
    new_leg = models.ForeignKey(Leg, models.SET_NULL, null=True, related_name="+", verbose_name=_("new number"))
    old_number = models.CharField(_("old number"), max_length=64, blank=True)
    new_number = models.CharField(_("new number"), max_length=64, blank=True)

    objects = NumberChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of numbers")
        verbose_name_plural = _("changes of numbers")
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.shipment_id})"
