"""The order lookup on the start page: an order number, and the e-mail, phone or postcode of the order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import structlog
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from tracking.carriers.numbers import find_numbers
from tracking.models import Order
from tracking.models.fields import number_key
from tracking.pages.identity_check import is_identity_match, trust_browser
from tracking.pages.lockout import WINDOW_SECONDS, is_locked_out, record_failure
from tracking.pages.private import private_page

log: Final = structlog.get_logger()

MAX_LENGTH: Final = 10_000
MAX_ORDERS: Final = 20


class LookupForm(forms.Form):
    """The order number (or a pasted mail or link) and the identity check."""

    number = forms.CharField(label=_("Order number"), max_length=MAX_LENGTH)
    identity = forms.CharField(label=_("E-mail, phone or postcode of the order"), max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def lookup(request: HttpRequest) -> HttpResponse:
    """Show the form; redirect a match to its order. A wrong pair and an unknown order get the same answer."""
    form = LookupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "lookup/page.html", {"form": form})
    number, identity = form.cleaned_data["number"], form.cleaned_data["identity"]
    try:
        return handle_lookup(request, form, number, identity)
    except RedisError as error:
        # Without the counters guessing would be unlimited, so nothing is looked up until they are back.
        log.error("order lookup unavailable: cannot read the lockout counters", error=str(error))
        return render(request, "lookup/page.html", {"form": form, "error": "unavailable"}, status=503)


def handle_lookup(request: HttpRequest, form: LookupForm, number: str, identity: str) -> HttpResponse:
    """Redirect a match to its order; count a failure."""
    if is_locked_out(request, number):
        response = render(request, "lookup/page.html", {"form": form, "error": "too_many"}, status=429)
        response["Retry-After"] = str(WINDOW_SECONDS)
        return response
    order = next((order for order in matching_orders(number) if is_identity_match(order, identity)), None)
    if order is None:
        record_failure(request, number)
        return render(request, "lookup/page.html", {"form": form, "error": "not_found"})
    return trust_browser(redirect(order), order)


def matching_orders(text: str) -> Iterator[Order]:
    """Yield the orders that a text can mean: by order number, or by tracking numbers in a pasted mail or link."""
    yield from Order.objects.matching_number(text)[:MAX_ORDERS]
    keys = {number_key(candidate.number) for candidate in find_numbers(text)}
    if keys:
        yield from Order.objects.with_tracking_numbers(keys)[:MAX_ORDERS]
