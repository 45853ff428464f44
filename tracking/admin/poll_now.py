"""Ask now: legs become due, workers are woken, and the operator hears what will not be asked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from tracking.admin.desk import after_commit
from tracking.models import Carrier, Leg
from tracking.polling import schedule
from tracking.tasks import refresh_due


def ask_about(desk: admin.ModelAdmin[Any], request: HttpRequest, legs: QuerySet[Leg]) -> None:
    """Make the legs due that are asked themselves and still followed, and say how many there are."""
    silent = silent_feeds(legs)
    due = schedule.make_due(legs, timezone.now())
    after_commit(request, refresh_due.si())
    words = ngettext("%(count)d tracking number is due now.", "%(count)d tracking numbers are due now.", due)
    desk.message_user(request, words % {"count": due})
    if silent:
        words = gettext("Not asked while switched off or resting: %(names)s.")
        desk.message_user(request, words % {"names": ", ".join(silent)}, messages.WARNING)


def silent_feeds(legs: QuerySet[Leg]) -> list[str]:
    """Name the feeds of these legs that are not asked at present."""
    answering = Carrier.objects.answering(timezone.now()).values("pk")
    feeds = Carrier.objects.filter(pk__in=legs.values("source"))
    return list(feeds.exclude(pk__in=answering).values_list("name", flat=True))
