"""Page, order card, desk, calendar, mail, JSON-LD and `decode` agree on a parcel's milestone and delivery day."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any, NamedTuple

import pytest
import time_machine
from django.contrib import admin
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from icalendar import Calendar

from tests import factories
from tests.examples import scale_examples
from tests.ingest.scripted_feeds import ALPHA, BETA, parsed_shipment, scripted_feeds, scripted_payload
from tests.ingest.test_notices_agree import SCANS, follow
from tests.notifications.forecasts import make_forecast
from tracking.carriers.parsed import ParsedScan, ParsedShipment
from tracking.ingest.process import process_payloads
from tracking.localization import datetimes
from tracking.localization.reader import build_reader
from tracking.management.commands.decode import shipment_line
from tracking.models import Notice, Shipment
from tracking.notifications.delivery import build_outgoing_message, drop_outdated
from tracking.notifications.parcels import load_parcels, parcel_prefetches
from tracking.page_state.states import DELIVERED_KINDS, ENDED_KINDS, StateKind
from tracking.pages.freshness import build_freshness
from tracking.pages.page_heads import find_parcel
from tracking.pages.page_rows import load_parcel
from tracking.pages.parcel_card import ParcelCard, build_cards, card_prefetches
from tracking.pages.parcel_view import ParcelView, build_parcel_view
from tracking.vocabulary import Milestone, NoticeKind, Overlay

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
PLACES = (("CN", "Shanghai", "+08:00"), ("DE", "Berlin", "+02:00"), ("DE", "Berlin", ""), ("", "", "+02:00"))
"""Country, city and offset as carriers write them."""
READER = build_reader({}, "en", "DE")


class Story(NamedTuple):
    """All scans of a parcel on two legs, and the answers that report them, each with some of them."""

    scans: list[ParsedScan]
    answers: list[list[int]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    scans = []
    for index in range(draw(st.integers(1, 9))):
        country, city, offset = draw(st.sampled_from(PLACES))
        moment = (NOW - timedelta(hours=draw(st.integers(0, 160)))).replace(tzinfo=None)
        raw_time = moment.date().isoformat() if draw(st.integers(0, 5)) == 0 else moment.isoformat() + offset
        name, leg = draw(st.sampled_from([*SCANS, "delivery.delivered"])), draw(st.integers(0, 1))
        scans.append(factories.build_scan(name, raw_time, leg_index=leg, country=country, city=city, code=str(index)))
    indexes = list(range(len(scans)))
    some = st.lists(st.sampled_from(indexes), min_size=1, max_size=len(scans), unique=True).map(sorted)
    return Story(scans, [*draw(st.lists(some, max_size=2)), indexes])


class Conclusion(NamedTuple):
    """What one place says of a parcel. The day is that of its delivery to the buyer, None if it was not delivered."""

    milestone: str
    overlay: str
    delivered_on: date | None


def answer_with(story: Story, indexes: list[int]) -> ParsedShipment:
    """Return an answer of the feed with some scans."""
    scans = [story.scans[index] for index in indexes]
    return parsed_shipment(*scans, legs=(ALPHA, BETA))._replace(origin="CN", destination="DE")


def decoded(story: Story) -> Conclusion:
    """Return what `manage.py decode --shipments` prints of the whole history."""
    line = json.loads(json.dumps(shipment_line(answer_with(story, list(range(len(story.scans)))))))
    day = line["delivered_on"]
    return Conclusion(line["milestone"], line["overlay"] or "", date.fromisoformat(day) if day else None)


def text_of(html: str) -> str:
    """Return the text of a page, without any white space: the headline stands in pieces."""
    return "".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def view_of(shipment: Shipment) -> ParcelView:
    head, found = find_parcel(shipment.token), load_parcel(shipment.pk, NOW)
    assert head is not None
    assert found is not None
    return build_parcel_view(found, build_freshness(head.legs, head.is_untracked, NOW), READER, NOW)


def card_of(shipment: Shipment) -> ParcelCard:
    found = Shipment.objects.select_related("order__shop", "forecast").prefetch_related(*card_prefetches())
    return build_cards([found.get(pk=shipment.pk)], READER, NOW)[0]


class PlacesAgree(TestCase):
    """Random journeys from China to Germany, told through `ingest` in any grouping."""

    def setUp(self) -> None:
        feeds = scripted_feeds()
        feeds.__enter__()
        self.addCleanup(feeds.__exit__, None, None, None)

    @settings(max_examples=scale_examples(12))
    @given(stories())
    def test_all_places_say_one_thing(self, story: Story) -> None:
        with transaction.atomic(), time_machine.travel(NOW, tick=False):
            feed = factories.create_feed("wide")
            order = factories.create_order(country="DE", placed_at=NOW - timedelta(days=8))
            shipment = factories.create_leg(ALPHA[1], from_feed=feed, for_order=order).shipment
            make_forecast(shipment, NOW.date() + timedelta(days=1), 3)
            follow(shipment)
            for indexes in story.answers:
                process_payloads([scripted_payload(feed, answer_with(story, indexes))])
            shipment.refresh_from_db()

            told = decoded(story)
            assert Conclusion(shipment.milestone, shipment.overlay, shipment.delivered_on) == told
            self.assert_page_and_card_say(shipment, told)
            self.assert_desk_says(shipment, told)
            self.assert_calendar_and_mails_say(shipment, told)
            transaction.set_rollback(True)

    def assert_page_and_card_say(self, shipment: Shipment, told: Conclusion) -> None:
        view, card = view_of(shipment), card_of(shipment)
        kind, headline = view.hero.state.kind, view.headline
        assert card.answer.headline.text == headline
        assert [step.name for step in card.steps] == [step.name for step in view.hero.steps]
        for url in (shipment.get_absolute_url(), shipment.order.get_absolute_url()):
            assert "".join(headline.split()) in text_of(Client().get(url, follow=True).content.decode())
        is_delivered = told.milestone == Milestone.DELIVERED and told.overlay != Overlay.RETURNING
        assert not is_delivered or kind in {*DELIVERED_KINDS, StateKind.DAMAGED}
        assert card.has_ended == (kind in ENDED_KINDS)
        if kind in DELIVERED_KINDS:
            assert told.milestone == Milestone.DELIVERED
            assert told.delivered_on is None or datetimes.format_day(told.delivered_on, READER) in headline
        if kind is StateKind.SENT_BACK and told.delivered_on:
            assert datetimes.format_day(told.delivered_on, READER) in " ".join(view.hero.answer.lines)

    def assert_desk_says(self, shipment: Shipment, told: Conclusion) -> None:
        site: Any = admin.site
        row = site.get_model_admin(Shipment).status(shipment)
        overlay = f" ({Overlay(told.overlay).label})" if told.overlay else ""
        assert row == f"{Milestone(told.milestone).label}{overlay}"

    def assert_calendar_and_mails_say(self, shipment: Shipment, told: Conclusion) -> None:
        feed = Client().get(f"{shipment.order.get_absolute_url()}calendar.ics")
        events = [event for event in Calendar.from_ical(feed.content).walk("VEVENT") if event["STATUS"] != "CANCELLED"]
        is_to_come = told.milestone not in Milestone.final() and told.overlay != Overlay.RETURNING
        state = view_of(shipment).hero.state
        is_expected = state.window is not None or state.kind is StateKind.OUT_FOR_DELIVERY
        assert is_to_come or not is_expected
        if state.kind in DELIVERED_KINDS and told.delivered_on:
            assert [event.decoded("DTSTART") for event in events] == [told.delivered_on]
        else:
            assert bool(events) == is_expected
        due = list(
            Notice.objects.select_related(
                "contact__subscriber__user", "shipment__order__shop", "shipment__forecast"
            ).prefetch_related(*parcel_prefetches("shipment__"))
        )
        parcels = load_parcels((notice.shipment for notice in due), NOW)
        for notice in drop_outdated(due, parcels):
            message = build_outgoing_message([notice], parcels, NOW).message
            assert ("expectedArrivalFrom" in (message.json_ld or {})) == bool(events)
            if notice.kind == NoticeKind.DELIVERED:
                text = " ".join((message.headline, *message.lines, *(value for _name, value in message.facts)))
                assert told.milestone == Milestone.DELIVERED
                # A delivery of which only the day is known is told without one.
                is_timed = shipment.delivered_at is not None
                assert told.delivered_on is not None
                assert not is_timed or datetimes.format_day(told.delivered_on, READER) in text
