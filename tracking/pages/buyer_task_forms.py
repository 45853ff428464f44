"""The form of each kind of buyer task: its fields, their validation, and the values that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
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
from tracking.buyer_tasks.not_received import delivery_time_of, reportable_at, search_steps
from tracking.buyer_tasks.tax_ids import InvalidTaxIdError, check_tax_id
from tracking.localization import datetimes
from tracking.localization.numbers import localize_digits
from tracking.localization.reader import today_in
from tracking.pages.answer_form import AnswerForm, note_field
from tracking.pages.papers_form import PapersForm
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind

DAYS_AHEAD: Final = 10
SUNDAY: Final = 6


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
