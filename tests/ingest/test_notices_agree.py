"""Whatever is reported in whatever order and grouping: a notice is enqueued only for what the page says then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.examples import scale_examples
from tests.ingest.scripted_feeds import parsed_shipment, scripted_feeds, scripted_payload
from tracking.carriers.parsed import ParsedScan
from tracking.ingest.process import process_payloads
from tracking.models import Contact, Follow, Notice, NoticePreference, Shipment, Subscriber
from tracking.notifications.conclusions import conclusion_of, has_happened
from tracking.vocabulary import Milestone, NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
SCANS = (
    *("origin.picked_up", "linehaul.departed", "linehaul.arrived_destination", "import.customs_presented"),
    *("import.customs_held", "import.customs_released", "lastmile.delivery_office_arrived"),
    *("delivery.out_for_delivery", "delivery.attempt_failed_absent", "pickup.available", "delivery.delivered"),
    *("exception.lost", "return.started", "return.completed"),
)
STATE_FIELDS = ("milestone", "overlay", "journey", "delivered_on", "delivery_withdrawn_at")


@st.composite
def reports(draw: st.DrawFn) -> list[list[ParsedScan]]:
    """Return batches of scans of the last days, in any order and grouping, and some of them twice."""
    scans = [
        factories.build_scan(
            draw(st.sampled_from(SCANS)),
            (NOW - timedelta(hours=draw(st.integers(0, 70)))).strftime("%Y-%m-%dT%H:%M:00Z"),
            country=draw(st.sampled_from(["CN", "DE"])),
            code=str(index),
        )
        for index in range(draw(st.integers(1, 9)))
    ]
    shuffled = draw(st.permutations(scans + scans[: draw(st.integers(0, 2))]))
    sizes = iter(lambda: draw(st.integers(1, 4)), 0)
    return list(split(shuffled, sizes))


def split(scans: Sequence[ParsedScan], sizes: Iterator[int]) -> Iterator[list[ParsedScan]]:
    """Yield the scans in groups of these sizes."""
    remaining = list(scans)
    while remaining:
        size = next(sizes)
        yield remaining[:size]
        remaining = remaining[size:]


def follow(shipment: Shipment) -> None:
    """Have a reader who wants every kind of notice follow the order of a parcel."""
    subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
    Follow.objects.create(subscriber=subscriber, order=shipment.order, confirmed_at=NOW)
    Contact.objects.create(subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=NOW)
    NoticePreference.objects.bulk_create(
        NoticePreference(subscriber=subscriber, kind=kind, channel="email", enabled=True) for kind in NoticeKind
    )


class NoticesAgree(TestCase):
    """Random scans about one parcel from China to Germany."""

    def setUp(self) -> None:
        feeds = scripted_feeds()
        feeds.__enter__()
        self.addCleanup(feeds.__exit__, None, None, None)

    @settings(max_examples=scale_examples(60))
    @given(reports())
    def test_page_says_what_a_new_notice_says(self, batches: list[list[ParsedScan]]) -> None:
        with transaction.atomic(), time_machine.travel(NOW, tick=False):
            feed = factories.create_feed("wide")
            order = factories.create_order(country="DE", placed_at=NOW - timedelta(days=5))
            shipment = factories.create_leg("AA00000001", from_feed=feed, for_order=order).shipment
            Shipment.objects.update(origin_country="CN")
            follow(shipment)
            seen: set[int] = set()
            for batch in batches:
                before = [getattr(shipment, name) for name in STATE_FIELDS]
                process_payloads([scripted_payload(feed, parsed_shipment(*batch))])
                shipment.refresh_from_db()
                new = list(Notice.objects.exclude(pk__in=seen))
                seen |= {notice.pk for notice in new}

                conclusion = conclusion_of(shipment)
                assert [notice.kind for notice in new if not has_happened(NoticeKind(notice.kind), conclusion)] == []
                is_unchanged = before == [getattr(shipment, name) for name in STATE_FIELDS]
                assert not is_unchanged or "delivered" not in {notice.kind for notice in new}
            self.assert_last_delivery_was_told(shipment, batches)
            transaction.set_rollback(True)

    def assert_last_delivery_was_told(self, shipment: Shipment, batches: list[list[ParsedScan]]) -> None:
        """Assert that the buyer knows of the delivery that the page shows, if it is recent."""
        is_recent = shipment.delivered_at is not None and shipment.delivered_at > NOW - timedelta(hours=36)
        if shipment.milestone == Milestone.DELIVERED and not shipment.overlay and is_recent:
            assert Notice.objects.filter(kind="delivered").exists(), batches
