"""Translate carriers' texts that no code table, phrase or operator's mapping knows, before readers open the page.

Off unless TRANSLATE_URL names a service with LibreTranslate's protocol: POST {q, source, target, format, api_key}
answers {translatedText}. The service gets the texts as stored; a page always shows the original beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog
from babel.languages import get_official_languages
from django.conf import settings

from tracking.models import Event, MachineTranslation, Order
from tracking.models.translations import text_key
from tracking.vocabulary import Scan

RECENT_PERIOD: Final = timedelta(days=2)
BATCH_SIZE: Final = 40
TIMEOUT_SECONDS: Final = 10.0
log: Final = structlog.get_logger()


def translate_recent(now: datetime) -> int:
    """Translate recent texts that have no translation yet; return how many."""
    if not settings.TRANSLATE_URL:
        return 0
    translated = 0
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for text, language in list(untranslated_texts(now))[:BATCH_SIZE]:
            try:
                translated_text = request_translation(client, text, language)
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                log.warning("text not translated", language=language, error=type(error).__name__)
                break
            MachineTranslation.objects.get_or_create(
                text_key=text_key(text), language=language, defaults={"translated_text": translated_text}
            )
            translated += 1
    return translated


def untranslated_texts(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield unmapped texts, each with a language in which somebody may read it and no translation exists."""
    events = Event.objects.filter(scan=Scan.UNMAPPED, received_at__gte=now - RECENT_PERIOD).exclude(text="")
    latest = events.select_related("shipment__order__shop").order_by("-received_at")[:500]
    needed = {(event.text, language) for event in latest for language in reader_languages(event.shipment.order)}
    keys = {text_key(text) for text, _language in needed}
    known = set(MachineTranslation.objects.filter(text_key__in=keys).values_list("text_key", "language"))
    yield from sorted(pair for pair in needed if (text_key(pair[0]), pair[1]) not in known)


def reader_languages(order: Order) -> set[str]:
    """Return the site's languages that an order's buyer most likely reads."""
    official = get_official_languages(order.country, regional=True) if order.country else ()
    tags = {order.language.lower(), order.shop.language.lower(), *(tag.replace("_", "-").lower() for tag in official)}
    # A bare "zh" means Simplified Chinese.
    return {
        code for code in dict(settings.LANGUAGES) if code in tags or (code.split("-")[0] in tags and code != "zh-hant")
    }


def request_translation(client: httpx.Client, source_text: str, language: str) -> str:
    """Return the service's translation. Raise `httpx.HTTPError`, `LookupError`, `TypeError` or `ValueError`."""
    body = {"q": source_text, "source": "auto", "target": language, "format": "text", "api_key": settings.TRANSLATE_KEY}
    answer = client.post(settings.TRANSLATE_URL, json=body)
    answer.raise_for_status()
    text = str(answer.json()["translatedText"]).strip()
    if not text:
        raise ValueError("an empty translation")
    return text
