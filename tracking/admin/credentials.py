"""The form of a carrier: one input for each secret that its adapter asks for, none of them ever shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from tracking.carriers.adapter import Adapter, Credential
from tracking.carriers.configurable.adapter import Unfinished
from tracking.models import Carrier
from tracking.models.carriers import adapter_choices

if TYPE_CHECKING:
    CarrierModelForm = forms.ModelForm[Carrier]
else:
    CarrierModelForm = forms.ModelForm

PREFIX: Final = "credential_"
FORGET: Final = "forget_credentials"


class CarrierForm(CarrierModelForm):
    """A carrier with its credentials: an empty input keeps what is stored, another adapter forgets all of it."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            self.check_complete(cleaned.get("adapter", ""))
        if "base_url" in self.changed_data and self.sent_unseen():
            self.add_error(
                "base_url", _("Enter the credentials again, or forget them: the stored ones belong to the old address.")
            )
        return cleaned

    def check_complete(self, adapter: str) -> None:
        """Refuse to switch a feed on that cannot be asked."""
        carrier = Carrier(adapter=adapter, credentials=self.credentials(), recipe=self.recipe())
        feed = feed_of(carrier)
        if feed is None:
            self.add_error("enabled", _("Without an adapter there is nothing to switch on."))
        elif isinstance(feed, Unfinished):
            self.add_error("enabled", _("First say how it is asked and how its answers are read."))
        elif missing := carrier.missing_credentials():
            message = _("Still missing, to switch it on: %(names)s.")
            self.add_error("enabled", forms.ValidationError(message, params={"names": ", ".join(missing)}))

    def recipe(self) -> dict[str, str]:
        """Return what will be stored of how the generic adapter asks and reads."""
        kept: dict[str, str] = self.instance.recipe
        return kept

    def credentials(self) -> dict[str, str]:
        """Return what will be stored."""
        return {**self.kept(), **self.typed()} if "adapter" not in self.changed_data else {}

    def typed(self) -> dict[str, str]:
        """Return the credentials entered in this form."""
        values = {name: value for name, value in self.cleaned_data.items() if name.startswith(PREFIX) and value}
        return {name.removeprefix(PREFIX): value for name, value in values.items()}

    def kept(self) -> dict[str, str]:
        """Return the stored credentials, unless they are to be forgotten."""
        return {} if self.cleaned_data.get(FORGET) else self.instance.credentials

    def sent_unseen(self) -> bool:
        """Tell whether stored secrets would go to the address in this form without having been entered for it."""
        return not self.credentials().items() <= self.typed().items()

    def save(self, commit: bool = True) -> Carrier:
        self.instance.credentials = self.credentials()
        return super().save(commit)


def form_for(carrier: Carrier | None, form: type[CarrierForm] = CarrierForm) -> type[CarrierForm]:
    """Return `form` with the inputs that a carrier's adapter asks for; without an adapter there are none."""
    feed = feed_of(carrier)
    if carrier is None or feed is None:
        return form
    fields: dict[str, forms.Field] = {
        PREFIX + asked.name: secret_input(asked, asked.name in carrier.credentials) for asked in feed.credentials
    }
    if carrier.credentials:
        fields[FORGET] = forms.BooleanField(label=_("Forget all stored credentials"), required=False)
    return type("ConnectedCarrierForm", (form,), fields)


def feed_of(carrier: Carrier | None) -> Adapter | None:
    """Return a carrier's adapter, if it has one that we know."""
    known = carrier is not None and carrier.adapter in dict(adapter_choices())
    return carrier.feed if carrier and known else None


def secret_input(asked: Credential, stored: bool) -> forms.CharField:
    """Return an input that takes a secret and shows only whether there is one."""
    attrs = {"autocomplete": "new-password", "placeholder": _("stored") if stored else _("not set"), "size": "40"}
    return forms.CharField(
        label=asked.label,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs=attrs),
        help_text=_("Empty: what is stored stays.") if stored else _("Needed.") if asked.required else _("Optional."),
    )
