"""The pages 500 and 503, rendered from a request's headers alone: no database, no session, no context processors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from django.conf import settings
from django.http import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from tracking.localization.reader import PREFERENCE_VALUES, first_supported_language, text_direction_of

STANDALONE_POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; manifest-src 'self'; base-uri 'none'"


class Visitor(NamedTuple):
    """What a standalone page needs to know of its reader: a supported language; look is auto, light or dark."""

    language: str
    look: str


def find_visitor(accept_language: str, cookies: Mapping[str, str]) -> Visitor:
    """Return the visitor of a request: the language of its cookie, else of its browser, else the site's."""
    accepted = (tag for tag, _quality in parse_accept_lang_header(accept_language.lower()))
    tags = (cookies.get("language", "").lower(), *accepted, settings.LANGUAGE_CODE)
    look = cookies.get("look", "")
    return Visitor(
        first_supported_language(tags, dict(settings.LANGUAGES)) or settings.LANGUAGE_CODE,
        look if look in PREFERENCE_VALUES["look"] else "auto",
    )


def render_standalone_page(template: str, visitor: Visitor) -> str:
    """Return a page as HTML."""
    context = {
        "site_name": settings.SITE_NAME,
        "text_direction": text_direction_of(visitor.language),
        "reader": visitor,
    }
    with translation.override(visitor.language):
        return render_to_string(template, context)


@lru_cache(maxsize=128)
def render_busy_page(visitor: Visitor) -> bytes:
    """Return the page 503; kept, because it is for processes that have no time."""
    return render_standalone_page("503.html", visitor).encode()


def busy_page_for(accept: str, accept_language: str, cookie_header: str) -> bytes:
    """Return the page 503 for a browser that asks for a page; b'' for programs and parts of pages."""
    if "text/html" not in accept:
        return b""
    return render_busy_page(find_visitor(accept_language, parse_cookie(cookie_header)))
