"""Form fields that understand what operators paste, and store its one spelling."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms import Widget
from django.utils.translation import gettext_lazy as _

from tracking.carriers.numbers.typed_numbers import read_tracking_numbers
from tracking.models.fields import read_country
from tracking.typed_input.email_addresses import normalize_email_address

MAX_PASTED_LENGTH: Final = 2000
SEVERAL_NUMBERS: Final = "several_numbers"


class PastedTextField(forms.CharField):
    """A text that may be pasted at greater length than what is stored of it. A stored value is not read again."""

    stored_value: str = ""

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Let the browser accept more than `max_length`, which counts for the text that was read."""
        return {**super().widget_attrs(widget), "maxlength": str(MAX_PASTED_LENGTH)}

    def to_python(self, value: Any) -> str:
        """Return the text that was read, or the stored one if it is unchanged; raise `ValidationError`."""
        text = super().to_python(value) or ""
        return text if text in ("", self.stored_value) else self.read_text(text[:MAX_PASTED_LENGTH])

    def read_text(self, text: str) -> str:
        """Return the value that a typed text means; raise `ValidationError` with a hint."""
        raise NotImplementedError


class TrackingNumberField(PastedTextField):
    """One tracking number: typed, or in a pasted link or mail."""

    def read_text(self, text: str) -> str:
        """Return the only number in the text; an error of code `SEVERAL_NUMBERS` has them in `params["found"]`."""
        numbers = read_tracking_numbers(text)
        if not numbers:
            raise ValidationError(_("This is no tracking number. It has letters a–z and digits, like RR123456785CN."))
        if len(numbers) > 1:
            raise ValidationError(
                _("Each number belongs to a parcel of its own; here are several: %(numbers)s."),
                code=SEVERAL_NUMBERS,
                params={"numbers": ", ".join(numbers), "found": numbers},
            )
        return numbers[0]


class CountryField(PastedTextField):
    """A country: two or three letters, or its name in a language of the site."""

    def read_text(self, text: str) -> str:
        """Return the two letters of the country."""
        return read_country(text)


class TypedEmailField(forms.EmailField):
    """A mail address in any spelling."""

    def to_python(self, value: Any) -> str:
        """Return the address in the spelling that is stored."""
        return normalize_email_address(super().to_python(value) or "")
