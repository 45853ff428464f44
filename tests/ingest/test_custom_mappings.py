"""Scan texts with unknown codes: mapped by known phrases, or by the mappings that an operator adds."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import factories
from tracking.ingest.process import process_payload
from tracking.ingest.replay import replay_phrase
from tracking.models import Event, Leg, Payload, TextMapping

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NUMBER = "LZ000000015CN"


@pytest.fixture
def leg(db: None) -> Leg:
    return factories.create_leg(NUMBER)


def payload_with_text(text: str, code: str = "Made_Up") -> Payload:
    return factories.create_payload(
        factories.build_answer_json(
            NUMBER, events=(factories.build_event_json("2026-09-04T11:30:00+08:00", code, text),)
        )
    )


def scan_for_text(text: str) -> str:
    process_payload(payload_with_text(text))
    return Event.objects.get(text=text).scan


def test_a_known_text_with_an_unknown_code_is_mapped_and_its_language_stored(leg: Leg) -> None:
    assert scan_for_text("快件已到达深圳转运中心") == "origin.facility_arrived"
    assert Event.objects.get().language == "zh"


def test_an_unknown_text_stays_unmapped_until_an_operator_maps_it(leg: Leg) -> None:
    text = "Beamed up from DECK 7"
    assert scan_for_text(text) == "unmapped"

    mapping = TextMapping.objects.create(pattern="beamed up from *", scan="linehaul.departed")

    assert replay_phrase(mapping) == 1
    assert Event.objects.get(text=text).scan == "linehaul.departed"
    assert scan_for_text("Beamed up from DECK 9") == "linehaul.departed"


def test_a_mapping_for_one_feed_takes_precedence_over_one_for_all_feeds(leg: Leg) -> None:
    TextMapping.objects.create(pattern="gone", scan="exception.lost")
    TextMapping.objects.create(pattern="gone", scan="linehaul.departed", carrier=factories.create_feed())
    TextMapping.objects.create(
        pattern="gone", scan="exception.damaged", carrier=factories.create_feed("other", adapter="17track")
    )

    assert scan_for_text("GONE.") == "linehaul.departed"


def test_an_operators_mapping_takes_precedence_over_known_phrases(leg: Leg) -> None:
    TextMapping.objects.create(pattern="arrived at the moon", scan="linehaul.departed")

    assert scan_for_text("Arrived at the moon") == "linehaul.departed"


@pytest.mark.parametrize("pattern", ["", "*", " * * "])
def test_a_pattern_that_matches_everything_is_rejected(db: None, pattern: str) -> None:
    with pytest.raises(ValidationError):
        TextMapping(pattern=pattern, scan="exception.lost").full_clean()


def test_saving_a_mapping_in_the_admin_replays_its_history(
    leg: Leg, client: Client, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_payload(payload_with_text("Beamed up"))
    client.force_login(User.objects.create_superuser("admin@example.com"))
    enqueued: list[str] = []
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda task, *_, **__: enqueued.append(task.task))

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post(reverse("admin:tracking_textmapping_add"), {"pattern": "beamed up", "scan": "linehaul.departed"})

    assert TextMapping.objects.get().pattern == "beamed up"
    assert enqueued == ["tracking.tasks.replay_text_mapping"]
