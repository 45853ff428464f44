"""Send the links of orders to their address, for a buyer who cannot find the number."""

from __future__ import annotations

from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from tracking import tasks
from tracking.models import Order
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import InvalidContactAddressError
from tracking.notifications.channels.email import EmailChannel
from tracking.pages.errors import answer_too_many
from tracking.pages.lockout import WINDOW_SECONDS, Attempt, increment_counters, keyed_digest
from tracking.pages.private import private_page

MAX_ORDERS: Final = 20
MAX_MAILS_BY_ADDRESS: Final = 3
"""Within the lockout's window, so that strangers cannot fill a mailbox."""
log: Final = structlog.get_logger()


@require_http_methods(["GET", "HEAD", "POST"])
@private_page
def order_links(request: HttpRequest) -> HttpResponse:
    """Show the form; a POST gets the same answer whether or not the address has orders."""
    typed_address = request.POST.get("address", "")[:254]
    if request.method != "POST":
        return render(request, "lookup/links.html", {"typed_address": ""})
    try:
        address = CHANNELS[EmailChannel.name].clean_address(typed_address)
    except InvalidContactAddressError as error:
        return render(request, "lookup/links.html", {"typed_address": typed_address, "field_error": str(error)})
    try:
        if is_refused(request, address):
            return answer_too_many(request, WINDOW_SECONDS)
        # Also without an order, so that the time taken does not tell which addresses are known.
        tasks.send_order_links.delay(find_order_ids(address))
    except (RedisError, BrokerError) as error:
        log.error("cannot enqueue order links", error=str(error))
        return render(request, "503.html", status=503)
    return render(request, "lookup/links.html", {"typed_address": address, "is_sent": True})


def is_refused(request: HttpRequest, address: str) -> bool:
    """Count a request like a failed look-up; tell whether this client or this address had too many."""
    attempt = Attempt(request, [address], in_series=False)
    attempt.count_as_failure()
    address_key = f"links:address:{keyed_digest(address)}"
    mails = increment_counters([address_key], WINDOW_SECONDS)[address_key]
    return attempt.is_refused() or mails > MAX_MAILS_BY_ADDRESS


def find_order_ids(address: str) -> list[int]:
    """Return the newest orders of an address."""
    return list(Order.objects.filter(email=address).order_by("-placed_at").values_list("pk", flat=True)[:MAX_ORDERS])
