"""A user's parcels: those of orders placed with an e-mail address that the user has verified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts.models import User
from tracking.localization.reader import most_populous_zone
from tracking.models import Contact, Follow, Order, Shipment, Subscriber
from tracking.models.notices import address_key
from tracking.notifications.channels.email import EmailChannel
from tracking.pages.parcel_card import build_cards, card_prefetches
from tracking.pages.parcel_list import build_parcel_list
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest
from tracking.typed_input.email_addresses import normalize_verified_address

MAX_ORDERS: Final = 100
MAX_QUERY_LENGTH: Final = 100


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def orders(request: HttpRequest) -> HttpResponse:
    """List the user's parcels, or those that a search finds; a POST follows all orders."""
    assert isinstance(request.user, User)
    own_orders = list(orders_of(request.user).select_related("shop")[:MAX_ORDERS])
    if request.method == "POST":
        return redirect(follow_orders(request.user, own_orders))
    reader, now = cast(BuyerRequest, request).reader, timezone.now()
    query = request.GET.get("q", "").strip()[:MAX_QUERY_LENGTH]
    cards = build_cards(shipments_of(own_orders, query), reader, now)
    context = {
        "parcels": build_parcel_list(cards, reader, now),
        "cards": cards,
        "unshipped": [] if query else unshipped_orders(own_orders),
        "has_orders": bool(own_orders),
        "query": query,
        "reader": reader,
        "subscriber": Subscriber.objects.filter(user=request.user).first(),
        "addresses": verified_emails(request.user),
    }
    return render(request, "orders/page.html", context)


def shipments_of(own_orders: Sequence[Order], query: str) -> list[Shipment]:
    """Return the shipments of orders, with what their cards need; only those that fit a search for `query`."""
    shipments = Shipment.objects.filter(order__in=[order.pk for order in own_orders])
    if query:
        wanted = (
            Q(order__number__icontains=query)
            | Q(order__shop__name__icontains=query)
            | Q(lines__title__icontains=query)
            | Q(legs__number__icontains=query, legs__removed_at=None)
        )
        shipments = shipments.filter(pk__in=shipments.filter(wanted).values("pk"))
    found = list(shipments.select_related("forecast").prefetch_related(*card_prefetches()).order_by("-pk"))
    orders_by_pk = {order.pk: order for order in own_orders}
    # Sets the same objects on each, so that the cards need no query for them.
    for shipment in found:
        shipment.order = orders_by_pk[shipment.order_id]
    return found


def unshipped_orders(own_orders: Sequence[Order]) -> list[Order]:
    """Return the orders that have no parcel yet."""
    shipped = set(Shipment.objects.filter(order__in=[order.pk for order in own_orders]).values_list("order", flat=True))
    return [order for order in own_orders if order.pk not in shipped]


def verified_emails(user: User) -> list[str]:
    """Return the verified e-mail addresses of a user, in the spelling of orders' addresses."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return [normalize_verified_address(address) for address in addresses]


def orders_of(user: User) -> QuerySet[Order]:
    """Return the orders placed with a verified address of the user, newest first."""
    return Order.objects.filter(email__in=verified_emails(user)).exclude(email="").order_by("-placed_at")


@transaction.atomic
def follow_orders(user: User, orders_to_follow: list[Order]) -> Subscriber:
    """Follow these orders for a user, at all verified addresses; return the user's subscriber."""
    now = timezone.now()
    zone = next((zone for order in orders_to_follow if (zone := most_populous_zone(order.country))), "")
    defaults = {"language": get_language() or "", "zone": zone}
    subscriber, _created = Subscriber.objects.get_or_create(user=user, defaults=defaults)
    for address in verified_emails(user):
        claim_contact(subscriber, address, now)
    Follow.objects.bulk_create(
        [Follow(subscriber=subscriber, order=order) for order in orders_to_follow], ignore_conflicts=True
    )
    Follow.objects.filter(subscriber=subscriber, order__in=orders_to_follow, confirmed_at=None).update(confirmed_at=now)
    return subscriber


def claim_contact(subscriber: Subscriber, address: str, now: datetime) -> None:
    """Move an address to the subscriber who has verified it, with the orders it followed without an account."""
    defaults = {"subscriber": subscriber, "address": address, "confirmed_at": now}
    contact, created = Contact.objects.get_or_create(
        channel=EmailChannel.name, address_key=address_key(address), defaults=defaults
    )
    if created or contact.subscriber_id == subscriber.pk:
        return
    already_followed = Follow.objects.filter(subscriber=subscriber).values("order")
    Follow.objects.filter(subscriber=contact.subscriber_id).exclude(order__in=already_followed).update(
        subscriber=subscriber
    )
    contact.subscriber, contact.confirmed_at = subscriber, contact.confirmed_at or now
    contact.save()
