"""The second factor: what only an order's buyer knows, and for how long a browser that gave it is trusted."""

from __future__ import annotations

import hmac
from typing import Final

import phonenumbers
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tracking.models import Order
from tracking.models.fields import number_key

TRUSTED_SECONDS: Final = 30 * 60
SALT: Final = "proof of an order"


def remember(response: HttpResponse, order: Order) -> HttpResponse:
    """Trust this browser with one order for half an hour, by a signed cookie that no script reads."""
    response.set_signed_cookie(
        cookie_of(order),
        order.token,
        salt=SALT,
        max_age=TRUSTED_SECONDS,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def proven(request: HttpRequest, order: Order) -> bool:
    """Tell whether this browser gave the proof of this very order within the last half hour."""
    held = request.get_signed_cookie(cookie_of(order), default="", salt=SALT, max_age=TRUSTED_SECONDS)
    return hmac.compare_digest((held or "").encode(), order.token.encode())


def provable(order: Order) -> bool:
    """Tell whether the order holds anything that its buyer could prove to know."""
    return bool(order.email or order.postal_code or phone_key(order.phone, order.country))


def cookie_of(order: Order) -> str:
    """Return the name of an order's cookie."""
    return f"proof-{order.pk}"


def proves(order: Order, proof: str) -> bool:
    """Tell whether `proof` is the order's e-mail address, phone number or postcode, in any usual spelling."""
    answers = [
        same(proof.strip().lower(), order.email),
        same(phone_key(proof, order.country), phone_key(order.phone, order.country)),
        same(number_key(proof), number_key(order.postal_code)),
    ]
    return any(answers)


def same(typed: str, held: str) -> bool:
    """Compare in constant time; nothing held matches nothing typed."""
    return bool(held) and hmac.compare_digest(typed.encode(), held.encode())


def phone_key(typed: str, country: str) -> str:
    """Return a phone number in E.164, read as people in `country` write it; '' for what is no number."""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
