"""The form of each kind of buyer task: its fields, their validation, and the values that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.buyer_tasks.addresses import (
    InvalidPhoneError,
    InvalidPostalAddressError,
    address_fields,
    check_address,
    check_phone,
)
from tracking.buyer_tasks.answer_values import VALUE_LABELS, Availability, Ownership
from tracking.buyer_tasks.not_received import DeliveryProof, delivery_time_of, reportable_at, search_steps
from tracking.buyer_tasks.papers import (
    MAX_FILES,
    InvalidPaperError,
    ReceivedPaper,
    file_too_large_message,
    receive_paper,
    too_many_files_message,
)
from tracking.buyer_tasks.tax_ids import InvalidTaxIdError, check_tax_id
from tracking.localization import datetimes
from tracking.localization.numbers import localize_digits
from tracking.localization.reader import Reader, today_in
from tracking.models import BuyerTask, Shipment
from tracking.models.texts import PaperKind
from tracking.paper_check.formats import MAX_FILE_BYTES
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind

DAYS_AHEAD: Final = 10
SUNDAY: Final = 6
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


class PhoneForm(AnswerForm):
    """A telephone number that can be called at the destination."""

    phone = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=40,
        help_text=gettext_lazy(
            "The courier calls or texts it. Add the country code if the number is from another country."
        ),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    def clean_phone(self) -> str:
        try:
            return check_phone(self.cleaned_data["phone"], self.form_context.country)
        except InvalidPhoneError as error:
            raise forms.ValidationError(str(error)) from error


class TaxIdForm(AnswerForm):
    """The buyer's tax number for customs."""

    tax_id = forms.CharField(
        label=gettext_lazy("Tax number"),
        max_length=40,
        help_text=gettext_lazy("As on your documents, for example CPF in Brazil or P… in South Korea."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_tax_id(self) -> str:
        try:
            return check_tax_id(self.cleaned_data["tax_id"], self.form_context.country)
        except InvalidTaxIdError as error:
            raise forms.ValidationError(localize_digits(str(error), self.form_context.reader)) from error


class AddressForm(AnswerForm):
    """An address with the fields that the destination uses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in address_fields(self.form_context.country):
            attrs = {"autocomplete": field.autocomplete}
            choices = [("", _("Please choose")), *field.choices]
            widget = forms.Select(attrs, choices) if field.choices else forms.TextInput(attrs)
            hint = _("For example %(example)s") % {"example": field.example} if field.example else ""
            self.fields[field.name] = forms.CharField(
                label=field.label, required=field.required, max_length=200, widget=widget, help_text=hint
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                return check_address(cleaned, self.form_context.country)
            except InvalidPostalAddressError as error:
                for name, message in error.errors.items():
                    self.add_error(name, message)
        return cleaned


class DeliveryDayForm(AnswerForm):
    """One of the next days at the destination, without Sundays."""

    day = forms.ChoiceField(label=gettext_lazy("Which day suits you?"), widget=forms.RadioSelect)
    note = note_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = today_in(self.form_context.shipment.order.country, self.form_context.now)
        field = self.fields["day"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (day.isoformat(), datetimes.format_day(day, self.form_context.reader)) for day in selectable_days(today)
        ]


def selectable_days(today: date) -> list[date]:
    """Return the days from tomorrow on that a buyer can choose; couriers do not deliver on Sundays."""
    days = (today + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1))
    return [day for day in days if day.weekday() != SUNDAY]


class PickupPointForm(AnswerForm):
    """A pick-up point where the buyer wants to collect the parcel."""

    point = forms.CharField(
        label=gettext_lazy("Name or number of the pick-up point, with its street and town"),
        max_length=200,
        help_text=gettext_lazy("As named on the carrier's own site. If any will do, write “the nearest one”."),
    )
    note = note_field()


class AvailabilityForm(AnswerForm):
    """Whether somebody will be there to receive the parcel."""

    there = forms.ChoiceField(
        label=gettext_lazy("Will somebody be there?"),
        widget=forms.RadioSelect,
        choices=[(name, VALUE_LABELS[name]) for name in (Availability.YES, Availability.NEIGHBOUR, Availability.NO)],
    )
    note = note_field(gettext_lazy("Which neighbour, which bell, when"))


class ShopRequestForm(AnswerForm):
    """A request of the shop; the kind says what, so that a note is all that can be typed."""

    note = note_field()


class IsMineForm(ShopRequestForm):
    """Whether the parcel on the page is the buyer's, where two have one number."""

    is_mine = forms.ChoiceField(
        label=gettext_lazy("Do the events on the page belong to your parcel?"),
        widget=forms.RadioSelect,
        choices=[(name, VALUE_LABELS[name]) for name in (Ownership.MINE, Ownership.NOT_MINE)],
        help_text=gettext_lazy(
            "If yes, the page stays as it is. If no, the shop asks the carrier which parcel is yours, and the page "
            "follows that one. Until then, do not plan by the dates on the page."
        ),
    )
    field_order = ("is_mine", "note")


class NotReceivedForm(AnswerForm):
    """A report that a delivered parcel was not received; the buyer must first tick each place searched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for step in search_steps(self.form_context.delivery_proof):
            self.fields[step.name] = forms.BooleanField(label=step.label)
        self.fields["note"] = note_field()

    @property
    def reportable_at(self) -> datetime | None:
        """Return the earliest time at which the report can be sent."""
        delivered = delivery_time_of(self.form_context.shipment)
        return reportable_at(delivered, self.form_context.reader.zone) if delivered else None

    @property
    def is_too_early(self) -> bool:
        """Return whether it is too early to report: the parcel may still turn up."""
        return self.reportable_at is not None and self.form_context.now < self.reportable_at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.reportable_at and self.is_too_early:
            reader = self.form_context.reader
            values = {
                "when": datetimes.format_instant(self.reportable_at, reader),
                "zone": datetimes.zone_name(reader.zone.key, reader.locale),
            }
            raise forms.ValidationError(_("You can send this from %(when)s, %(zone)s.") % values)
        return cleaned

    def values(self) -> dict[str, str]:
        return {name: "done" if value is True else str(value) for name, value in self.cleaned_data.items() if value}


class MultipleFileInput(forms.ClearableFileInput):
    """A file input that accepts several files."""

    allow_multiple_selected = True


class PapersField(forms.FileField):
    """The files of one paper: photos or pages."""

    widget = MultipleFileInput(attrs={"accept": "image/*,application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = data if isinstance(data, list) else [data] if data else []
        if self.required and not files:
            raise forms.ValidationError(_("This document is needed."))
        return files


class PapersForm(AnswerForm):
    """The papers that customs requests; each file is checked after the form was sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        requested = self.form_context.buyer_task.requested_papers if self.form_context.buyer_task else []
        for kind in [PaperKind(name) for name in requested] or [PaperKind.INVOICE]:
            self.fields[kind.value] = PapersField(label=kind.label)
            # Read by js/files.js, which says it before the file is sent.
            message = localize_digits(file_too_large_message(), self.form_context.reader)
            limit = {"data-max-bytes": str(MAX_FILE_BYTES), "data-too-large": message}
            self.fields[kind.value].widget.attrs |= limit
        self.fields["note"] = note_field()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        files = [(name, file) for name in self.fields if name != "note" for file in cleaned.get(name, [])]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(localize_digits(too_many_files_message(), self.form_context.reader))
        for name, file in files:
            self.receive_file(name, file)
        return cleaned

    def receive_file(self, name: str, file: UploadedFile) -> None:
        """Keep one file for its check; put an error with the file's name beside its field."""
        try:
            if (file.size or 0) > MAX_FILE_BYTES:
                raise InvalidPaperError(localize_digits(file_too_large_message(), self.form_context.reader))
            self.received_papers.append(receive_paper(PaperKind(name), file.name or "", file.read()))
        except InvalidPaperError as error:
            self.add_error(name, f"{file.name}: {error}")

    def values(self) -> dict[str, str]:
        return {"note": self.cleaned_data["note"]} if self.cleaned_data.get("note") else {}


FORM_BY_KIND: Final[Mapping[BuyerTaskKind, type[AnswerForm]]] = {
    BuyerTaskKind.PAPERS: PapersForm,
    BuyerTaskKind.TAX_ID: TaxIdForm,
    BuyerTaskKind.ADDRESS: AddressForm,
    BuyerTaskKind.PHONE: PhoneForm,
    BuyerTaskKind.DAY: DeliveryDayForm,
    BuyerTaskKind.PICKUP_POINT: PickupPointForm,
    BuyerTaskKind.AVAILABILITY: AvailabilityForm,
    BuyerTaskKind.NOT_RECEIVED: NotReceivedForm,
    **dict.fromkeys(BUYER_REQUEST_KINDS, ShopRequestForm),
    BuyerTaskKind.IS_MINE: IsMineForm,
}
