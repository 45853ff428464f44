"""The base of all answer forms: what a form knows, the values that it stores, and the field for a note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy

from tracking.buyer_tasks.not_received import DeliveryProof
from tracking.buyer_tasks.papers import ReceivedPaper
from tracking.localization.reader import Reader
from tracking.models import BuyerTask, Shipment

MAX_NOTE_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class FormContext:
    """What a form needs to know: the shipment, the buyer task (None for a new one), the reader, the time."""

    shipment: Shipment
    buyer_task: BuyerTask | None
    delivery_proof: DeliveryProof | None
    reader: Reader
    now: datetime

    @property
    def country(self) -> str:
        """Return the country of destination."""
        return self.shipment.order.country


class AnswerForm(forms.Form):
    """Base of all answer forms: values as text, and received papers if any."""

    required_css_class = "required"

    def __init__(self, *args: Any, form_context: FormContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form_context = form_context
        self.received_papers: list[ReceivedPaper] = []

    def values(self) -> dict[str, str]:
        """Return the values to store (encrypted) from a valid form."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


def note_field(label: Any = None) -> forms.CharField:
    """Return an optional text area for a short note."""
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(
        label=label or gettext_lazy("Anything else the shop or the carrier should know"),
        required=False,
        max_length=MAX_NOTE_LENGTH,
        widget=widget,
    )
