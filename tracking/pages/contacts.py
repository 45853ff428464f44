"""Add contacts to a subscriber: an address on another channel, confirmed by a link, or this browser (push)."""

from __future__ import annotations

import json
from typing import Final

import structlog
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from tracking import tasks
from tracking.models import Contact, Subscriber
from tracking.notifications.channels import configured_channels
from tracking.notifications.channels.channel import Channel, InvalidContactAddressError
from tracking.notifications.channels.push import PushChannel
from tracking.pages.follow import is_rate_limited
from tracking.pages.private import private_page

MAX_BODY_BYTES: Final = 8_000
log: Final = structlog.get_logger()


@private_page
@require_POST
def add_contact(request: HttpRequest, token: str) -> HttpResponse:
    """Store an address and send a confirmation link to it; nothing else is sent before it is confirmed."""
    subscriber = get_object_or_404(Subscriber, token=token)
    channel = address_channels().get(request.POST.get("channel", ""))
    follow = subscriber.follows.filter(confirmed_at__isnull=False).first()
    if channel is None or follow is None:
        messages.warning(request, _("That cannot be added."))
        return redirect(subscriber)
    try:
        address = channel.clean_address(request.POST.get("address", "")[:500])
        if is_rate_limited(request, address):
            messages.warning(request, _("Too many tries. Please wait an hour."))
            return redirect(subscriber)
        contact = get_or_claim_contact(subscriber, channel.name, address)
        tasks.send_follow_confirmation.delay(follow.pk, contact.pk)
    except InvalidContactAddressError as error:
        messages.warning(request, str(error))
    except (RedisError, BrokerError) as error:
        log.error("cannot enqueue address confirmation", error=str(error))
        messages.warning(request, _("Messages cannot be sent right now. Please try again in a minute."))
    else:
        messages.success(request, _("We have sent a link there. Nothing else is sent before it is confirmed."))
    return redirect(subscriber)


@private_page
@require_POST
def update_push_subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Store or delete this browser's push subscription; it needs no confirmation, unlike an address.

    The JSON body has `subscription`, `enabled`, and optionally `replaces`, the endpoint of the subscription before.
    """
    subscriber = get_object_or_404(Subscriber, token=token)
    channel = configured_channels().get(PushChannel.name)
    if channel is None:
        return JsonResponse({"error": _("That cannot be added.")}, status=404)
    try:
        body = json.loads(request.body[:MAX_BODY_BYTES])
        is_enabled, replaced_endpoint = bool(body["enabled"]), str(body.get("replaces") or "")
        address = channel.clean_address(json.dumps(body["subscription"]))
    except (InvalidContactAddressError, ValueError, LookupError, TypeError, AttributeError):
        return JsonResponse({"error": _("This browser's subscription cannot be read. Please try again.")}, status=400)
    if replaced_endpoint:
        subscriber.contacts.filter(channel=PushChannel.name, address__contains=json.dumps(replaced_endpoint)).delete()
    contact = get_or_claim_contact(subscriber, PushChannel.name, address)
    if not is_enabled:
        contact.delete()
        return JsonResponse({})
    Contact.objects.filter(pk=contact.pk).enable(confirmed_at=timezone.now())
    return JsonResponse({}, status=201)


def address_channels() -> dict[str, Channel]:
    """Return the configured channels whose addresses a reader can type: all but push."""
    return {name: channel for name, channel in configured_channels().items() if name != PushChannel.name}


@transaction.atomic
def get_or_claim_contact(subscriber: Subscriber, channel: str, address: str) -> Contact:
    """Return the contact of an address, created if new; an unconfirmed one, or a browser, moves to this subscriber."""
    contact = Contact.objects.select_for_update().with_address(channel, address).first()
    if contact is None:
        return Contact.objects.create(subscriber=subscriber, channel=channel, address=address)
    if contact.confirmed_at is None or channel == PushChannel.name:
        contact.subscriber = subscriber
        contact.save(update_fields=["subscriber", "address_key"])
    return contact
