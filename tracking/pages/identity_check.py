"""The identity check: compare e-mail, phone or postcode with the order, and trust the browser for half an hour."""

from __future__ import annotations

import hmac
from typing import Final

import phonenumbers
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tracking.models import Order
from tracking.models.fields import number_key
from tracking.typed_input.characters import normalize_characters
from tracking.typed_input.email_addresses import normalize_email_address

TRUSTED_SECONDS: Final = 30 * 60
COOKIE_SALT: Final = "identity check of an order"


def trust_browser(response: HttpResponse, order: Order) -> HttpResponse:
    """Set a signed, HTTP-only cookie that trusts this browser with one order for half an hour."""
    response.set_signed_cookie(
        identity_cookie_name(order.pk),
        order.token,
        salt=COOKIE_SALT,
        max_age=TRUSTED_SECONDS,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def has_passed_identity_check(request: HttpRequest, order: Order) -> bool:
    """Return whether this browser passed the identity check of this order within the last half hour."""
    return has_proof(request, order.pk, order.token)


def has_proof(request: HttpRequest, order_id: int, order_token: str) -> bool:
    """Return whether the request has the cookie of a passed identity check of an order."""
    value = request.get_signed_cookie(
        identity_cookie_name(order_id), default="", salt=COOKIE_SALT, max_age=TRUSTED_SECONDS
    )
    return hmac.compare_digest((value or "").encode(), order_token.encode())


def can_check_identity(order: Order) -> bool:
    """Return whether the order has an e-mail, postcode or phone number to check against."""
    return bool(order.email or order.postal_code or normalize_phone(order.phone, order.country))


def identity_cookie_name(order_id: int) -> str:
    """Return the name of the cookie that trusts a browser with an order."""
    return f"identity-{order_id}"


def is_identity_match(order: Order, typed: str) -> bool:
    """Return whether the text is the order's e-mail, phone number or postcode, in any usual spelling."""
    typed = normalize_characters(typed)
    # A list, not `or`: all three are compared, so the time taken does not tell which one an order has.
    matches = [
        is_equal_in_constant_time(normalize_email_address(typed), order.email),
        is_equal_in_constant_time(normalize_phone(typed, order.country), normalize_phone(order.phone, order.country)),
        is_equal_in_constant_time(number_key(typed), number_key(order.postal_code)),
    ]
    return any(matches)


def is_equal_in_constant_time(typed: str, stored: str) -> bool:
    """Compare in constant time; an empty stored value never matches."""
    return bool(stored) and hmac.compare_digest(typed.encode(), stored.encode())


def normalize_phone(typed: str, country: str) -> str:
    """Return a phone number in E.164, parsed as dialled in `country`; '' if it is no number."""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
