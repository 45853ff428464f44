"""Words whose code no table knows: read by the phrase memory, or as an operator teaches them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import make
from tracking.ingest.read import read
from tracking.ingest.replay import relearn_phrase
from tracking.models import Event, Leg, Payload, Phrase

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NUMBER = "LZ000000015CN"


@pytest.fixture
def leg(db: None) -> Leg:
    return make.leg(NUMBER)


def told(words: str, code: str = "Made_Up") -> Payload:
    return make.payload(make.answer(NUMBER, events=(make.event("2026-09-04T11:30:00+08:00", code, words),)))


def scan_of(words: str) -> str:
    read(told(words))
    return Event.objects.get(words=words).scan


def test_known_words_under_an_unknown_code_are_our_sentence_and_keep_their_language(leg: Leg) -> None:
    assert scan_of("快件已到达深圳转运中心") == "origin.facility_arrived"
    assert Event.objects.get().lang == "zh"


def test_unknown_words_stay_as_they_are_until_an_operator_teaches_them(leg: Leg) -> None:
    words = "Beamed up from DECK 7"
    assert scan_of(words) == "unmapped"

    phrase = Phrase.objects.create(words="beamed up from *", scan="linehaul.departed")

    assert relearn_phrase(phrase) == 1
    assert Event.objects.get(words=words).scan == "linehaul.departed"
    assert scan_of("Beamed up from DECK 9") == "linehaul.departed"


def test_a_phrase_of_one_feed_outweighs_one_of_all(leg: Leg) -> None:
    Phrase.objects.create(words="gone", scan="exception.lost")
    Phrase.objects.create(words="gone", scan="linehaul.departed", carrier=make.feed())
    Phrase.objects.create(words="gone", scan="exception.damaged", carrier=make.feed("other", adapter="17track"))

    assert scan_of("GONE.") == "linehaul.departed"


def test_what_an_operator_taught_outweighs_the_memory(leg: Leg) -> None:
    Phrase.objects.create(words="arrived at the moon", scan="linehaul.departed")

    assert scan_of("Arrived at the moon") == "linehaul.departed"


@pytest.mark.parametrize("words", ["", "*", " * * "])
def test_a_phrase_that_fits_everything_is_refused(db: None, words: str) -> None:
    with pytest.raises(ValidationError):
        Phrase(words=words, scan="exception.lost").full_clean()


def test_saving_a_phrase_on_the_desk_reads_its_history(
    leg: Leg, client: Client, django_capture_on_commit_callbacks: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(told("Beamed up"))
    client.force_login(User.objects.create_superuser("admin@example.com"))
    asked: list[str] = []
    monkeypatch.setattr("celery.canvas.Signature.apply_async", lambda task, *_, **__: asked.append(task.task))

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post(reverse("admin:tracking_phrase_add"), {"words": "beamed up", "scan": "linehaul.departed"})

    assert Phrase.objects.get().words == "beamed up"
    assert asked == ["tracking.tasks.relearn_phrase"]
