"""Pages that are rendered once for all who read the same: what they depend on is the key, the rest stays in gaps.

The key holds the revision of the content, who may see it (`AccessLevel`), all settings of the reader, the version of
code and static files, and the minute: a text that depends on the time, or on a change that raises no revision, like the
name of a carrier, is at most a minute old. Gaps are what belongs to one request, and the line about the last check.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.html import escape

from tracking.localization.reader import Reader
from tracking.pages.identity_check import has_proof
from tracking.pages.reader import BuyerRequest, signed_in_user
from tracking.pages.spliced_page import PageParts, compress_part, join_gzip, join_plain

GZIP_ACCEPTED: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")
READER_FIELDS: Final = tuple(field.name for field in fields(Reader))
CODE_FOLDERS: Final = {"accounts": "*.py", "tracking": "*.py", "templates": "*", "locale": "*.mo"}
GAP_NAMES: Final = ("csrf_token", "page_path", "rendered_at_ms", "freshness_line")


MAX_RECENT_PAGES: Final = 256
"""Of about 10 kB each."""


class AccessLevel(StrEnum):
    """Who reads a page of an order, as far as we know."""

    LINK = "link"
    PROVEN = "proven"
    SIGNED_IN = "signed in"
    OPERATOR = "operator"


class CachedPage(NamedTuple):
    """A rendered page, and what its gaps need to know of its content."""

    parts: PageParts
    facts: Mapping[str, Any]


def access_level(request: HttpRequest, order_id: int, order_token: str) -> AccessLevel:
    """Return who reads: an operator, somebody with an account, with a passed identity check, or with the link."""
    user = signed_in_user(request)
    if user is not None:
        return AccessLevel.OPERATOR if user.is_staff else AccessLevel.SIGNED_IN
    return AccessLevel.PROVEN if has_proof(request, order_id, order_token) else AccessLevel.LINK


@lru_cache(maxsize=1)
def software_version() -> str:
    """Return a value that changes with the code, the templates, the translations and the static files."""
    digest = hashlib.sha256(f"{settings.SITE_NAME} {getattr(staticfiles_storage, 'manifest_hash', '')}".encode())
    for folder, pattern in CODE_FOLDERS.items():
        for path in sorted(Path(settings.BASE_DIR, folder).rglob(pattern)):
            digest.update(f"{path} {path.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def page_key(request: HttpRequest, content: Iterable[object], access: AccessLevel, now: datetime) -> str:
    """Return the key of a page for a reader. `content` identifies the page and the revision of all that it shows."""
    buyer = cast(BuyerRequest, request)
    reader = (str(getattr(buyer.reader, name)) for name in READER_FIELDS)
    chosen = (f"{name}={value}" for name, value in sorted(buyer.chosen.items()))
    parts = (
        *(software_version(), access, bool(buyer.htmx), int(now.timestamp()) // 60),
        *(request.LANGUAGE_CODE, *reader, *chosen, *content),
    )
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def cached_page(request: HttpRequest, key: str, render: Callable[[Mapping[str, str]], CachedPage]) -> CachedPage:
    """Return the page with a key, rendered if it is not in the cache; `render` gets the markers of the gaps."""
    # What was wrong with a request is said once, to who made it.
    is_cached = settings.PAGE_CACHE_SECONDS > 0 and not cast(BuyerRequest, request).invalid_values
    if not is_cached:
        return render(GAP_MARKERS)
    page: CachedPage | None = RECENT_PAGES.get(key) or caches["pages"].get(key)
    if page is None:
        page = render(GAP_MARKERS)
        caches["pages"].set(key, page, settings.PAGE_CACHE_SECONDS)
    RECENT_PAGES[key] = page
    while len(RECENT_PAGES) > MAX_RECENT_PAGES:
        RECENT_PAGES.pop(next(iter(RECENT_PAGES), ""), None)
    return page


RECENT_PAGES: Final[dict[str, CachedPage]] = {}
"""The last pages of this process, so that a hit need not ask Redis. What has a key never changes."""
# Nobody can guess a marker, and so bring a gap for another reader's token into a page.
GAP_MARKERS: Final = {name: f"gap{secrets.token_hex(16)}" for name in GAP_NAMES}
GAP_PATTERN: Final = re.compile(f"({'|'.join(GAP_MARKERS.values())})")
GAP_BY_MARKER: Final = {marker: name for name, marker in GAP_MARKERS.items()}


def render_parts(request: HttpRequest, template: str, context: Mapping[str, object]) -> PageParts:
    """Render a template and cut the page at its gaps."""
    pieces = GAP_PATTERN.split(render_to_string(template, dict(context), request))
    return tuple(GAP_BY_MARKER.get(piece) or compress_part(piece) for piece in pieces if piece)


def answer_with_page(request: HttpRequest, page: CachedPage, gaps: Mapping[str, str]) -> HttpResponse:
    """Return the page for this request, compressed if its client reads gzip."""
    contents = {
        "csrf_token": get_token(request),
        "page_path": escape(request.get_full_path()),
        **gaps,
    }
    encoded = {name: content.encode() for name, content in contents.items()}
    if GZIP_ACCEPTED.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(join_gzip(page.parts, encoded), headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(join_plain(page.parts, encoded))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
