"""A reader's data: downloaded as one file, and erased, by the reader's own hand."""

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
    """Return all that is kept of a reader of notices, as a JSON file."""
    return json_attachment(subscriber_data(get_object_or_404(Subscriber, token=token)))


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def erase_subscriber(request: HttpRequest, token: str) -> HttpResponse:
    """Erase a reader of notices with addresses, wishes and messages; a GET only shows the button."""
    if request.method == "POST":
        Subscriber.objects.filter(token=token).delete()
        return render(request, "notices/erase.html", {"erased": True})
    return render(request, "notices/erase.html", {"subscriber": get_object_or_404(Subscriber, token=token)})


@private_page
@login_required
@require_safe
def export_account(request: HttpRequest) -> HttpResponse:
    """Return all that is kept of the account that is signed in, as a JSON file."""
    user = request.user
    assert isinstance(user, User)
    addresses = EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
    account = {"email": user.email, "joined_at": user.joined_at, "preferences": user.preferences}
    account["addresses"] = list(addresses)
    reader = Subscriber.objects.filter(user=user).first()
    numbers = list(orders_of(user).values_list("number", flat=True))
    return json_attachment(
        {"account": account, "orders": numbers, "notices": subscriber_data(reader) if reader else None}
    )


@private_page
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_account(request: HttpRequest) -> HttpResponse:
    """Erase the account that is signed in, and what it is told of. The shop's orders stay the shop's."""
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
    """Return what is kept of a reader of notices."""
    return {
        "language": subscriber.language,
        "zone": subscriber.zone,
        "quiet_hours": [subscriber.quiet_from_hour, subscriber.quiet_until_hour],
        "digest": subscriber.digest_frequency,
        "paused": subscriber.paused,
        "calendar": subscriber.attach_calendar,
        "follow_new_orders": subscriber.follow_new_orders,
        "addresses": list(subscriber.contacts.values(*CONTACT_FIELDS)),
        "wishes": list(subscriber.notice_preferences.values("kind", "channel", "enabled")),
        "orders": list(subscriber.follows.values_list("order__number", flat=True)),
        "notices": list(
            Notice.objects.filter(contact__subscriber=subscriber).values("kind", "enqueued_at", "sent_at", "state")
        ),
    }


def json_attachment(content: dict[str, Any]) -> HttpResponse:
    """Return data as a file to be saved."""
    answer = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer
