"""The order lookup on the start page: an order number, and the e-mail, phone or postcode of the order."""

from __future__ import annotations

from typing import Final

import structlog
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from tracking.carriers.numbers import find_numbers
from tracking.carriers.numbers.typed_numbers import read_tracking_numbers
from tracking.models import Leg, Order, Shipment
from tracking.models.fields import number_key
from tracking.pages.errors import answer_too_many
from tracking.pages.identity_check import is_identity_match, trust_browser
from tracking.pages.lockout import WINDOW_SECONDS, Attempt, is_locked_out
from tracking.pages.private import private_page

log: Final = structlog.get_logger()

MAX_LENGTH: Final = 10_000
MAX_ORDERS: Final = 20
MAX_NUMBERS: Final = 20


class LookupForm(forms.Form):
    """The order number (or a pasted mail or link) and the identity check."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=MAX_LENGTH,
        error_messages={"required": _("Please enter the order number or a tracking number.")},
    )
    identity = forms.CharField(
        label=_("Email, phone or postcode of the order"),
        max_length=254,
        error_messages={"required": _("Please enter the email, phone or postcode of the order.")},
    )


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
        return render(request, "503.html", status=503)


def handle_lookup(request: HttpRequest, form: LookupForm, number: str, identity: str) -> HttpResponse:
    """Redirect a match to its order; count a failure."""
    if is_locked_out(request):
        return answer_too_many(request, WINDOW_SECONDS)
    tracking_keys = tracking_number_keys(number)
    orders = find_orders(number, tracking_keys)
    attempt = Attempt(request, [number, *tracking_keys], orders)
    attempt.count_as_failure()
    if attempt.is_refused():
        return answer_too_many(request, WINDOW_SECONDS)
    order = next((order for order in orders if is_identity_match(order, identity)), None)
    if order:
        attempt.take_back()
        return trust_browser(redirect(page_of(order)), order)
    if attempt.is_order_full():
        return answer_too_many(request, WINDOW_SECONDS)
    return render(request, "lookup/page.html", {"form": form, "is_not_found": True})


def page_of(order: Order) -> Order | Shipment:
    """Return whose page answers the question: an order with one parcel and nothing else to ship is that parcel."""
    shipments = list(order.shipments.all()[:2])
    is_single = len(shipments) == 1 and not order.lines.filter(shipment=None).exists()
    return shipments[0] if is_single else order


def tracking_number_keys(text: str) -> list[str]:
    """Return the keys of the tracking numbers in a pasted mail or link, those of any format too, in reading order."""
    numbers = [*read_tracking_numbers(text), *(found.number for found in find_numbers(text))]
    return list(dict.fromkeys(map(number_key, numbers)))[:MAX_NUMBERS]


def find_orders(text: str, tracking_keys: list[str]) -> list[Order]:
    """Return the orders of one number, which several shops can have: one try tests no other number of the text.

    That number is the text itself where an order has it, else the first tracking number in it that an order has.
    """
    by_order_number = list(Order.objects.matching_number(text)[:MAX_ORDERS])
    if not tracking_keys:
        return by_order_number
    known = set(Leg.objects.filter(number_key__in=tracking_keys).values_list("number_key", flat=True))
    # Without a known number the query is made all the same, so that the time taken does not tell which ones exist.
    first = next((key for key in tracking_keys if key in known), tracking_keys[0])
    by_tracking_number = list(Order.objects.with_tracking_numbers([first])[:MAX_ORDERS])
    if by_order_number and first != number_key(text):
        return by_order_number
    return by_order_number + by_tracking_number
