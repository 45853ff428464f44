"""The reader of a request: language, clock, units and habits, from the first source that says something."""

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

    `chosen` is what link, account and cookie say; `strange` what they say that is none of ours; `regions` the countries
    whose habits the reader may have, the likeliest first.
    """

    reader: Reader
    chosen: Mapping[str, str]
    invalid_values: list[str]
    regions: list[str]
    htmx: bool


class ReaderMiddleware:
    """Put a `Reader` on each request and switch its language on. What is unknown counts as not said, and is noticed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        buyer = cast(BuyerRequest, request)
        buyer.chosen, buyer.invalid_values = first_valid_preferences(
            preference_sources(request), dict(settings.LANGUAGES)
        )
        activate_reader(buyer, "", "", settings.LANGUAGE_CODE)
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


def preference_sources(request: HttpRequest) -> Iterator[Mapping[str, str]]:
    """Yield what the reader chose, the weightiest first: in the link, in the account, in this browser."""
    if not request.path.startswith(ADMIN_PATH):
        yield {name: request.GET.get(name, "") for name in PREFERENCE_NAMES}
    if user := signed_in_user(request):
        yield user.preferences
    yield {name: request.COOKIES.get(name, "") for name in PREFERENCE_NAMES}


def signed_in_user(request: HttpRequest) -> User | None:
    """Return who is signed in; without a session's cookie nobody is, and no answer depends on one."""
    if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        return request.user
    return None


def activate_reader_for_order(request: HttpRequest, order: Order) -> Reader:
    """Return the reader of an order's pages: what is not chosen comes from the order, then from the browser."""
    return activate_reader(cast(BuyerRequest, request), order.language, order.country, order.shop.language)


def activate_reader(request: BuyerRequest, language: str, country: str, fallback: str) -> Reader:
    """Resolve the reader anew and switch the language on: chosen, the order's, the browser's, the shop's."""
    accepted = list(parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()))
    known = dict(settings.LANGUAGES)
    if request.path.startswith(ADMIN_PATH):
        known = {code: name for code, name in known.items() if translation.to_locale(code) in OPERATOR_LANGUAGES}
    wanted = (request.chosen.get("language", ""), language.lower(), *(tag for tag, _ in accepted), fallback)
    found = first_supported_language(wanted, known) or settings.LANGUAGE_CODE
    request.regions = list(filter(None, dict.fromkeys([*(region_of_tag(tag) for tag, _ in accepted), country])))
    translation.activate(found)
    request.LANGUAGE_CODE = found
    request.reader = build_reader(request.chosen, found, next(iter(request.regions), ""))
    return request.reader


def region_of_tag(tag: str) -> str:
    """Return the country in a language tag, `GB` in `en-gb`; nothing where it names none."""
    parts = tag.split("-")[1:]
    return next((part.upper() for part in parts if len(part) == 2 and most_populous_zone(part)), "")
