"""Choices whose labels buyers read. They are in a file of their own because only these exist in every language."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tracking.paper_check.formats import CheckRefusal
from tracking.vocabulary import AlertKind, BuyerTaskKind


class PaperKind(TextChoices):
    """Documents that customs or a carrier can require."""

    INVOICE = "invoice", _("Invoice")
    PAYMENT = "payment", _("Proof of payment")
    IDENTITY = "identity", _("Proof of identity")
    TAX_ID = "tax_id", _("Proof of the tax number")


class RejectionReason(TextChoices):
    """Standard reasons for rejecting an answer; each buyer reads them in their own language."""

    UNREADABLE = "unreadable", _("It cannot be read. Please send a sharper picture, or the file itself.")
    WRONG_PAPER = "wrong_paper", _("It is not the document that was asked for.")
    OTHER_NAME = "other_name", _("The name on it is not the name on the parcel.")
    NO_VALUE = "no_value", _("The price or value is missing from it.")
    INCOMPLETE = "incomplete", _("Something is missing. Please check every part of it.")
    NO_REPLY = "no_reply", _("Nobody answers at this number.")


class PaperRefusal(TextChoices):
    """Why the check of an upload refused it, with what the buyer can do."""

    TOO_MANY_PIXELS = (
        CheckRefusal.TOO_MANY_PIXELS.value,
        _("This picture has too many pixels. A photo taken with less detail will do."),
    )
    DAMAGED_IMAGE = (
        CheckRefusal.DAMAGED_IMAGE.value,
        _("This picture is damaged or did not arrive completely. Please send it again."),
    )
    DAMAGED_PDF = (
        CheckRefusal.DAMAGED_PDF.value,
        _("This PDF is damaged or has extra data at its end. Please print it as a new PDF."),
    )
    LOCKED_PDF = (
        CheckRefusal.LOCKED_PDF.value,
        _("This PDF is locked with a password. Please send it without one."),
    )
    UNCHECKABLE_PDF = (
        CheckRefusal.UNCHECKABLE_PDF.value,
        _("This PDF is packed in a way that cannot be checked. Please print it as a new PDF, or send a photo."),
    )


LOCALIZED_LABELS: Final[dict[str, Any]] = {
    reason.value: reason.label for reason in (*RejectionReason, *AlertKind, *PaperRefusal)
}


def localize_reason(reason: str) -> str:
    """Return a stored reason with its standard lines in the reader's language, the others as they were written."""
    return "\n".join(str(LOCALIZED_LABELS.get(line, line)) for line in reason.splitlines())


def buyer_task_title(kind: BuyerTaskKind) -> str:
    """Return the heading of a buyer task; a question where the buyer can only answer yes or no."""
    return str(_("Will somebody be there?") if kind is BuyerTaskKind.AVAILABILITY else kind.label)


class DigestFrequency(TextChoices):
    """How often a subscriber gets notices."""

    AT_ONCE = "", _("At once")
    DAILY = "daily", _("Once a day, in the morning")
    WEEKLY = "weekly", _("Once a week, on the morning of its first day")


class DisabledReason(TextChoices):
    """Why a contact gets no more notices."""

    UNSUBSCRIBED = "unsubscribed", _("You stopped the messages.")
    GONE = "gone", _("Messages do not reach it: it no longer seems to exist.")
    REJECTED = "rejected", _("It refused our messages several times.")
    BOUNCED = "bounced", _("Our messages came back.")


class ForecastChangeReason(TextChoices):
    """Why the arrival window changed."""

    FIRST = "first", _("First forecast")
    EARLY = "early", _("A step came earlier than usual")
    LATE = "late", _("A step came later than usual")
    SILENCE = "silence", _("No news for longer than usual")
    LANE = "lane", _("This route has become slower or faster for all parcels")
    CARRIER = "carrier", _("The carrier gave another date")
    PROBLEM = "problem", _("Something holds it up")
