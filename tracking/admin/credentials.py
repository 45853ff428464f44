"""The form of a carrier: one input for each credential of its adapter. Stored credentials are never shown."""

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
    """A carrier with its credentials. An empty input keeps the stored value; another adapter discards them all."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled"):
            self.check_configured(cleaned.get("adapter", ""))
        # A changed address must not receive stored credentials: whoever may edit carriers could send them anywhere.
        if "base_url" in self.changed_data and self.has_credentials_not_reentered():
            self.add_error(
                "base_url", _("Enter the credentials again, or forget them: the stored ones belong to the old address.")
            )
        return cleaned

    def check_configured(self, adapter_slug: str) -> None:
        """Add an error if a feed is enabled that lacks an adapter, its configuration or credentials."""
        carrier = Carrier(
            adapter=adapter_slug, credentials=self.credentials_to_store(), adapter_config=self.config_to_store()
        )
        adapter = adapter_of(carrier)
        if adapter is None:
            self.add_error("enabled", _("Without an adapter there is nothing to switch on."))
        elif isinstance(adapter, IncompleteAdapter):
            self.add_error("enabled", _("First say how it is asked and how its answers are read."))
        elif missing := carrier.missing_credentials():
            message = _("Still missing, to switch it on: %(names)s.")
            self.add_error("enabled", forms.ValidationError(message, params={"names": ", ".join(missing)}))

    def config_to_store(self) -> dict[str, str]:
        """Return the adapter configuration to store: here the stored one, unchanged."""
        config: dict[str, str] = self.instance.adapter_config
        return config

    def credentials_to_store(self) -> dict[str, str]:
        """Return the credentials to store: none after a change of adapter, else the stored ones and those entered."""
        if "adapter" in self.changed_data:
            return {}
        return {**self.stored_credentials(), **self.entered_credentials()}

    def entered_credentials(self) -> dict[str, str]:
        """Return the credentials entered in this form, by name."""
        return {
            field.removeprefix(CREDENTIAL_PREFIX): value
            for field, value in self.cleaned_data.items()
            if field.startswith(CREDENTIAL_PREFIX) and value
        }

    def stored_credentials(self) -> dict[str, str]:
        """Return the stored credentials, or none if the operator chose to forget them."""
        return {} if self.cleaned_data.get(FORGET_CREDENTIALS_FIELD) else self.instance.credentials

    def has_credentials_not_reentered(self) -> bool:
        """Return whether a stored credential would be kept that was not entered again in this form."""
        return not self.credentials_to_store().items() <= self.entered_credentials().items()

    def save(self, commit: bool = True) -> Carrier:
        self.instance.credentials = self.credentials_to_store()
        return super().save(commit)


def carrier_form_class(carrier: Carrier | None, base_form: type[CarrierForm] = CarrierForm) -> type[CarrierForm]:
    """Return `base_form` with an input for each credential of the carrier's adapter, if it has an adapter."""
    adapter = adapter_of(carrier)
    if carrier is None or adapter is None:
        return base_form
    fields: dict[str, forms.Field] = {
        CREDENTIAL_PREFIX + credential.name: credential_field(credential, credential.name in carrier.credentials)
        for credential in adapter.credentials
    }
    if carrier.credentials:
        fields[FORGET_CREDENTIALS_FIELD] = forms.BooleanField(label=_("Forget all stored credentials"), required=False)
    return type("CarrierFormWithCredentials", (base_form,), fields)


def adapter_of(carrier: Carrier | None) -> Adapter | None:
    """Return a carrier's adapter, or None if it has none or one that is not registered."""
    is_registered = carrier is not None and carrier.adapter in dict(adapter_choices())
    return carrier.adapter_instance if carrier and is_registered else None


def credential_field(credential: Credential, is_stored: bool) -> forms.CharField:
    """Return a password input that shows only whether a value is stored."""
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
