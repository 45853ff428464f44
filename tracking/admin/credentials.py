"""The form of a carrier: one input for each secret that its adapter asks for, none of them ever shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from tracking.carriers.adapter import Adapter, Credential
from tracking.carriers.configurable.adapter import IncompleteAdapter
from tracking.models import Carrier
from tracking.models.carriers import adapter_choices

if TYPE_CHECKING:
    CarrierModelForm = forms.ModelForm[Carrier]
else:
    CarrierModelForm = forms.ModelForm

CREDENTIAL_PREFIX: Final = "credential_"
FORGET_CREDENTIALS_FIELD: Final = "forget_credentials"


class CarrierForm(CarrierModelForm):
    """A carrier with its credentials: an empty input keeps what is stored, another adapter forgets all of it."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            self.check_configured(cleaned.get("adapter", ""))
        if "base_url" in self.changed_data and self.has_credentials_not_reentered():
            self.add_error(
                "base_url", _("Enter the credentials again, or forget them: the stored ones belong to the old address.")
            )
        return cleaned

    def check_configured(self, adapter: str) -> None:
        """Refuse to switch a feed on that cannot be asked."""
        carrier = Carrier(
            adapter=adapter, credentials=self.credentials_to_store(), adapter_config=self.config_to_store()
        )
        feed = client_of(carrier)
        if feed is None:
            self.add_error("enabled", _("Without an adapter there is nothing to switch on."))
        elif isinstance(feed, IncompleteAdapter):
            self.add_error("enabled", _("First say how it is asked and how its answers are read."))
        elif missing := carrier.missing_credentials():
            message = _("Still missing, to switch it on: %(names)s.")
            self.add_error("enabled", forms.ValidationError(message, params={"names": ", ".join(missing)}))

    def config_to_store(self) -> dict[str, str]:
        """Return what will be stored of how the generic adapter asks and reads."""
        kept: dict[str, str] = self.instance.adapter_config
        return kept

    def credentials_to_store(self) -> dict[str, str]:
        """Return what will be stored."""
        return {**self.stored_credentials(), **self.entered_credentials()} if "adapter" not in self.changed_data else {}

    def entered_credentials(self) -> dict[str, str]:
        """Return the credentials entered in this form."""
        values = {
            name: value for name, value in self.cleaned_data.items() if name.startswith(CREDENTIAL_PREFIX) and value
        }
        return {name.removeprefix(CREDENTIAL_PREFIX): value for name, value in values.items()}

    def stored_credentials(self) -> dict[str, str]:
        """Return the stored credentials, unless they are to be forgotten."""
        return {} if self.cleaned_data.get(FORGET_CREDENTIALS_FIELD) else self.instance.credentials

    def has_credentials_not_reentered(self) -> bool:
        """Tell whether stored secrets would go to the address in this form without having been entered for it."""
        return not self.credentials_to_store().items() <= self.entered_credentials().items()

    def save(self, commit: bool = True) -> Carrier:
        self.instance.credentials = self.credentials_to_store()
        return super().save(commit)


def carrier_form_class(carrier: Carrier | None, base_form: type[CarrierForm] = CarrierForm) -> type[CarrierForm]:
    """Return `form` with the inputs that a carrier's adapter asks for; without an adapter there are none."""
    feed = client_of(carrier)
    if carrier is None or feed is None:
        return base_form
    fields: dict[str, forms.Field] = {
        CREDENTIAL_PREFIX + asked.name: credential_field(asked, asked.name in carrier.credentials)
        for asked in feed.credentials
    }
    if carrier.credentials:
        fields[FORGET_CREDENTIALS_FIELD] = forms.BooleanField(label=_("Forget all stored credentials"), required=False)
    return type("ConnectedCarrierForm", (base_form,), fields)


def client_of(carrier: Carrier | None) -> Adapter | None:
    """Return a carrier's adapter, if it has one that we know."""
    known = carrier is not None and carrier.adapter in dict(adapter_choices())
    return carrier.adapter_instance if carrier and known else None


def credential_field(credential: Credential, is_stored: bool) -> forms.CharField:
    """Return an input that takes a secret and shows only whether there is one."""
    attrs = {"autocomplete": "new-password", "placeholder": _("stored") if is_stored else _("not set"), "size": "40"}
    return forms.CharField(
        label=credential.label,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs=attrs),
        help_text=_("Empty: what is stored stays.")
        if is_stored
        else _("Needed.")
        if credential.required
        else _("Optional."),
    )
