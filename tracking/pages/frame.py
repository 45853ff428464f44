"""What the frame of every page needs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from tracking.localization.reader import direction_of
from tracking.pages.preferences import taps
from tracking.pages.reader import user_of


def site(request: HttpRequest) -> dict[str, object]:
    """Give every template the reader, the site's name, the direction of the text, and the settings to choose from."""
    return {
        "reader": getattr(request, "reader", None),
        "strange": [told[:40] for told in getattr(request, "strange", ())],
        "taps": SimpleLazyObject(lambda: list(taps(request))),
        "languages": settings.LANGUAGES,
        "site_name": settings.SITE_NAME,
        "signed_in": SimpleLazyObject(lambda: user_of(request) is not None),
        "now": timezone.now(),
        "text_direction": direction_of(translation.get_language() or settings.LANGUAGE_CODE),
    }
