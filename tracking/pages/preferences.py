"""Language, zone and clock, kept in this browser: one POST, then back to where the reader was."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from tracking.localization.reader import zone_for

YEAR: Final = 365 * 24 * 3600


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen. An unknown language, zone or clock changes nothing."""
    response = redirect(way_back(request))
    for name, value in chosen(request).items():
        response.set_cookie(name, value, max_age=YEAR, secure=settings.SECURE, samesite="Lax")
    return response


def chosen(request: HttpRequest) -> dict[str, str]:
    """Return the valid choices of a request by cookie name."""
    language, zone, clock = (request.POST.get(name, "") for name in ("language", "zone", "clock"))
    choices = {
        settings.LANGUAGE_COOKIE_NAME: language if language in dict(settings.LANGUAGES) else "",
        "zone": zone if zone_for(zone) else "",
        "clock": clock if clock in ("mine", "place") else "",
    }
    return {
        name: value for name, value in choices.items() if value and (name != "language" or check_for_language(value))
    }


def way_back(request: HttpRequest) -> str:
    """Return the page to go back to: only ever one of this site's own."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target.startswith("/") and safe else "/"
