"""Follow an order by e-mail without an account; the address counts once its owner has confirmed it."""

from __future__ import annotations

from typing import Final, cast

import structlog
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from tracking import tasks
from tracking.localization.reader import most_populous_zone
from tracking.models import Contact, Follow, Order, Subscriber
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import InvalidContactAddressError
from tracking.notifications.channels.email import EmailChannel
from tracking.notifications.confirmation import InvalidConfirmationLinkError, read_token
from tracking.pages.lockout import client_network, increment_counters, keyed_digest
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest
from tracking.pages.shop_help import shop_facts

WINDOW_SECONDS: Final = 3600
MAX_REQUESTS_BY_CLIENT: Final = 20
MAX_REQUESTS_BY_ADDRESS: Final = 3
log: Final = structlog.get_logger()


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def follow_order(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form for an address; on POST send a confirmation link to it."""
    order = get_object_or_404(Order.objects.select_related("shop"), token=token)
    typed_address = request.POST.get("address", "")[:254]
    if request.method != "POST":
        return render_page(request, order)
    try:
        address = CHANNELS[EmailChannel.name].clean_address(typed_address)
    except InvalidContactAddressError as error:
        return render_page(request, order, field_error=str(error), typed_address=typed_address)
    try:
        if is_rate_limited(request, address):
            return render_page(request, order, error="too_many", status=429)
        enqueue_confirmation(request, order, address)
    except (RedisError, BrokerError) as error:
        log.error("cannot enqueue address confirmation", error=str(error))
        return render_page(request, order, error="unavailable", typed_address=typed_address, status=503)
    return render_page(request, order, sent=address)


def enqueue_confirmation(request: HttpRequest, order: Order, address: str) -> None:
    """Store an unconfirmed follow, then enqueue its confirmation mail."""
    with transaction.atomic():
        contact = get_or_create_contact(request, order, address)
        follow, _created = Follow.objects.get_or_create(subscriber=contact.subscriber, order=order)
    tasks.send_follow_confirmation.delay(follow.pk, contact.pk)


def get_or_create_contact(request: HttpRequest, order: Order, address: str) -> Contact:
    """Return the contact of an address; a new one gets a new subscriber with this browser's language and zone."""
    contact = Contact.objects.select_related("subscriber").with_address(EmailChannel.name, address).first()
    if contact:
        return contact
    reader = cast(BuyerRequest, request).reader
    zone = str(reader.zone) if reader.has_chosen_zone else most_populous_zone(order.country) or ""
    subscriber = Subscriber.objects.create(language=get_language() or "", zone=zone)
    return Contact.objects.create(subscriber=subscriber, channel=EmailChannel.name, address=address)


def is_rate_limited(request: HttpRequest, address: str) -> bool:
    """Count a confirmation request; tell whether this client or this address made too many within the hour."""
    limits = {
        f"follow:client:{keyed_digest(client_network(request))}": MAX_REQUESTS_BY_CLIENT,
        f"follow:address:{keyed_digest(address)}": MAX_REQUESTS_BY_ADDRESS,
    }
    counts = increment_counters(limits, WINDOW_SECONDS)
    return any(counts[key] > limit for key, limit in limits.items())


def render_page(request: HttpRequest, order: Order, *, status: int = 200, **context: str) -> HttpResponse:
    """Render the page."""
    shop = shop_facts(order.shop, cast(BuyerRequest, request).reader)
    return render(request, "notices/follow.html", {"order": order, "shop": shop, **context}, status=status)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_follow(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link confirms; only a POST confirms it, because mail scanners open links."""
    try:
        follow, contact = read_token(token)
    except InvalidConfirmationLinkError:
        return render(request, "410.html", status=410)
    if request.method != "POST":
        return render(request, "notices/confirm.html", {"order": follow.order, "contact": contact})
    now = timezone.now()
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).enable(confirmed_at=now)
        Follow.objects.filter(pk=follow.pk).update(confirmed_at=now)
    return redirect(contact.subscriber)
