"""Every page of a buyer in the language that nobody speaks: what has no brackets was never marked for translation."""

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
from tests import make
from tracking.ingest.read import read
from tracking.localization.pseudo import CLOSES, OPENS, pseudo, pseudo_catalogue
from tracking.localization.sources import collect
from tracking.models import Contact, Follow, Leg, Subscriber
from tracking.notifications.texts import stop_path

pytestmark = pytest.mark.django_db
LANGUAGE = "en-xa"
SILENT = {"script", "style", "select", "option", "bdi", "q", "svg"}
"""What is data or no text: numbers, carriers' own words, and lists whose entries are names."""
DATA = re.compile(
    r"Nordlicht Outdoor|China Post|Landfall|17track|buyer@example\.com|ana@example\.com|https?://\S+|"
    r"LF-1001|\+49 151|JPEG|PNG|WebP|PDF|HEIC|United States|China|Germany|Shanghai|Berlin|SOMEWHERE|Somewhere|"
    r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b|\b[AP]M\b|UTC|"
    r"\d+ (days?|hours?|minutes?|weeks?|months?) ago|in \d+ (days?|hours?|minutes?|weeks?)|LINE|SMS|Signal"
)


class Words(HTMLParser):
    """The visible text of a page, and of the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent.append(tag)
        for name, value in attrs:
            if name in ("aria-label", "placeholder", "title") and value:
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(data.strip())


def unmarked(html: str) -> list[str]:
    """Return the words of a page that stand in no brackets and are no data. Brackets may reach over several tags."""
    words = Words()
    words.feed(html.replace("&nbsp;", " "))
    found, depth = [], 0
    for text in words.found:
        outside = ""
        for sign in text:
            depth += (sign == OPENS) - (sign == CLOSES)
            outside += sign if depth == 0 and sign != CLOSES else ""
        found += re.findall(r"[A-Za-z]{3,}", DATA.sub("", outside))
    return found


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write and compile the catalogue of the language that nobody speaks."""
    folder = tmp_path_factory.mktemp("locale")
    path = folder / "en_XA" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, pseudo_catalogue(collect(Path(__file__).resolve().parent.parent)))
    return folder


@pytest.fixture(autouse=True)
def spoken(catalogue: Path, settings: Any) -> None:
    settings.LOCALE_PATHS = [catalogue]
    settings.LANGUAGES = [("en", "English"), (LANGUAGE, "Pseudo")]


@pytest.fixture
def leg() -> Leg:
    found = make.leg(of=make.order("LF-1001", country="DE"))
    events = (
        make.event("2026-09-04T11:30:00+08:00"),
        make.event("2026-09-08T10:00:00+08:00", "Exception_Security", "Held by customs"),
    )
    read(make.payload(make.answer(found.number, events=events)))
    return found


@pytest.fixture
def contact(leg: Leg) -> Contact:
    reader = Subscriber.objects.create(language="en", zone="Europe/Berlin")
    Follow.objects.create(subscriber=reader, order=leg.shipment.order, confirmed_at=timezone.now())
    return Contact.objects.create(
        subscriber=reader, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )


def pages(leg: Leg, contact: Contact) -> dict[str, str]:
    order = leg.shipment.order
    return {
        "look-up": reverse("lookup"),
        "order": order.get_absolute_url(),
        "parcel": leg.shipment.get_absolute_url(),
        "follow": reverse("follow", args=[order.token]),
        "notices": contact.subscriber.get_absolute_url(),
        "stop": stop_path_of(contact),
        "erase": reverse("erase", args=[contact.subscriber.token]),
        "genuine": reverse("genuine") + "?code=1-ABCDEF",
        "accuracy": reverse("accuracy"),
        "settings": reverse("preferences"),
        "stale link": reverse("confirm", args=["x"]),
        "task": reverse("ask", args=[leg.shipment.token, "address"]),
        "nothing": "/nothing-here/",
        "orders": reverse("orders"),
    }


def stop_path_of(contact: Contact) -> str:
    shipment = contact.subscriber.follows.get().order.shipments.get()
    return stop_path(contact.notices.create(shipment=shipment, kind="arrived", due_at=timezone.now()))


NAMES = ["look-up", "order", "parcel", "follow", "notices", "stop", "erase", "genuine", "accuracy", "settings"]


@pytest.mark.parametrize("name", [*NAMES, "stale link", "task", "nothing", "orders"])
def test_everything_on_a_page_is_marked_for_translation(client: Client, leg: Leg, contact: Contact, name: str) -> None:
    if name == "orders":
        client.force_login(User.objects.create_user("ana@example.com"))
    client.cookies["language"] = LANGUAGE

    answer = client.get(pages(leg, contact)[name])

    html = answer.content.decode()
    assert html.count(OPENS) == html.count(CLOSES) > 5
    assert unmarked(html) == []


def test_what_is_not_marked_is_found() -> None:
    assert unmarked("<p>⟦Héllo⟧ <b>Plain words</b><select><option>Name</option></select></p>") == ["Plain", "words"]


def test_placeholders_and_tags_stay() -> None:
    assert pseudo("See %(place)s <a>here</a>") == "⟦Šéé %(place)s <a>héré</a>········⟧"
