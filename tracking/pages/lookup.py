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

from tracking.carriers.numbers import find
from tracking.models import Order
from tracking.models.fields import number_key
from tracking.pages.guessing import WINDOW_SECONDS, note_failure, too_many
from tracking.pages.private import private_page
from tracking.pages.proof import proves, remember

log: Final = structlog.get_logger()


MOST_SIGNS: Final = 10_000
MOST_ORDERS: Final = 20


class LookupForm(forms.Form):
    """What the buyer types."""

    number = forms.CharField(label=_("Order number"), max_length=MOST_SIGNS)
    proof = forms.CharField(label=_("E-mail, phone or postcode of the order"), max_length=254)


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def lookup(request: HttpRequest) -> HttpResponse:
    """Show the form; lead a right pair to its order. A wrong pair and an unknown order get the same answer."""
    form = LookupForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "lookup/page.html", {"form": form})
    number, proof = form.cleaned_data["number"], form.cleaned_data["proof"]
    try:
        return answer(request, form, number, proof)
    except RedisError as trouble:
        # Without the counters guessing would be free, so the door stays shut until they are back.
        log.error("look-up is closed: the counters of failed tries cannot be read", error=str(trouble))
        return render(request, "lookup/page.html", {"form": form, "trouble": "resting"}, status=503)


def answer(request: HttpRequest, form: LookupForm, number: str, proof: str) -> HttpResponse:
    """Lead a right pair to its order; count a wrong one."""
    if too_many(request, number):
        response = render(request, "lookup/page.html", {"form": form, "trouble": "too_many"}, status=429)
        response["Retry-After"] = str(WINDOW_SECONDS)
        return response
    order = next((order for order in orders_meant(number) if proves(order, proof)), None)
    if order is None:
        note_failure(request, number)
        return render(request, "lookup/page.html", {"form": form, "trouble": "not_found"})
    return remember(redirect(order), order)


def orders_meant(text: str) -> Iterator[Order]:
    """Yield the orders that a text can mean: by their own number, or by tracking numbers, mails or links pasted."""
    yield from Order.objects.numbered(text)[:MOST_ORDERS]
    keys = {number_key(found.number) for found in find(text)}
    if keys:
        yield from Order.objects.travelling(keys)[:MOST_ORDERS]
