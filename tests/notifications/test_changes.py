"""Notices come from what the page says after some scans and did not say before, never from a scan alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from tracking.journey import JourneyStep, ShipmentStatus, derive_status
from tracking.notifications.changes import NewScan, StatusChange, triggers_for_change
from tracking.notifications.conclusions import ConcludedJourney, Conclusion, has_happened
from tracking.notifications.triggers import NoticeTrigger
from tracking.vocabulary import JourneyKind, JourneyStage, Milestone, NoticeKind, Overlay, Scan

NOON = datetime(2026, 9, 20, 12, tzinfo=UTC)
_keys = count(1)


def scan_at(name: str, hours: float, country: str = "DE", **fields: object) -> JourneyStep:
    """Return a scan so many hours after noon, on the first leg of a parcel from China to Germany."""
    occurred_at = NOON + timedelta(hours=hours)
    step = JourneyStep(Scan(name), occurred_at, 0, next(_keys), country, 120, event_key=(1, str(next(_keys))))
    return step._replace(local_time=occurred_at.replace(tzinfo=None).isoformat(), **fields)  # type: ignore[arg-type]


def conclude(steps: Sequence[JourneyStep]) -> ShipmentStatus:
    return derive_status(steps, origin="CN", destination="DE")


def page_of(status: ShipmentStatus) -> Conclusion:
    return Conclusion(
        status.milestone,
        status.overlay,
        tuple(ConcludedJourney(journey.kind, journey.started_at) for journey in status.journeys),
        frozenset(stage for stage, at in status.stage_times.items() if at),
        status.delivered_on,
        status.delivered_at,
        status.delivery_withdrawn_at,
    )


def triggers_after(known: Sequence[JourneyStep], *new: JourneyStep, hours: float = 1) -> list[NoticeTrigger]:
    """Return the triggers of new scans that come so many hours after noon to a parcel with known ones."""
    now = NOON + timedelta(hours=hours)
    status = conclude([*known, *new])
    new_scans = tuple(NewScan(step, now) for step in status.counted if step in new)
    before = page_of(conclude(known)) if known else Conclusion()
    return triggers_for_change(1, 2, StatusChange(before, page_of(status), status, new_scans, now))


def kinds_after(known: Sequence[JourneyStep], *new: JourneyStep, hours: float = 1) -> list[str]:
    return sorted(trigger.kind.value for trigger in triggers_after(known, *new, hours=hours))


PICKED_UP = scan_at("origin.picked_up", -30, "CN")
DEPARTED = scan_at("linehaul.departed", -20, "CN")
ARRIVED = scan_at("linehaul.arrived_destination", -15)
PRESENTED = scan_at("import.customs_presented", -14)
RELEASED = scan_at("import.customs_released", -10)
AT_DEPOT = scan_at("lastmile.delivery_office_arrived", -6)
OUT = scan_at("delivery.out_for_delivery", -4)
ABSENT = scan_at("delivery.attempt_failed_absent", -2)
DELIVERED = scan_at("delivery.delivered", -1)


@pytest.mark.parametrize(
    ("known", "new", "kinds"),
    [
        ([], [PICKED_UP], ["shipped"]),
        ([], [PICKED_UP, DEPARTED], ["departed", "shipped"]),
        ([PICKED_UP], [DEPARTED, ARRIVED, PRESENTED], ["arrived", "customs_started", "departed"]),
        ([PICKED_UP, DEPARTED], [RELEASED], ["customs_released"]),
        ([PICKED_UP], [ARRIVED, OUT], ["out_for_delivery"]),
        ([OUT], [ABSENT], ["attempted"]),
        ([OUT], [DELIVERED], ["delivered"]),
        ([AT_DEPOT], [scan_at("pickup.available", 0)], ["ready"]),
        ([PICKED_UP], [scan_at("return.started", 0, "CN")], ["returning"]),
        ([OUT], [scan_at("return.started", -3), scan_at("return.completed", 0, "CN")], ["returned"]),
    ],
)
def test_what_the_page_newly_says_is_told(known: list[JourneyStep], new: list[JourneyStep], kinds: list[str]) -> None:
    assert kinds_after(known, *new) == kinds


@pytest.mark.parametrize(
    ("known", "late"),
    [
        ([AT_DEPOT], PICKED_UP),
        ([AT_DEPOT], DEPARTED),
        ([ARRIVED], DEPARTED),
        ([DEPARTED], PICKED_UP),
        ([RELEASED], PRESENTED),
        ([RELEASED], ARRIVED),
        ([AT_DEPOT], RELEASED),
        ([DELIVERED], OUT),
        ([DELIVERED], ABSENT),
        ([DELIVERED], RELEASED),
        ([ABSENT], OUT),
        ([OUT], scan_at("delivery.attempt_failed_absent", -5)),
        ([OUT], scan_at("delivery.out_for_delivery", -28)),
        ([scan_at("pickup.available", -3)], OUT),
        ([scan_at("return.started", -3, "CN")], DEPARTED),
        ([RELEASED, scan_at("import.customs_held", -8)], scan_at("import.customs_released", -9)),
    ],
)
def test_late_scan_of_an_earlier_situation_causes_nothing(known: list[JourneyStep], late: JourneyStep) -> None:
    assert kinds_after([PICKED_UP, *known] if known != [DEPARTED] else known, late) == []


def test_old_scan_causes_nothing() -> None:
    assert kinds_after([], PICKED_UP, DEPARTED, hours=16.1) == []
    assert kinds_after([], PICKED_UP, DEPARTED, hours=15.9) == ["departed"]
    assert kinds_after([], OUT, DELIVERED, hours=35.1) == []
    assert kinds_after([], OUT, DELIVERED, hours=34.9) == ["delivered"]


def test_second_try_of_a_day_causes_the_same_notice_and_the_next_day_another() -> None:
    again, next_day = scan_at("delivery.out_for_delivery", -1), scan_at("delivery.out_for_delivery", 20)

    (first,) = triggers_after([], OUT)
    (second,) = triggers_after([OUT, ABSENT], again)
    (third,) = triggers_after([OUT, ABSENT], next_day, hours=21)

    assert (first.dedupe_key, second.dedupe_key, third.dedupe_key) == ("2026-09-20", "2026-09-20", "2026-09-21")


def test_delivery_corrected_in_time_is_not_told_again() -> None:
    earlier = scan_at("delivery.delivered", -3)

    assert kinds_after([OUT, DELIVERED], earlier) == []


def test_contradicted_delivery_is_told_as_taken_back_with_what_follows() -> None:
    out_again = scan_at("delivery.out_for_delivery", 20)

    triggers = triggers_after([OUT, DELIVERED], out_again, hours=21)

    assert [(trigger.kind.value, trigger.dedupe_key) for trigger in triggers] == [
        ("delivery_withdrawn", "2026-09-21T08:00:00"),
        ("out_for_delivery", "2026-09-21"),
    ]


def test_delivery_that_nobody_saw_is_not_told_as_taken_back() -> None:
    assert kinds_after([OUT], DELIVERED, scan_at("delivery.attempt_failed_absent", 0)) == ["attempted"]


def test_taken_back_delivery_is_told_once_and_the_next_one_again() -> None:
    taken_back = [OUT, DELIVERED, scan_at("delivery.out_for_delivery", 20)]
    attempted = scan_at("delivery.attempt_failed_absent", 22)
    (again,) = triggers_after(taken_back, scan_at("delivery.delivered", 23), hours=24)

    assert kinds_after(taken_back, attempted, hours=23) == ["attempted"]
    assert (again.kind, again.dedupe_key) == (NoticeKind.DELIVERED, "2026-09-21T08:00:00")


def test_contradiction_and_new_delivery_in_one_answer_are_told_with_the_new_day() -> None:
    (trigger,) = triggers_after(
        [OUT, DELIVERED], scan_at("delivery.out_for_delivery", 20), scan_at("delivery.delivered", 23), hours=24
    )

    assert (trigger.kind, trigger.dedupe_key) == (NoticeKind.DELIVERED, "2026-09-21")


def test_known_delivery_is_told_once_the_shown_one_before_it_is_contradicted() -> None:
    too_old_to_tell = scan_at("delivery.delivered", -40)
    (trigger,) = triggers_after([too_old_to_tell, DELIVERED], OUT)

    assert (trigger.kind, trigger.dedupe_key) == (NoticeKind.DELIVERED, "2026-09-20")


def test_recent_delivery_is_told_if_the_one_shown_before_it_was_too_old_to_tell() -> None:
    """The feed said "delivered" by mistake and now words that scan as a pick-up."""
    too_old_to_tell = scan_at("delivery.delivered", -40)
    status = conclude([DELIVERED])
    change = StatusChange(page_of(conclude([too_old_to_tell])), page_of(status), status, (), NOON)

    (trigger,) = triggers_for_change(1, 2, change)

    assert (trigger.kind, trigger.dedupe_key) == (NoticeKind.DELIVERED, "")


def test_day_of_a_replaced_delivery_is_that_of_the_buyer() -> None:
    """The carrier sends UTC: 23:00 there is the next day in Berlin."""
    late = scan_at("delivery.delivered", -37, offset_minutes=None)
    (trigger,) = triggers_after([late], scan_at("delivery.out_for_delivery", -20), DELIVERED)

    assert (trigger.kind, trigger.dedupe_key) == (NoticeKind.DELIVERED, "2026-09-20")


def test_return_by_the_buyer_is_told_and_its_receipt_is_no_delivery() -> None:
    sent_back = scan_at("return.started", 48)
    received = scan_at("delivery.delivered", 100, "CN")

    assert kinds_after([OUT, DELIVERED], sent_back, hours=49) == ["sent_back"]
    assert kinds_after([OUT, DELIVERED, sent_back], received, hours=101) == ["returned"]


def test_parcel_sent_again_tells_its_own_progress() -> None:
    returned = [PICKED_UP, scan_at("return.started", -25, "CN"), scan_at("return.completed", -22, "CN")]
    sent_again = scan_at("origin.picked_up", 0, "CN")
    departed = scan_at("linehaul.departed", 5, "CN")

    (first,) = triggers_after(returned, sent_again)
    (second,) = triggers_after([*returned, sent_again], departed, hours=6)

    assert (first.kind, first.dedupe_key) == (NoticeKind.SENT_AGAIN, "1")
    assert (second.kind, second.dedupe_key) == (NoticeKind.DEPARTED, "journey 2")
    assert kinds_after([*returned, sent_again], scan_at("delivery.attempt_failed_absent", -27)) == []


def test_customs_that_begins_after_the_local_carrier_took_over_is_told() -> None:
    assert kinds_after([PICKED_UP, AT_DEPOT], scan_at("import.customs_presented", 0)) == ["customs_started"]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_nothing_but_the_return_is_said_of_a_returned_parcel(kind: NoticeKind) -> None:
    page = Conclusion(Milestone.RETURNED, None, (ConcludedJourney(JourneyKind.RETURN, NOON),), frozenset(JourneyStage))
    of_alerts = {*(NoticeKind.BUYER_TASK_OPENED, NoticeKind.PICKUP_EXPIRING, NoticeKind.DELAY, NoticeKind.PROBLEM)}

    assert has_happened(kind, page) == (kind in {NoticeKind.RETURNED, *of_alerts})


def test_released_parcel_that_customs_holds_again_is_not_said_to_be_released() -> None:
    held = Conclusion(Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION, stages=frozenset({JourneyStage.CLEARED}))

    assert not has_happened(NoticeKind.CUSTOMS_RELEASED, held)
    assert has_happened(NoticeKind.CUSTOMS_RELEASED, held._replace(overlay=None))
