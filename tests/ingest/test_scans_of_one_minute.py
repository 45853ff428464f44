"""The scans of one minute keep their number when a feed gives all of them other codes and words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests import factories
from tests.ingest.scripted_feeds import parsed_shipment, polled_leg, scripted_payload
from tracking.carriers.parsed import ParsedScan
from tracking.ingest.process import process_payload
from tracking.models import Event
from tracking.models.payloads import ReceivedVia

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]

EARLIER = factories.build_scan("origin.picked_up", "2026-09-02T08:00:00Z", code="PU", text="Picked up")
NAMES = ("lastmile.facility_arrived", "lastmile.facility_departed", "delivery.out_for_delivery")


def minute(*words: str) -> list[ParsedScan]:
    """Return scans of one minute, each with these words and a code of its own."""
    return [
        factories.build_scan(NAMES[index], "2026-09-03T10:00:00Z", code=f"code of {text}", text=text)
        for index, text in enumerate(words)
    ]


def report(hour: int, scans: Sequence[ParsedScan], received_via: ReceivedVia = ReceivedVia.POLL) -> None:
    """Process an answer that holds these scans and an earlier one."""
    answer = parsed_shipment(EARLIER, *scans)._replace(is_complete=True)
    payload = scripted_payload(factories.create_feed("wide"), answer, received_via=received_via)
    payload.received_at = payload.last_received_at = factories.RECEIVED_AT + timedelta(hours=hour)
    payload.save()
    process_payload(payload)


def rows() -> list[tuple[int, str]]:
    """Return the events of that minute as rows: which one, in the order of insertion, and its words now."""
    found = list(Event.objects.exclude(text="Picked up").order_by("pk").values_list("text", flat=True))
    return list(enumerate(found, start=1))


@pytest.mark.parametrize("received_via", [ReceivedVia.POLL, ReceivedVia.WEBHOOK])
@pytest.mark.parametrize(
    ("known", "reported", "expected"),
    [
        ("ab", "xy", "xy"),
        ("abc", "xyz", "xyz"),
        ("ab", "xyz", "xyz"),
        ("ab", "ba", "ab"),
        ("ab", "xb", "xb"),
        ("abc", "xy", "xyc"),
    ],
    ids=["two", "three", "one more", "only the order", "one of two", "one fewer"],
)
def test_scans_that_all_change_are_the_same_rows(
    known: str, reported: str, expected: str, received_via: ReceivedVia
) -> None:
    polled_leg()

    report(1, minute(*known), received_via)
    report(2, minute(*reported), received_via)

    assert rows() == list(enumerate(expected, start=1))


def test_rows_are_as_many_when_the_changed_answer_is_processed_first() -> None:
    polled_leg()

    report(2, minute("x", "y", "z"))
    report(1, minute("a", "b"))

    assert rows() == [(1, "x"), (2, "y"), (3, "z")]


def test_what_a_shorter_answer_no_longer_holds_is_withdrawn_by_the_second() -> None:
    polled_leg()

    for hour, words in enumerate(("abc", "xy", "xy")):
        report(hour, minute(*words))

    counted = Event.objects.filter(exclusion="").exclude(text="Picked up").order_by("pk")
    assert list(counted.values_list("text", flat=True)) == ["x", "y"]
    assert Event.objects.get(text="c").exclusion == "withdrawn"
