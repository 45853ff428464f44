"""Who is told of all their orders is told of those to come, too: a new order finds its reader by a proven address."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tracking.models import Contact, Follow, Order
from tracking.notifications.channels.email import EmailChannel


def follow_new_order(sender: type[Order], instance: Order, created: bool, **kwargs: Any) -> None:
    """Have the reader who owns a new order's address follow it, where an account says that this is wanted."""
    if not created or not instance.email:
        return
    known = Contact.objects.usable().with_address(EmailChannel.name, instance.email)
    contact = known.filter(subscriber__user__isnull=False, subscriber__follow_new_orders=True).first()
    if contact:
        Follow.objects.create(subscriber_id=contact.subscriber_id, order=instance, confirmed_at=timezone.now())
