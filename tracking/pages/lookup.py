"""The front door: an order number, and something that only its buyer knows."""

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
    """What the buyer types."""

    number = forms.CharField(label=_("Order number"), max_length=MAX_LENGTH)
    identity = forms.CharField(label=_("E-mail, phone or postcode of the order"), max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def lookup(request: HttpRequest) -> HttpResponse:
    """Show the form; lead a right pair to its order. A wrong pair and an unknown order get the same answer."""
    form = LookupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "lookup/page.html", {"form": form})
    number, identity = form.cleaned_data["number"], form.cleaned_data["identity"]
    try:
        return handle_lookup(request, form, number, identity)
    except RedisError as trouble:
        # Without the counters guessing would be free, so the door stays shut until they are back.
        log.error("look-up is closed: the counters of failed tries cannot be read", error=str(trouble))
        return render(request, "lookup/page.html", {"form": form, "trouble": "resting"}, status=503)


def handle_lookup(request: HttpRequest, form: LookupForm, number: str, identity: str) -> HttpResponse:
    """Lead a right pair to its order; count a wrong one."""
    if is_locked_out(request, number):
        response = render(request, "lookup/page.html", {"form": form, "trouble": "too_many"}, status=429)
        response["Retry-After"] = str(WINDOW_SECONDS)
        return response
    order = next((order for order in matching_orders(number) if is_identity_match(order, identity)), None)
    if order is None:
        record_failure(request, number)
        return render(request, "lookup/page.html", {"form": form, "trouble": "not_found"})
    return trust_browser(redirect(order), order)


def matching_orders(text: str) -> Iterator[Order]:
    """Yield the orders that a text can mean: by their own number, or by tracking numbers, mails or links pasted."""
    yield from Order.objects.matching_number(text)[:MAX_ORDERS]
    keys = {number_key(found.number) for found in find_numbers(text)}
    if keys:
        yield from Order.objects.with_tracking_numbers(keys)[:MAX_ORDERS]
