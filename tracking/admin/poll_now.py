"""The "poll now" action: make legs due at once and warn about feeds that cannot be polled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from tracking.admin.base import enqueue_after_commit
from tracking.models import Carrier, Leg
from tracking.polling import schedule
from tracking.tasks import fetch_due_legs


def poll_legs_now(model_admin: admin.ModelAdmin[Any], request: HttpRequest, legs: QuerySet[Leg]) -> None:
    """Make the polled legs among `legs` due now, wake the workers, and show how many there are."""
    unavailable = unavailable_feeds(legs)
    due = schedule.schedule_now(legs, timezone.now())
    enqueue_after_commit(request, fetch_due_legs.si())
    text = ngettext("%(count)d tracking number is due now.", "%(count)d tracking numbers are due now.", due)
    model_admin.message_user(request, text % {"count": due})
    if unavailable:
        text = gettext("Not asked while switched off or resting: %(names)s.")
        model_admin.message_user(request, text % {"names": ", ".join(unavailable)}, messages.WARNING)


def unavailable_feeds(legs: QuerySet[Leg]) -> list[str]:
    """Return the names of the legs' feeds that cannot be polled now: disabled, or with an open circuit."""
    pollable = Carrier.objects.pollable(timezone.now()).values("pk")
    feeds = Carrier.objects.filter(pk__in=legs.values("feed"))
    return list(feeds.exclude(pk__in=pollable).values_list("name", flat=True))
