"""Words whose code no table knows: read by the phrase memory, or as an operator teaches them."""

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


def test_known_words_under_an_unknown_code_are_our_sentence_and_keep_their_language(leg: Leg) -> None:
    assert scan_for_text("快件已到达深圳转运中心") == "origin.facility_arrived"
    assert Event.objects.get().language == "zh"


def test_unknown_words_stay_as_they_are_until_an_operator_teaches_them(leg: Leg) -> None:
    words = "Beamed up from DECK 7"
    assert scan_for_text(words) == "unmapped"

    phrase = TextMapping.objects.create(pattern="beamed up from *", scan="linehaul.departed")

    assert replay_phrase(phrase) == 1
    assert Event.objects.get(text=words).scan == "linehaul.departed"
    assert scan_for_text("Beamed up from DECK 9") == "linehaul.departed"


def test_a_phrase_of_one_feed_outweighs_one_of_all(leg: Leg) -> None:
    TextMapping.objects.create(pattern="gone", scan="exception.lost")
    TextMapping.objects.create(pattern="gone", scan="linehaul.departed", carrier=factories.create_feed())
    TextMapping.objects.create(
        pattern="gone", scan="exception.damaged", carrier=factories.create_feed("other", adapter="17track")
    )

    assert scan_for_text("GONE.") == "linehaul.departed"


def test_what_an_operator_taught_outweighs_the_memory(leg: Leg) -> None:
    TextMapping.objects.create(pattern="arrived at the moon", scan="linehaul.departed")

    assert scan_for_text("Arrived at the moon") == "linehaul.departed"


@pytest.mark.parametrize("words", ["", "*", " * * "])
def test_a_phrase_that_fits_everything_is_refused(db: None, words: str) -> None:
    with pytest.raises(ValidationError):
        TextMapping(pattern=words, scan="exception.lost").full_clean()


def test_saving_a_phrase_on_the_desk_reads_its_history(
    leg: Leg, client: Client, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_payload(payload_with_text("Beamed up"))
    client.force_login(User.objects.create_superuser("admin@example.com"))
    asked: list[str] = []
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda task, *_, **__: asked.append(task.task))

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post(reverse("admin:tracking_textmapping_add"), {"pattern": "beamed up", "scan": "linehaul.departed"})

    assert TextMapping.objects.get().pattern == "beamed up"
    assert asked == ["tracking.tasks.replay_text_mapping"]
