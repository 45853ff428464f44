"""Every buyer page in a pseudolocalized language: text without brackets was never marked for translation."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests import factories
from tracking.ingest.process import process_payload
from tracking.localization.message_extraction import collect_messages
from tracking.localization.pseudolocalization import (
    CLOSING_BRACKET,
    OPENING_BRACKET,
    pseudolocalize,
    pseudolocalize_catalogue,
)
from tracking.models import Contact, Follow, Leg, Subscriber
from tracking.notifications.texts import unsubscribe_path

pytestmark = pytest.mark.django_db
PSEUDO_LANGUAGE = "en-xa"
UNTRANSLATED_TAGS = {"script", "style", "select", "option", "bdi", "q", "svg"}
"""Elements with data or no text: numbers, carriers' texts, and lists of names."""
DATA_PATTERN = re.compile(
    r"Nordlicht Outdoor|China Post|Landfall|17track|buyer@example\.com|ana@example\.com|https?://\S+|"
    r"LF-1001|\+49 151|JPEG|PNG|WebP|PDF|HEIC|United States|China|Germany|Shanghai|Berlin|SOMEWHERE|Somewhere|"
    r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b|\b[AP]M\b|UTC|"
    r"\d+ (days?|hours?|minutes?|weeks?|months?) ago|in \d+ (days?|hours?|minutes?|weeks?)|LINE|SMS|Signal"
)


class VisibleText(HTMLParser):
    """Collects the visible text of a page and of attributes that screen readers speak."""

    def __init__(self) -> None:
        super().__init__()
        self.ignored_tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNTRANSLATED_TAGS:
            self.ignored_tags.append(tag)
        for name, value in attrs:
            if name in ("aria-label", "placeholder", "title") and value:
                self.texts.append(value)

    def handle_endtag(self, tag: str) -> None:
        if self.ignored_tags and self.ignored_tags[-1] == tag:
            self.ignored_tags.pop()

    def handle_data(self, data: str) -> None:
        if not self.ignored_tags and data.strip():
            self.texts.append(data.strip())


def untranslated_words(html: str) -> list[str]:
    """Return the words of a page outside brackets that are not data; brackets may span several tags."""
    visible = VisibleText()
    visible.feed(html.replace("&nbsp;", " "))
    untranslated, depth = [], 0
    for text in visible.texts:
        outside = ""
        for char in text:
            depth += (char == OPENING_BRACKET) - (char == CLOSING_BRACKET)
            outside += char if depth == 0 and char != CLOSING_BRACKET else ""
        untranslated += re.findall(r"[A-Za-z]{3,}", DATA_PATTERN.sub("", outside))
    return untranslated


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write and compile a pseudolocalized catalogue."""
    folder = tmp_path_factory.mktemp("locale")
    path = folder / "en_XA" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, pseudolocalize_catalogue(collect_messages(Path(__file__).resolve().parent.parent.parent)))
    return folder


@pytest.fixture(autouse=True)
def activate_pseudo_language(catalogue: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = [catalogue]
    settings.LANGUAGES = [("en", "English"), (PSEUDO_LANGUAGE, "Pseudo")]


@pytest.fixture
def leg() -> Leg:
    leg = factories.create_leg(for_order=factories.create_order("LF-1001", country="DE"))
    events = (
        factories.build_event_json("2026-09-04T11:30:00+08:00"),
        factories.build_event_json("2026-09-08T10:00:00+08:00", "Exception_Security", "Held by customs"),
    )
    process_payload(factories.create_payload(factories.build_answer_json(leg.number, events=events)))
    return leg


@pytest.fixture
def contact(leg: Leg) -> Contact:
    subscriber = Subscriber.objects.create(language="en", zone="Europe/Berlin")
    Follow.objects.create(subscriber=subscriber, order=leg.shipment.order, confirmed_at=timezone.now())
    return Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )


def page_paths(leg: Leg, contact: Contact) -> dict[str, str]:
    order = leg.shipment.order
    return {
        "look-up": reverse("lookup"),
        "links by mail": reverse("order_links"),
        "order": order.get_absolute_url(),
        "parcel": leg.shipment.get_absolute_url(),
        "follow": reverse("follow_order", args=[order.token]),
        "notices": contact.subscriber.get_absolute_url(),
        "unsubscribe": unsubscribe_url(contact),
        "erase": reverse("erase_subscriber", args=[contact.subscriber.token]),
        "verify notice": reverse("verify_message") + "?code=1-ABCDEF",
        "accuracy": reverse("accuracy"),
        "settings": reverse("preferences"),
        "expired link": reverse("confirm_follow", args=["x"]),
        "task": reverse("buyer_task", args=[leg.shipment.token, "address"]),
        "not found": "/nothing-here/",
        "orders": reverse("account_orders"),
    }


def unsubscribe_url(contact: Contact) -> str:
    shipment = contact.subscriber.follows.get().order.shipments.get()
    return unsubscribe_path(contact.notices.create(shipment=shipment, kind="arrived", due_at=timezone.now()))


PAGE_NAMES = [
    *("look-up", "order", "parcel", "follow", "notices", "unsubscribe", "erase", "verify notice", "accuracy"),
    *("links by mail", "settings", "expired link", "task", "not found", "orders"),
]


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_everything_on_a_page_is_marked_for_translation(client: Client, leg: Leg, contact: Contact, name: str) -> None:
    if name == "orders":
        client.force_login(User.objects.create_user("ana@example.com"))
    client.cookies["language"] = PSEUDO_LANGUAGE

    response = client.get(page_paths(leg, contact)[name])

    html = response.content.decode()
    assert html.count(OPENING_BRACKET) == html.count(CLOSING_BRACKET) > 5
    assert untranslated_words(html) == []


def test_text_that_is_not_marked_is_found() -> None:
    assert untranslated_words("<p>⟦Héllo⟧ <b>Plain words</b><select><option>Name</option></select></p>") == [
        "Plain",
        "words",
    ]


def test_placeholders_and_tags_are_not_changed() -> None:
    assert pseudolocalize("See %(place)s <a>here</a>") == "⟦Šéé %(place)s <a>héré</a>········⟧"
