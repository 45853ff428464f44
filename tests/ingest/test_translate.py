"""Unmapped texts are translated by a service, if one is configured, and shown with the original."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.notifications.channels.http_receiver import HttpReceiver, running_receiver
from tracking.ingest.process import process_payload
from tracking.ingest.translate import translate_recent
from tracking.models import Leg, MachineTranslation

pytestmark = [pytest.mark.django_db, pytest.mark.database]
UNKNOWN_TEXT = "Zzrumpf 7 verplonkt"


@pytest.fixture
def service(settings: Any) -> Iterator[HttpReceiver]:
    with running_receiver() as receiver:
        settings.TRANSLATE_URL, settings.TRANSLATE_KEY = receiver.url + "/translate", "k"
        yield receiver


@pytest.fixture
def leg(db: None) -> Leg:
    created = factories.create_leg(for_order=factories.create_order(country="BR"))
    event = factories.build_event_json("2026-09-04T11:30:00+08:00", "Made_Up", UNKNOWN_TEXT)
    process_payload(
        factories.create_payload(
            factories.build_answer_json(created.number, events=(event,)), received_at=timezone.now()
        )
    )
    created.shipment.events.update(received_at=timezone.now())
    return created


def page(client: Client, leg: Leg) -> str:
    return client.get(leg.shipment.get_absolute_url(), headers={"accept-language": "pt-br"}).content.decode()


def test_an_unmapped_text_is_translated_for_the_buyers_country_and_shown_with_the_original(
    service: HttpReceiver, leg: Leg, client: Client
) -> None:
    service.responses = [(200, {}, json.dumps({"translatedText": text}).encode()) for text in ("Eight", "Tudo certo")]

    assert translate_recent(timezone.now()) == 2
    assert translate_recent(timezone.now()) == 0

    bodies = [json.loads(request.body) for request in service.requests]
    assert [(body["q"], body["target"], body["api_key"]) for body in bodies] == [
        (UNKNOWN_TEXT, "en", "k"),
        (UNKNOWN_TEXT, "pt-br", "k"),
    ]
    html = page(client, leg)
    assert "Tudo certo" in html
    assert UNKNOWN_TEXT in html


@pytest.mark.parametrize("answer", [(500, {}, b""), (200, {}, b"{}"), (200, {}, b"no json"), "drop"])
def test_if_the_service_fails_only_the_original_text_is_shown(
    service: HttpReceiver, leg: Leg, client: Client, answer: Any
) -> None:
    service.responses = [answer]

    assert translate_recent(timezone.now()) == 0

    assert not MachineTranslation.objects.exists()
    assert UNKNOWN_TEXT in page(client, leg)


def test_without_a_service_nothing_is_translated(leg: Leg, client: Client) -> None:
    assert translate_recent(timezone.now()) == 0
    assert UNKNOWN_TEXT in page(client, leg)
