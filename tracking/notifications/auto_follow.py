"""Let an account follow its new orders: an order is matched to a reader by a confirmed e-mail address."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tracking.models import Contact, Follow, Order
from tracking.notifications.channels.email import EmailChannel


def follow_new_order(sender: type[Order], instance: Order, created: bool, **kwargs: Any) -> None:
    """Let the owner of a new order's e-mail address follow it, if that account wants to (signal receiver)."""
    if not created or not instance.email:
        return
    contacts = Contact.objects.usable().with_address(EmailChannel.name, instance.email)
    contact = contacts.filter(subscriber__user__isnull=False, subscriber__follow_new_orders=True).first()
    if contact:
        Follow.objects.create(subscriber_id=contact.subscriber_id, order=instance, confirmed_at=timezone.now())
