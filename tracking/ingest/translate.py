"""Have a machine translate carriers' words that no table, no phrase and no operator knows, for the readers to come.

Off unless TRANSLATE_URL names a service that speaks LibreTranslate's protocol: POST {q, source, target, format,
api_key} answers {translatedText}. The words go there as they were told; a page always shows the original beside.
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
    """Translate what came in lately and has no translation yet; return how many texts that gave."""
    if not settings.TRANSLATE_URL:
        return 0
    made = 0
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for words, language in list(untranslated_texts(now))[:BATCH_SIZE]:
            try:
                text = request_translation(client, words, language)
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as trouble:
                log.warning("words were not translated", language=language, error=type(trouble).__name__)
                break
            MachineTranslation.objects.get_or_create(
                text_key=text_key(words), language=language, defaults={"translated_text": text}
            )
            made += 1
    return made


def untranslated_texts(now: datetime) -> Iterator[tuple[str, str]]:
    """Yield words that are not known and the languages in which somebody may read them."""
    events = Event.objects.filter(scan=Scan.UNMAPPED, received_at__gte=now - RECENT_PERIOD).exclude(text="")
    told = events.select_related("shipment__order__shop").order_by("-received_at")[:500]
    wanted = {(event.text, language) for event in told for language in reader_languages(event.shipment.order)}
    keys = {text_key(words) for words, _language in wanted}
    known = set(MachineTranslation.objects.filter(text_key__in=keys).values_list("text_key", "language"))
    yield from sorted(pair for pair in wanted if (text_key(pair[0]), pair[1]) not in known)


def reader_languages(order: Order) -> set[str]:
    """Return the site's languages in which an order's buyer most likely reads."""
    ours = dict(settings.LANGUAGES)
    spoken = get_official_languages(order.country, regional=True) if order.country else ()
    told = {order.language.lower(), order.shop.language.lower(), *(tag.replace("_", "-").lower() for tag in spoken)}
    return {code for code in ours if code in told or (code.split("-")[0] in told and code != "zh-hant")}


def request_translation(client: httpx.Client, source_text: str, language: str) -> str:
    """Return the service's translation. Raises `httpx.HTTPError`, or `LookupError`, `TypeError`, `ValueError`."""
    body = {"q": source_text, "source": "auto", "target": language, "format": "text", "api_key": settings.TRANSLATE_KEY}
    answer = client.post(settings.TRANSLATE_URL, json=body)
    answer.raise_for_status()
    text = str(answer.json()["translatedText"]).strip()
    if not text:
        raise ValueError("an empty translation")
    return text
