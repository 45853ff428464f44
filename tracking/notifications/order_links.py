"""Mail the links of orders to their buyer, who asked for them without knowing an order number."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tracking.localization.reader import text_direction_of
from tracking.models import Order
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Link, NotificationMessage
from tracking.notifications.channels.email import EmailChannel


def send_order_links(order_ids: Iterable[int], request_key: str) -> int:
    """Send one mail with the links of all these orders, which share an address; return how many there were.

    `request_key` is the same at every attempt. Raises the channel's `DeliveryError`.
    """
    orders = list(Order.objects.select_related("shop").filter(pk__in=list(order_ids)).order_by("-placed_at"))
    if orders:
        language = orders[0].language or orders[0].shop.language
        with translation.override(language):
            message = build_links_message(orders, language, request_key)
        CHANNELS[EmailChannel.name].send(message, orders[0].email)
    return len(orders)


def build_links_message(orders: list[Order], language: str, request_key: str) -> NotificationMessage:
    """Return the message; the newest order comes first and is its button."""
    links = [Link(order_label(order), settings.SITE_URL + order.get_absolute_url()) for order in orders]
    return NotificationMessage(
        kind="links",
        language=language,
        direction=text_direction_of(language),
        sender=settings.SITE_NAME,
        subject=_("The link to your order"),
        headline=_("Here is your order") if len(orders) == 1 else _("Here are your orders"),
        lines=(
            _("Somebody, most likely you, asked for the links to the orders of this address."),
            _("If it was not you, do nothing: nobody else received them."),
        ),
        facts=(),
        action=links[0],
        secondary_links=tuple(links[1:]),
        footer=(_("Whoever has a link can see the order. Please keep it to yourself."),),
        unsubscribe_url="",
        thread_key=f"links {request_key}",
        idempotency_key=f"links {request_key}",
    )


def order_label(order: Order) -> str:
    """Return the text of a link to an order."""
    return _("Order %(number)s at %(shop)s") % {"number": order.number, "shop": order.shop.name}
