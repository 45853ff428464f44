"""What a change of the conclusion causes at the limits of each rule, and what its notices say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.notifications.test_changes import (
    DELIVERED,
    NOON,
    OUT,
    PICKED_UP,
    conclude,
    kinds_after,
    page_of,
    scan_at,
    triggers_after,
)
from tracking.notifications.changes import (
    NewScan,
    StatusChange,
    day_key,
    is_followed_by,
    scan_facts,
    triggers_for_change,
)
from tracking.notifications.conclusions import ConcludedJourney
from tracking.vocabulary import JourneyKind, NoticeKind, Scan

OUT_AGAIN = scan_at("delivery.out_for_delivery", 20)
RETURN_STARTED = scan_at("return.started", -3)
RETURN_COMPLETED = scan_at("return.completed", 0, "CN")


@pytest.mark.parametrize(("hours", "kinds"), [(35.9, ["delivered"]), (36, [])])
def test_delivery_is_told_for_less_than_36_hours(hours: float, kinds: list[str]) -> None:
    assert kinds_after([], OUT, DELIVERED, hours=hours - 1) == kinds


@pytest.mark.parametrize(("days", "is_told"), [(6.9, True), (7, False)])
def test_delivery_taken_back_is_told_for_less_than_a_week(days: float, is_told: bool) -> None:
    triggers = triggers_after([OUT, DELIVERED], OUT_AGAIN, hours=20 + 24 * days)

    assert [trigger.kind for trigger in triggers] == [NoticeKind.DELIVERY_WITHDRAWN] * is_told


def test_return_is_told_once_by_its_first_scan_and_its_end_by_the_last() -> None:
    on_the_way = scan_at("linehaul.departed", -1)
    (started,) = triggers_after([OUT], RETURN_STARTED, on_the_way)
    (completed,) = triggers_after([OUT, RETURN_STARTED], on_the_way, RETURN_COMPLETED)

    assert (started.kind, started.dedupe_key) == (NoticeKind.RETURNING, "2026-09-20")
    assert (started.facts["scan"], completed.facts["scan"]) == ("return.started", "return.completed")
    assert (completed.kind, completed.dedupe_key) == (NoticeKind.RETURNED, "2026-09-20")
    assert kinds_after([OUT, RETURN_STARTED], on_the_way) == []
    assert kinds_after([OUT, RETURN_STARTED], on_the_way, RETURN_COMPLETED, hours=37) == []


def test_parcel_sent_again_is_told_by_the_first_scan_of_its_new_journey() -> None:
    returned = [PICKED_UP, scan_at("return.started", -25, "CN"), scan_at("return.completed", -22, "CN")]
    sent_again = [scan_at("origin.picked_up", 0, "CN"), scan_at("linehaul.departed", 1, "CN")]
    status = conclude([*returned, *sent_again])
    now = NOON + timedelta(hours=2)
    new = tuple(NewScan(step, now, place) for step, place in zip(sent_again, ("Shanghai", "Beijing"), strict=True))
    (trigger,) = triggers_for_change(1, 2, StatusChange(page_of(conclude(returned)), page_of(status), status, new, now))

    assert (trigger.kind, trigger.facts["scan"], trigger.facts["place"]) == (
        "sent_again",
        "origin.picked_up",
        "Shanghai",
    )


def test_nothing_new_causes_nothing() -> None:
    status = conclude([OUT])
    page = page_of(status)

    assert triggers_for_change(1, 2, StatusChange(page, page, status, (), NOON)) == []
    assert kinds_after([], OUT) == ["out_for_delivery"]


def test_facts_are_those_of_the_scan_and_a_place_that_it_does_not_name_itself() -> None:
    named = scan_at("delivery.delivered", 0, city="Leipzig")

    assert scan_facts(named, "Sachsen") == {
        "scan": "delivery.delivered",
        "at": "2026-09-20T12:00:00+00:00",
        "zone": named.zone,
        "offset": 120,
        "place": "Leipzig",
        "country": "DE",
    }
    unnamed = scan_facts(scan_at("delivery.delivered", 0, "", occurred_at=None), "Sachsen")
    assert (unnamed["at"], unnamed["place"], unnamed["country"]) == ("", "Sachsen", "")


def test_day_of_a_scan_is_that_at_its_place_else_that_of_its_instant() -> None:
    step = scan_at("delivery.out_for_delivery", 0)._replace(local_time="2026-09-21T01:00:00")

    assert day_key(NewScan(step, NOON)) == "2026-09-21"
    assert day_key(NewScan(step._replace(local_time=""), NOON)) == "2026-09-20"


def test_recent_scans_are_those_since_the_current_journey_began_or_all_of_an_only_one() -> None:
    scans = tuple(NewScan(scan_at("lastmile.held", hours), NOON) for hours in (-3, -2, -1))
    status = conclude([OUT])
    began, unknown = (ConcludedJourney(JourneyKind.RETURN, at) for at in (NOON - timedelta(hours=2), None))

    def recent(*journeys: ConcludedJourney) -> tuple[NewScan, ...]:
        page = page_of(status)._replace(journeys=journeys)
        return tuple(StatusChange(page, page, status, scans, NOON).recent_scans_of_journey())

    assert recent(began) == scans
    assert recent(unknown, began) == scans[1:]
    assert recent(began, unknown) == scans


def test_a_later_delivery_is_not_told_to_a_page_that_showed_another_one_recently() -> None:
    """The feed has corrected the time: nothing is new but the conclusion."""
    earlier, status = conclude([OUT, scan_at("delivery.delivered", -2)]), conclude([OUT, DELIVERED])

    assert triggers_for_change(1, 2, StatusChange(page_of(earlier), page_of(status), status, (), NOON)) == []


def test_release_is_followed_only_by_scans_after_it() -> None:
    presented, released = scan_at("import.customs_presented", -2), scan_at("import.customs_released", -1)
    counted = [presented, released]

    assert is_followed_by({Scan.IMPORT_CUSTOMS_RELEASED}, presented, counted)
    assert not is_followed_by({Scan.IMPORT_CUSTOMS_RELEASED}, released, counted)
    assert not is_followed_by({Scan.IMPORT_CUSTOMS_PRESENTED}, released, counted)
