"""Ask now: legs become due, workers are woken, and the operator hears what will not be asked."""

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
    """Make the legs due that are asked themselves and still followed, and say how many there are."""
    silent = unavailable_feeds(legs)
    due = schedule.schedule_now(legs, timezone.now())
    enqueue_after_commit(request, fetch_due_legs.si())
    words = ngettext("%(count)d tracking number is due now.", "%(count)d tracking numbers are due now.", due)
    model_admin.message_user(request, words % {"count": due})
    if silent:
        words = gettext("Not asked while switched off or resting: %(names)s.")
        model_admin.message_user(request, words % {"names": ", ".join(silent)}, messages.WARNING)


def unavailable_feeds(legs: QuerySet[Leg]) -> list[str]:
    """Name the feeds of these legs that are not asked at present."""
    answering = Carrier.objects.pollable(timezone.now()).values("pk")
    feeds = Carrier.objects.filter(pk__in=legs.values("feed"))
    return list(feeds.exclude(pk__in=answering).values_list("name", flat=True))
