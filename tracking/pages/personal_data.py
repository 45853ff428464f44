"""Download and erase personal data: of a subscriber by link, of an account after sign-in."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.models import EmailAddress
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from tracking.models import Notice, Subscriber
from tracking.pages.orders import orders_of
from tracking.pages.private import private_page

CONTACT_FIELDS: Final = ("channel", "address", "confirmed_at", "disabled_at", "disabled_reason")


@private_page
@require_safe
def export_subscriber(request: HttpRequest, token: str) -> HttpResponse:
    """Return all data stored about a subscriber as a JSON file."""
    return json_attachment(subscriber_data(get_object_or_404(Subscriber, token=token)))


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def erase_subscriber(request: HttpRequest, token: str) -> HttpResponse:
    """Erase a subscriber with contacts, preferences and notices; a GET only shows the button."""
    if request.method == "POST":
        Subscriber.objects.filter(token=token).delete()
        return render(request, "notices/erase.html", {"erased": True})
    return render(request, "notices/erase.html", {"subscriber": get_object_or_404(Subscriber, token=token)})


@private_page
@login_required
@require_safe
def export_account(request: HttpRequest) -> HttpResponse:
    """Return all data stored about the signed-in account as a JSON file."""
    user = request.user
    assert isinstance(user, User)
    addresses = EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
    account = {"email": user.email, "joined_at": user.joined_at, "preferences": user.preferences}
    account["addresses"] = list(addresses)
    subscriber = Subscriber.objects.filter(user=user).first()
    numbers = list(orders_of(user).values_list("number", flat=True))
    return json_attachment(
        {"account": account, "orders": numbers, "notices": subscriber_data(subscriber) if subscriber else None}
    )


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_account(request: HttpRequest) -> HttpResponse:
    """Erase the signed-in account with its notices; orders belong to the shop and stay.

    Operators are refused: a site could lose its last one.
    """
    user = request.user
    assert isinstance(user, User)
    if user.is_staff:
        return render(request, "notices/erase.html", {"operator": True}, status=403)
    if request.method != "POST":
        return render(request, "notices/erase.html", {"account": True})
    logout(request)
    user.delete()
    return redirect("lookup")


def subscriber_data(subscriber: Subscriber) -> dict[str, Any]:
    """Return the data stored about a subscriber."""
    return {
        "language": subscriber.language,
        "zone": subscriber.zone,
        "quiet_hours": [subscriber.quiet_from_hour, subscriber.quiet_until_hour],
        "digest": subscriber.digest_frequency,
        "paused": subscriber.paused,
        "calendar": subscriber.attach_calendar,
        "follow_new_orders": subscriber.follow_new_orders,
        "addresses": list(subscriber.contacts.values(*CONTACT_FIELDS)),
        "notice_preferences": list(subscriber.notice_preferences.values("kind", "channel", "enabled")),
        "orders": list(subscriber.follows.values_list("order__number", flat=True)),
        "notices": list(
            Notice.objects.filter(contact__subscriber=subscriber).values("kind", "enqueued_at", "sent_at", "state")
        ),
    }


def json_attachment(content: dict[str, Any]) -> HttpResponse:
    """Return data as a JSON download."""
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response
