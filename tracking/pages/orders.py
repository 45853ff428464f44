"""A reader's own orders: those placed with an address that the reader has proven to own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts.models import User
from tracking.localization.reader import most_populous_zone
from tracking.models import Contact, Follow, Order, Subscriber
from tracking.models.notices import address_key
from tracking.notifications.channels.email import EmailChannel
from tracking.pages.private import private_page

MAX_ORDERS: Final = 100


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def orders(request: HttpRequest) -> HttpResponse:
    """List them, the latest first; a POST has the reader told of all of them."""
    assert isinstance(request.user, User)
    found = list(orders_of(request.user).select_related("shop").prefetch_related("shipments__forecast")[:MAX_ORDERS])
    if request.method == "POST":
        return redirect(follow_orders(request.user, found))
    subscriber = Subscriber.objects.filter(user=request.user).first()
    context = {"orders": found, "subscriber": subscriber, "addresses": verified_emails(request.user)}
    return render(request, "orders/page.html", context)


def verified_emails(user: User) -> list[str]:
    """Return the addresses that a user has proven, in lower case."""
    found = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return [address.lower() for address in found]


def orders_of(user: User) -> QuerySet[Order]:
    """Return the orders placed with an address that the user has proven."""
    return Order.objects.filter(email__in=verified_emails(user)).exclude(email="").order_by("-placed_at")


@transaction.atomic
def follow_orders(user: User, orders_to_follow: list[Order]) -> Subscriber:
    """Have a user told of these orders, at the addresses that are proven already; return the reader of notices."""
    now = timezone.now()
    zone = next((zone for order in orders_to_follow if (zone := most_populous_zone(order.country))), "")
    given = {"language": get_language() or "", "zone": zone}
    subscriber, _made = Subscriber.objects.get_or_create(user=user, defaults=given)
    for address in verified_emails(user):
        claim_contact(subscriber, address, now)
    Follow.objects.bulk_create(
        [Follow(subscriber=subscriber, order=order) for order in orders_to_follow], ignore_conflicts=True
    )
    Follow.objects.filter(subscriber=subscriber, order__in=orders_to_follow, confirmed_at=None).update(confirmed_at=now)
    return subscriber


def claim_contact(subscriber: Subscriber, address: str, now: datetime) -> None:
    """Give an address to the reader who has proven it, with what it followed while it had no account."""
    defaults = {"subscriber": subscriber, "address": address, "confirmed_at": now}
    contact, made = Contact.objects.get_or_create(
        channel=EmailChannel.name, address_key=address_key(address), defaults=defaults
    )
    if made or contact.subscriber_id == subscriber.pk:
        return
    known = Follow.objects.filter(subscriber=subscriber).values("order")
    Follow.objects.filter(subscriber=contact.subscriber_id).exclude(order__in=known).update(subscriber=subscriber)
    contact.subscriber, contact.confirmed_at = subscriber, contact.confirmed_at or now
    contact.save()
