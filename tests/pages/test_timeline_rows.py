"""The timeline of a parcel's page: what a row says when it is opened, which rows are open, and long histories."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.test import Client

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.carriers.parsed import ParsedLeg
from tracking.models import Event, Leg, Shipment

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHINA = ParsedLeg("chinapost", "China Post", "LZ000000015CN", "CN")
USPS = ParsedLeg("usps", "USPS", "9200190000000000000009", "US")


@pytest.fixture
def leg() -> Leg:
    """A leg of five scans in two zones, then one on the leg of another carrier."""
    leg = factories.create_leg("LZ000000015CN")
    scans = (
        ("origin.picked_up", "2026-09-04T11:30:00+08:00", "CN", 0),
        ("origin.facility_departed", "2026-09-04T19:30:00+08:00", "CN", 0),
        ("linehaul.departed", "2026-09-07T23:40:00+08:00", "CN", 0),
        ("linehaul.arrived_destination", "2026-09-09T20:14:00-07:00", "US", 0),
        ("import.customs_presented", "2026-09-10T09:00:00", "US", 0),
        ("lastmile.handed_over", "2026-09-20T03:30:00-07:00", "US", 1),
    )
    parsed = [
        factories.build_scan(name, at, country=country, leg_index=index, text=f"words {number}")
        for number, (name, at, country, index) in enumerate(scans)
    ]
    record_shipment(leg, factories.build_shipment(*parsed, legs=(CHINA, USPS)), factories.create_payload())
    Shipment.objects.update(created_at=datetime(2026, 9, 5, tzinfo=UTC))
    return leg


def timeline_html(client: Client, leg: Leg, query: str = "") -> str:
    """Return the markup of the timeline, white space folded."""
    html = client.get(leg.shipment.get_absolute_url() + query).content.decode()
    match = re.search(r'<section class="card timeline.*?</section>', html, re.DOTALL)
    assert match
    return " ".join(str(match.group()).split())


def text_of(html: str) -> str:
    """Return the text of some markup, white space folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def row_with(html: str, words: str) -> str:
    """Return the markup of the row that has some words."""
    rows: list[str] = re.findall(r"<li id=.*?</li>", html)
    return next(row for row in rows if words in row)


def test_a_row_opens_to_its_meaning_the_words_and_who_reported_them_when(client: Client, leg: Leg) -> None:
    Event.objects.filter(text="words 2").update(text="غادرت", language="ar", received_at="2026-09-07T17:10:00Z")
    html = timeline_html(client, leg, "?zone=America/New_York").replace("\u202f", " ")
    row = row_with(html, "غادرت")

    assert '<q lang="ar" dir="rtl">غادرت</q>' in row
    assert "There may be no news until it arrives in the next one." in row
    text = text_of(row)
    assert "11:40 PM , Shanghai time = 11:40 AM, New York time" in text
    assert "Reported by China Post via 17TRACK. It reached us Tue, Sep 8, 1:10 AM, Shanghai time." in text
    assert '<q dir="auto">words 1</q>' in html


def test_only_a_report_that_came_more_than_an_hour_late_says_so_in_the_row(client: Client, leg: Leg) -> None:
    for words, received_at in (
        ("words 1", "2026-09-20T12:00:00Z"),  # of the time before we knew the parcel
        ("words 2", "2026-09-07T16:40:00Z"),
        ("words 3", "2026-09-10T05:14:00Z"),
        ("words 5", "2026-09-23T12:00:00Z"),
    ):
        Event.objects.filter(text=words).update(received_at=received_at)
    html = timeline_html(client, leg)
    rows = [row_with(html, f"words {number}").partition("</summary>")[0] for number in range(6)]

    assert [re.findall(r"Reported \d+ \w+ later", row) for row in rows] == [
        *([], [], [], ["Reported 2 hours later"], [], ["Reported 3 days later"]),
    ]


def test_three_rows_are_open_and_the_rest_follows_by_leg_day_and_zone(client: Client, leg: Leg) -> None:
    opened, _, rest = timeline_html(client, leg).partition('<details class="rest"')

    assert re.findall(r"words \d", opened) == ["words 5", "words 4", "words 3"]
    assert re.findall(r"words \d", rest) == ["words 2", "words 1", "words 0"]
    assert [text_of(leg) for leg in re.findall(r"<h3.*?</h3>", opened)] == [
        "USPS 9200190000000000000009",
        "China Post LZ000000015CN",
    ]
    assert "3 earlier events" in rest
    assert "<h3" not in rest
    assert [text_of(day) for day in re.findall(r"<h4>.*?</h4>", opened)] == [
        "Sun, Sep 20 · UTC−7",
        "Thu, Sep 10 · local time, zone not given",
        "Wed, Sep 9 · UTC−7",
    ]
    assert opened.count("without their time zone.") == 1


def test_scans_that_do_not_count_have_no_meaning_for_this_parcel(client: Client, leg: Leg) -> None:
    Event.objects.filter(text="words 5").update(exclusion="withdrawn")
    row = row_with(timeline_html(client, leg), "words 5")

    assert "Handed to the local delivery company" in row
    assert "carries it the rest of the way" not in row


def test_three_hundred_events_of_twenty_thousand_characters_stay_a_page(client: Client) -> None:
    leg = factories.create_leg()
    scans = [
        factories.build_scan("unmapped", f"2026-09-{day:02d}T{hour:02d}:00:00+08:00", country="CN", text="words")
        for day in range(1, 16)
        for hour in range(20)
    ]
    record_shipment(leg, factories.build_shipment(*scans), factories.create_payload())
    Event.objects.update(text="寄" * 20_000)

    response = client.get(leg.shipment.get_absolute_url(), headers={"accept-encoding": "gzip"})

    page = gzip.decompress(response.content).decode()
    assert (page.count('<li id="e-'), max(map(len, re.findall("寄+", page)))) == (300, 999)
    assert len(response.content) < 60_000
