"""More ways to reach a reader: an address on another channel, proven by a link sent to it, or this very browser."""

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
from kombu.exceptions import OperationalError as BrokerAway
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
    """Note an address on a channel and have a link sent to it; nothing else is sent before that is confirmed."""
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
    except InvalidContactAddressError as trouble:
        messages.warning(request, str(trouble))
    except (RedisError, BrokerAway) as trouble:
        log.error("an address cannot be confirmed now", error=str(trouble))
        messages.warning(request, _("Messages cannot be sent for a moment. Please try again in a minute."))
    else:
        messages.success(request, _("We have sent a link there. Nothing else is sent before it is confirmed."))
    return redirect(subscriber)


@private_page
@require_POST
def update_push_subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Keep or forget this browser's push subscription: who has the page open has the browser in hand.

    The body is JSON: `subscription`, whether it is `wanted`, and the endpoint that it stands `instead` of, if any.
    """
    subscriber = get_object_or_404(Subscriber, token=token)
    channel = configured_channels().get(PushChannel.name)
    if channel is None:
        return JsonResponse({"trouble": _("That cannot be added.")}, status=404)
    try:
        told = json.loads(request.body[:MAX_BODY_BYTES])
        wanted, instead = bool(told["wanted"]), str(told.get("instead") or "")
        address = channel.clean_address(json.dumps(told["subscription"]))
    except (InvalidContactAddressError, ValueError, LookupError, TypeError, AttributeError):
        return JsonResponse({"trouble": _("This browser's subscription cannot be read. Please try again.")}, status=400)
    if instead:
        subscriber.contacts.filter(channel=PushChannel.name, address__contains=json.dumps(instead)).delete()
    contact = get_or_claim_contact(subscriber, PushChannel.name, address)
    if not wanted:
        contact.delete()
        return JsonResponse({})
    Contact.objects.filter(pk=contact.pk).enable(confirmed_at=timezone.now())
    return JsonResponse({}, status=201)


def address_channels() -> dict[str, Channel]:
    """Return the channels whose addresses a reader can type."""
    return {name: channel for name, channel in configured_channels().items() if name != PushChannel.name}


@transaction.atomic
def get_or_claim_contact(subscriber: Subscriber, channel: str, address: str) -> Contact:
    """Return the contact of an address; one that belonged to another reader and was never confirmed changes hands."""
    found = Contact.objects.select_for_update().with_address(channel, address).first()
    if found is None:
        return Contact.objects.create(subscriber=subscriber, channel=channel, address=address)
    if found.confirmed_at is None or channel == PushChannel.name:
        found.subscriber = subscriber
        found.save(update_fields=["subscriber", "address_key"])
    return found
