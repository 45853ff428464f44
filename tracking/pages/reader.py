"""The reader of a request: language, zone and clock, from the link, the cookie, or a sensible default."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info

from tracking.localization.reader import Reader, locale_for, zone_for

OWN_CLOCK = "mine"


class BuyerRequest(HttpRequest):
    """A request with its reader, as `ReaderMiddleware` leaves it."""

    reader: Reader
    htmx: bool


class ReaderMiddleware:
    """Put a `Reader` on each request. An unknown zone in a link or cookie counts as none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cast(BuyerRequest, request).reader = reader_for(request)
        return self.get_response(request)


def reader_for(request: HttpRequest) -> Reader:
    """Resolve the reader's preferences: link, then cookie, then the site's default."""
    chosen = request.GET.get("zone") or request.COOKIES.get("zone")
    zone = zone_for(chosen)
    clock = request.GET.get("clock") or request.COOKIES.get("clock")
    locale = locale_for(get_language() or settings.LANGUAGE_CODE)
    return Reader(locale, zone or ZoneInfo(settings.TIME_ZONE), clock == OWN_CLOCK, zone is not None)


def site(request: HttpRequest) -> dict[str, object]:
    """Give every template what the frame of a page needs."""
    return {
        "reader": getattr(request, "reader", None),
        "site_name": settings.SITE_NAME,
        "signed_in": settings.SESSION_COOKIE_NAME in request.COOKIES,
        "now": timezone.now(),
        "text_direction": "rtl" if get_language_info(get_language() or "en")["bidi"] else "ltr",
    }
