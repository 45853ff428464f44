"""The context that `base.html` needs on every page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from tracking.localization.reader import text_direction_of
from tracking.pages.preferences import own_zone_choice, quick_choices
from tracking.pages.reader import signed_in_user


def site(request: HttpRequest) -> dict[str, object]:
    """Return the reader, the site's name and address, the text direction and the preferences to choose from."""
    return {
        "reader": getattr(request, "reader", None),
        "invalid_values": [value[:40] for value in getattr(request, "invalid_values", ())],
        # Lazy: the admin and most fragments use this context too and show no preferences.
        "quick_choices": SimpleLazyObject(lambda: list(quick_choices(request))),
        "own_zone": SimpleLazyObject(lambda: own_zone_choice(request)),
        "languages": settings.LANGUAGES,
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "is_demo": settings.DEMO,
        "signed_in": SimpleLazyObject(lambda: signed_in_user(request) is not None),
        "now": timezone.now(),
        "page_path": request.get_full_path(),
        "text_direction": text_direction_of(translation.get_language() or settings.LANGUAGE_CODE),
    }
