"""Words that nobody knows, translated by a service where an operator names one, and shown with the original."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import make
from tests.notifications.channels.receiver import Receiver, receiving
from tracking.ingest.read import read
from tracking.ingest.translate import translate_some
from tracking.models import Leg, Translation

pytestmark = [pytest.mark.django_db, pytest.mark.database]
WORDS = "Zzrumpf 7 verplonkt"


@pytest.fixture
def service(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.TRANSLATE_URL, settings.TRANSLATE_KEY = found.url + "/translate", "k"
        yield found


@pytest.fixture
def leg(db: None) -> Leg:
    found = make.leg(of=make.order(country="BR"))
    event = make.event("2026-09-04T11:30:00+08:00", "Made_Up", WORDS)
    read(make.payload(make.answer(found.number, events=(event,)), received_at=timezone.now()))
    found.shipment.events.update(heard_at=timezone.now())
    return found


def page(client: Client, leg: Leg) -> str:
    return client.get(leg.shipment.get_absolute_url(), headers={"accept-language": "pt-br"}).content.decode()


def test_unknown_words_are_translated_for_the_buyers_country_and_shown_with_the_original(
    service: Receiver, leg: Leg, client: Client
) -> None:
    service.answers = [(200, {}, json.dumps({"translatedText": text}).encode()) for text in ("Eight", "Tudo certo")]

    assert translate_some(timezone.now()) == 2
    assert translate_some(timezone.now()) == 0

    asked = [json.loads(call.body) for call in service.calls]
    assert [(one["q"], one["target"], one["api_key"]) for one in asked] == [(WORDS, "en", "k"), (WORDS, "pt-br", "k")]
    html = page(client, leg)
    assert "Tudo certo" in html
    assert WORDS in html


@pytest.mark.parametrize("answer", [(500, {}, b""), (200, {}, b"{}"), (200, {}, b"no json"), "drop"])
def test_a_service_that_fails_costs_nothing(service: Receiver, leg: Leg, client: Client, answer: Any) -> None:
    service.answers = [answer]

    assert translate_some(timezone.now()) == 0

    assert not Translation.objects.exists()
    assert WORDS in page(client, leg)


def test_without_a_service_nobody_is_asked(leg: Leg, client: Client) -> None:
    assert translate_some(timezone.now()) == 0
    assert WORDS in page(client, leg)
