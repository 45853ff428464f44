"""Following an order without an account: an address is typed, and counts once its owner has confirmed it."""

from __future__ import annotations

from typing import Final, cast

import structlog
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from tracking import tasks
from tracking.localization.reader import home_zone
from tracking.models import Contact, Follow, Order, Subscriber
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import BadAddress
from tracking.notifications.channels.email import Email
from tracking.notifications.confirmation import StaleLink, read_token
from tracking.pages.guessing import address_of, digest
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest

WINDOW_SECONDS: Final = 3600
MOST_BY_CLIENT: Final = 20
MOST_BY_ADDRESS: Final = 3
log: Final = structlog.get_logger()


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for an address, and have its owner asked to confirm it."""
    order = get_object_or_404(Order.objects.select_related("shop"), token=token)
    typed = request.POST.get("address", "")[:254]
    if request.method != "POST":
        return page(request, order)
    try:
        address = CHANNELS[Email.name].clean(typed)
    except BadAddress as trouble:
        return page(request, order, fault=str(trouble), typed=typed)
    try:
        if asked_too_often(request, address):
            return page(request, order, trouble="too_many", status=429)
        queue(request, order, address)
    except (RedisError, BrokerAway) as error:
        log.error("an address cannot be confirmed now", error=str(error))
        return page(request, order, trouble="resting", typed=typed, status=503)
    return page(request, order, sent=address)


def queue(request: HttpRequest, order: Order, address: str) -> None:
    """Note who wants to follow, and have the mail sent once that is stored."""
    with transaction.atomic():
        contact = contact_for(request, order, address)
        wanted, _ = Follow.objects.get_or_create(subscriber=contact.subscriber, order=order)
    tasks.confirm_follow.delay(wanted.pk, contact.pk)


def contact_for(request: HttpRequest, order: Order, address: str) -> Contact:
    """Return the contact of an address; a new one belongs to a new reader with this browser's language and zone."""
    found = Contact.objects.select_related("subscriber").at(Email.name, address).first()
    if found:
        return found
    reader = cast(BuyerRequest, request).reader
    zone = str(reader.zone) if reader.zone_chosen else home_zone(order.country) or ""
    subscriber = Subscriber.objects.create(language=get_language() or "", zone=zone)
    return Contact.objects.create(subscriber=subscriber, channel=Email.name, address=address)


def asked_too_often(request: HttpRequest, address: str) -> bool:
    """Count a wish and tell whether this client, or this address, had too many of them within the hour."""
    limits = {
        f"follow:client:{digest(address_of(request))}": MOST_BY_CLIENT,
        f"follow:address:{digest(address)}": MOST_BY_ADDRESS,
    }
    for key in limits:
        cache.add(key, 0, WINDOW_SECONDS)
    counts = {key: cache.incr(key) for key in limits}
    return any(counts[key] > most for key, most in limits.items())


def page(request: HttpRequest, order: Order, *, status: int = 200, **context: str) -> HttpResponse:
    """Write the page."""
    return render(request, "notices/follow.html", {"order": order, **context}, status=status)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link confirms; the button confirms it."""
    try:
        wanted, contact = read_token(token)
    except StaleLink:
        return render(request, "notices/confirm.html", {"stale": True}, status=410)
    if request.method != "POST":
        return render(request, "notices/confirm.html", {"order": wanted.order, "contact": contact})
    now = timezone.now()
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).use_again(confirmed_at=now)
        Follow.objects.filter(pk=wanted.pk).update(confirmed_at=now)
    return redirect(contact.subscriber)
