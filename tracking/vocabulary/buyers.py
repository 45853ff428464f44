"""What buyers are asked for and told."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BuyerTaskKind(TextChoices):
    """What a buyer is asked for, or can ask for."""

    PAPERS = "papers", _("Documents for customs")
    TAX_ID = "tax_id", _("A tax number for customs")
    ADDRESS = "address", _("A corrected address")
    PHONE = "phone", _("A phone number")
    DAY = "day", _("Another delivery day")
    PICKUP_POINT = "pickup_point", _("A pick-up point")
    AVAILABILITY = "availability", _("Somebody will be there")
    NOT_RECEIVED = "not_received", _("Marked as delivered, but not received")
    FOUND = "found", _("I found it")
    REPLACEMENT = "replacement", _("Send a new one")
    REFUND = "refund", _("Get a refund")
    KEEP_DAMAGED = "keep_damaged", _("Keep it")
    SEND_AGAIN = "send_again", _("Send it again")
    DUTY_PAID = "duty_paid", _("I paid the duty")
    KEEP_LONGER = "keep_longer", _("Keep it longer")
    IS_MINE = "is_mine", _("Is this mine?")


BUYER_REQUEST_KINDS: Final = frozenset(
    {
        BuyerTaskKind.FOUND,
        BuyerTaskKind.REPLACEMENT,
        BuyerTaskKind.REFUND,
        BuyerTaskKind.KEEP_DAMAGED,
        BuyerTaskKind.SEND_AGAIN,
        BuyerTaskKind.DUTY_PAID,
        BuyerTaskKind.KEEP_LONGER,
        BuyerTaskKind.IS_MINE,
    }
)
"""What only a buyer starts and the shop accepts or declines, once: it is never asked for again."""


class BuyerTaskState(TextChoices):
    """How far a buyer task has come."""

    REQUESTED = "requested", _("Waiting for your answer")
    CHECKING = "checking", _("Being checked")
    SUBMITTED = "submitted", _("Sent to the shop")
    SEEN = "seen", _("Seen by the shop")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Not accepted")
    FORWARDED = "forwarded", _("Passed on to the carrier")
    DECLINED = "declined", _("Declined by the shop")
    CLOSED = "closed", _("No longer needed")


class NoticeKind(TextChoices):
    """What a buyer can be notified of."""

    SHIPPED = "shipped", _("Shipped")
    DEPARTED = "departed", _("Left the country of origin")
    ARRIVED = "arrived", _("Arrived in the destination country")
    CUSTOMS_STARTED = "customs_started", _("At customs")
    CUSTOMS_RELEASED = "customs_released", _("Released by customs")
    BUYER_TASK_OPENED = "buyer_task_opened", _("Your turn")
    OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
    ARRIVING_TOMORROW = "arriving_tomorrow", _("Arriving tomorrow")
    DELIVERED = "delivered", _("Delivered")
    ATTEMPTED = "attempted", _("Delivery tried")
    READY = "ready", _("Ready to collect")
    PICKUP_EXPIRING = "pickup_expiring", _("Last days to collect it")
    DELAY = "delay", _("Likely to be late")
    DATE_MOVED = "date_moved", _("The arrival date moved")
    PROBLEM = "problem", _("Something is wrong")
    RETURNING = "returning", _("Going back to the sender")
    NUMBER_CHANGED = "number_changed", _("New tracking number")
    RETURNED = "returned", _("Returned to the sender")
    SENT_AGAIN = "sent_again", _("Sent again")
    SENT_BACK = "sent_back", _("Sent back by you")
    DELIVERY_WITHDRAWN = "delivery_withdrawn", _("The carrier took “delivered” back")
