"""Find the reader of a request: each preference comes from the first source that has a valid value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.models import User
from tracking.localization.message_extraction import OPERATOR_LANGUAGES
from tracking.localization.reader import (
    PREFERENCE_NAMES,
    Reader,
    build_reader,
    first_supported_language,
    first_valid_preferences,
    most_populous_zone,
)
from tracking.models import Order

ADMIN_PATH: Final = "/desk/"


class BuyerRequest(HttpRequest):
    """A request with its reader, as `ReaderMiddleware` leaves it.

    `chosen`: the valid preferences of link, account and cookies. `invalid_values`: their invalid ones, to be reported.
    `regions`: countries whose formats the reader may want, the likeliest first.
    """

    reader: Reader
    chosen: Mapping[str, str]
    invalid_values: list[str]
    regions: list[str]
    htmx: bool


class ReaderMiddleware:
    """Set the `Reader` of each request and activate its language; collect invalid preferences."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        buyer = cast(BuyerRequest, request)
        buyer.chosen, buyer.invalid_values = first_valid_preferences(
            preference_sources(request), dict(settings.LANGUAGES)
        )
        activate_reader(buyer, "", "", settings.LANGUAGE_CODE)
        response = self.get_response(request)
        if not is_same_for_every_reader(response):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            response.headers.setdefault("Content-Language", translation.get_language())
        return response


def is_same_for_every_reader(response: HttpResponse) -> bool:
    """Return whether a view sent a file that everybody may cache, such as a picture, and no text of a page."""
    return "public" in response.headers.get("Cache-Control", "")


def preference_sources(request: HttpRequest) -> Iterator[Mapping[str, str]]:
    """Yield the sources of preferences by priority: URL, account, cookies."""
    if not request.path.startswith(ADMIN_PATH):
        yield {name: request.GET.get(name, "") for name in PREFERENCE_NAMES}
    if user := signed_in_user(request):
        yield user.preferences
    yield {name: request.COOKIES.get(name, "") for name in PREFERENCE_NAMES}


def signed_in_user(request: HttpRequest) -> User | None:
    """Return the signed-in user, or None."""
    # Without the cookie there is no need to load a session at all.
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        return request.user
    return None


def activate_reader_for_order(request: HttpRequest, order: Order) -> Reader:
    """Set and return the reader of an order's page; the order's language and country fill what was not chosen."""
    return activate_reader(cast(BuyerRequest, request), order.language, order.country, order.shop.language)


def activate_reader(request: BuyerRequest, language: str, country: str, fallback: str) -> Reader:
    """Set the request's reader and activate the language: the chosen one, `language`, the browser's, `fallback`."""
    accepted = list(parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()))
    known = dict(settings.LANGUAGES)
    if request.path.startswith(ADMIN_PATH):
        known = {code: name for code, name in known.items() if translation.to_locale(code) in OPERATOR_LANGUAGES}
    candidates = (request.chosen.get("language", ""), language.lower(), *(tag for tag, _ in accepted), fallback)
    active = first_supported_language(candidates, known) or settings.LANGUAGE_CODE
    request.regions = list(filter(None, dict.fromkeys([*(region_of_tag(tag) for tag, _ in accepted), country])))
    translation.activate(active)
    request.LANGUAGE_CODE = active
    request.reader = build_reader(request.chosen, active, next(iter(request.regions), ""))
    return request.reader


def region_of_tag(tag: str) -> str:
    """Return the country in a language tag, `GB` in `en-gb`, or ''."""
    parts = tag.split("-")[1:]
    return next((part.upper() for part in parts if len(part) == 2 and most_populous_zone(part)), "")
