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
from tracking.localization.reader import most_populous_zone
from tracking.models import Contact, Follow, Order, Subscriber
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import InvalidContactAddressError
from tracking.notifications.channels.email import EmailChannel
from tracking.notifications.confirmation import InvalidConfirmationLinkError, read_token
from tracking.pages.lockout import client_ip, keyed_digest
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest

WINDOW_SECONDS: Final = 3600
MAX_REQUESTS_BY_IP: Final = 20
MAX_REQUESTS_BY_ADDRESS: Final = 3
log: Final = structlog.get_logger()


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def follow_order(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for an address, and have its owner asked to confirm it."""
    order = get_object_or_404(Order.objects.select_related("shop"), token=token)
    typed = request.POST.get("address", "")[:254]
    if request.method != "POST":
        return render_page(request, order)
    try:
        address = CHANNELS[EmailChannel.name].clean_address(typed)
    except InvalidContactAddressError as trouble:
        return render_page(request, order, fault=str(trouble), typed=typed)
    try:
        if is_rate_limited(request, address):
            return render_page(request, order, trouble="too_many", status=429)
        enqueue_confirmation(request, order, address)
    except (RedisError, BrokerAway) as error:
        log.error("an address cannot be confirmed now", error=str(error))
        return render_page(request, order, trouble="resting", typed=typed, status=503)
    return render_page(request, order, sent=address)


def enqueue_confirmation(request: HttpRequest, order: Order, address: str) -> None:
    """Note who wants to follow, and have the mail sent once that is stored."""
    with transaction.atomic():
        contact = get_or_create_contact(request, order, address)
        wanted, _ = Follow.objects.get_or_create(subscriber=contact.subscriber, order=order)
    tasks.send_follow_confirmation.delay(wanted.pk, contact.pk)


def get_or_create_contact(request: HttpRequest, order: Order, address: str) -> Contact:
    """Return the contact of an address; a new one belongs to a new reader with this browser's language and zone."""
    found = Contact.objects.select_related("subscriber").with_address(EmailChannel.name, address).first()
    if found:
        return found
    reader = cast(BuyerRequest, request).reader
    zone = str(reader.zone) if reader.zone_chosen else most_populous_zone(order.country) or ""
    subscriber = Subscriber.objects.create(language=get_language() or "", zone=zone)
    return Contact.objects.create(subscriber=subscriber, channel=EmailChannel.name, address=address)


def is_rate_limited(request: HttpRequest, address: str) -> bool:
    """Count a wish and tell whether this client, or this address, had too many of them within the hour."""
    limits = {
        f"follow:client:{keyed_digest(client_ip(request))}": MAX_REQUESTS_BY_IP,
        f"follow:address:{keyed_digest(address)}": MAX_REQUESTS_BY_ADDRESS,
    }
    for key in limits:
        cache.add(key, 0, WINDOW_SECONDS)
    counts = {key: cache.incr(key) for key in limits}
    return any(counts[key] > most for key, most in limits.items())


def render_page(request: HttpRequest, order: Order, *, status: int = 200, **context: str) -> HttpResponse:
    """Write the page."""
    return render(request, "notices/follow.html", {"order": order, **context}, status=status)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_follow(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link confirms; the button confirms it."""
    try:
        wanted, contact = read_token(token)
    except InvalidConfirmationLinkError:
        return render(request, "notices/confirm.html", {"stale": True}, status=410)
    if request.method != "POST":
        return render(request, "notices/confirm.html", {"order": wanted.order, "contact": contact})
    now = timezone.now()
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).enable(confirmed_at=now)
        Follow.objects.filter(pk=wanted.pk).update(confirmed_at=now)
    return redirect(contact.subscriber)
