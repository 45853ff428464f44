"""Each kind of alarm: what opens it, what does not, and what ends it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.cases import START, case, hours, step
from tracking.alerts.case import Case, Feed, Step
from tracking.alerts.limits import Book
from tracking.alerts.rules import RULES, findings, next_look
from tracking.vocabulary import AlertKind, Scan

PRESENTED = step("import.customs_presented", 1, "DE")
PAPERS = step("import.customs_info_required", 2, "DE")
OUT = step("delivery.out_for_delivery", 60, "DE")
LATE = {"promised_on": date(2026, 9, 14)}


def kinds(found: Case) -> set[str]:
    return {finding.kind.value for finding in findings(found)}


OPENS: list[tuple[str, list[Step], dict[str, Any]]] = [
    ("customs_dwell", [PRESENTED], {"at": 24 * 10}),
    ("papers_asked", [PAPERS], {}),
    ("papers_asked", [step("import.customs_held", 2, "DE", "Documents manquants")], {}),
    ("papers_asked", [PRESENTED, step("unmapped", 5, "DE", "Der Zoll benötigt weitere Unterlagen")], {}),
    ("tax_id_asked", [step("import.customs_info_required", 2, "DE", "EORI number required")], {}),
    ("duties_due", [step("import.duties_due", 2, "DE")], {}),
    ("duties_due", [step("import.customs_held", 2, "DE", "进口关税待支付，暂扣")], {}),
    ("address_problem", [OUT, step("delivery.attempt_failed_address", 70, "DE")], {}),
    ("address_problem", [OUT, step("delivery.attempt_failed_other", 70, "DE", "Adresse unvollständig")], {}),
    ("unreachable", [OUT, step("delivery.attempt_failed_other", 70, "DE", "Wrong telephone number")], {}),
    (
        "unreachable",
        [OUT, step("delivery.attempt_failed_absent", 70), step("delivery.attempt_failed_absent", 94)],
        {},
    ),
    ("stalled", [step("linehaul.departed", 0, "CN")], {"at": 24 * 36}),
    ("stalled", [], {"at": 24 * 15}),
    ("late_risk", [step("linehaul.departed")], {**LATE, "p_late": 0.5}),
    ("late_risk", [step("linehaul.departed")], {**LATE, "p_late": 0.4, "open": frozenset({AlertKind.LATE_RISK})}),
    ("promise_at_risk", [step("linehaul.departed")], {**LATE, "at": 24 * 4}),
    ("promise_at_risk", [OUT], {**LATE, "at": 24 * 8}),
    ("attempted", [OUT, step("delivery.attempt_failed_absent", 70, "DE")], {}),
    ("pickup_expiring", [step("pickup.available", 0, "DE", "kept for 5 days")], {"at": 24 * 4}),
    ("pickup_expiring", [step("pickup.available", 0, "DE")], {"at": 24 * 5}),
    ("pickup_expiring", [step("pickup.available", 0, "DE")], {"at": 24 * 2, "pickup_until": date(2026, 9, 11)}),
    ("held", [step("import.customs_held", 2, "DE")], {}),
    ("held", [step("import.terminated", 2, "DE")], {}),
    ("held", [step("lastmile.held", 2, "DE")], {}),
    ("damaged", [step("exception.damaged", 2)], {}),
    ("lost", [step("exception.lost", 2)], {}),
    ("returning", [step("return.started", 2)], {}),
    ("wrong_country", [PRESENTED, step("lastmile.facility_arrived", 50, "PL")], {}),
    ("wrong_country", [step("delivery.delivered", 50, "PL")], {}),
    ("impossible_travel", [step("linehaul.departed", 1, "CN"), step("linehaul.transit_arrived", 2, "US")], {}),
    (
        "impossible_travel",
        [
            step("linehaul.departed", 1, "CN", lat=23.1, lon=113.3),
            step("linehaul.arrived_destination", 4, "DE", lat=50.1, lon=8.7),
        ],
        {},
    ),
    ("two_parcels", [step("delivery.delivered", -100, "DE")], {}),
    ("two_parcels", [step("delivery.delivered", 10, "DE"), step("origin.picked_up", 60, "CN")], {}),
    ("feed_silent", [], {"feeds": (Feed("17TRACK", failures=3),)}),
    ("feed_silent", [], {"feeds": (Feed("17TRACK", due_at=hours(70)),)}),
]


@pytest.mark.parametrize(("kind", "steps", "fields"), OPENS)
def test_it_opens(kind: str, steps: list[Step], fields: dict[str, Any]) -> None:
    assert kind in kinds(case(*steps, **fields))


def test_every_kind_has_a_rule_and_a_case_that_opens_it() -> None:
    assert {kind for kind, *_ in OPENS} == {kind.value for kind in RULES} == {kind.value for kind in AlertKind}


@pytest.mark.parametrize(
    ("kind", "steps", "fields"),
    [
        ("customs_dwell", [PRESENTED], {"at": 24 * 9}),
        ("customs_dwell", [PAPERS], {"at": 24 * 30}),
        ("customs_dwell", [step("export.customs_presented", 1, "CN")], {"at": 24 * 30}),
        ("papers_asked", [PRESENTED], {}),
        ("papers_asked", [step("unmapped", 2, "DE", "Documents received")], {}),
        ("papers_asked", [step("delivery.attempt_failed_other", 2, "DE", "Documents required")], {}),
        ("duties_due", [step("import.customs_held", 2, "DE", "Customs duties paid")], {}),
        ("address_problem", [OUT, step("delivery.attempt_failed_other", 70, "DE", "Address confirmed")], {}),
        ("unreachable", [OUT, step("delivery.attempt_failed_absent", 70)], {}),
        ("stalled", [step("linehaul.departed")], {"at": 24 * 34}),
        ("stalled", [PRESENTED], {"at": 24 * 90}),
        ("stalled", [step("exception.lost")], {"at": 24 * 90}),
        ("late_risk", [step("linehaul.departed")], LATE),
        ("late_risk", [step("linehaul.departed")], {**LATE, "p_late": 0.4}),
        ("late_risk", [step("linehaul.departed")], {"p_late": 0.9}),
        ("promise_at_risk", [step("linehaul.departed")], {**LATE, "at": 24 * 2}),
        ("promise_at_risk", [step("linehaul.departed")], {**LATE, "at": 24 * 5, "p_late": 0.0}),
        ("promise_at_risk", [OUT], {**LATE, "at": 24 * 5}),
        ("attempted", [OUT], {}),
        ("attempted", [step("delivery.attempt_failed_address", 70)], {}),
        ("pickup_expiring", [step("pickup.available", 0, "DE", "kept for 15 days")], {"at": 24 * 10}),
        ("held", [PAPERS], {}),
        ("held", [step("exception.delayed")], {}),
        ("wrong_country", [step("linehaul.transit_arrived", 10, "BE"), step("linehaul.departed", 1, "CN")], {}),
        ("wrong_country", [PRESENTED, step("linehaul.transit_departed", 9, "CN")], {}),
        ("wrong_country", [PRESENTED, step("return.started", 9, "DE"), step("lastmile.held", 50, "PL")], {}),
        ("wrong_country", [PRESENTED, step("lastmile.held", 50, "PL"), step("lastmile.held", 60, "DE")], {}),
        ("impossible_travel", [step("linehaul.departed", 1, "CN"), step("linehaul.in_transit", 9, "DE")], {}),
        ("impossible_travel", [step("linehaul.departed", 1, "CN"), step("lastmile.held", 1.5, "HK")], {}),
        ("impossible_travel", [step("linehaul.departed", 1, "CN"), step("lastmile.held", 2, "DE", leg=1)], {}),
        ("impossible_travel", [step("linehaul.departed", 1, "CN"), step("lastmile.held", 2, "DE", sure=False)], {}),
        ("two_parcels", [step("delivery.delivered", 10, "DE"), step("origin.picked_up", 20, "CN")], {}),
        ("two_parcels", [step("delivery.delivered", 10, "DE"), step("origin.picked_up", 60, "CN", leg=1)], {}),
        ("feed_silent", [], {"feeds": (Feed("17TRACK", failures=2), )}),
        ("feed_silent", [], {"feeds": (Feed("17TRACK", failures=9), Feed("DHL", due_at=hours(99)))}),
        ("feed_silent", [], {"feeds": ()}),
    ],
)  # fmt: skip
def test_it_does_not_open(kind: str, steps: list[Step], fields: dict[str, Any]) -> None:
    assert kind not in kinds(case(*steps, **fields))


@pytest.mark.parametrize(("destination", "past"), [("DE", True), ("US", False), ("JP", True)])
def test_a_promised_day_is_past_once_it_is_over_where_the_parcel_goes(destination: str, past: bool) -> None:
    three_at_night = case(step("linehaul.departed"), **LATE, destination=destination, at=24 * 8 + 3)

    (found,) = (one for one in findings(three_at_night) if one.kind is AlertKind.PROMISE_AT_RISK)

    assert found.evidence["past"] is past


@pytest.mark.parametrize(
    ("kind", "trouble", "ending", "later"),
    [
        ("customs_dwell", "import.customs_presented", "import.customs_released", 24 * 20),
        ("customs_dwell", "import.customs_presented", "lastmile.handed_over", 24 * 20),
        ("papers_asked", "import.customs_info_required", "import.customs_released", 50),
        ("tax_id_asked", "import.customs_info_required", "lastmile.facility_arrived", 50),
        ("duties_due", "import.duties_due", "import.customs_released", 50),
        ("address_problem", "delivery.attempt_failed_address", "delivery.out_for_delivery", 50),
        ("unreachable", "delivery.attempt_failed_absent", "delivery.delivered", 50),
        ("stalled", "linehaul.departed", "import.customs_presented", 24 * 37),
        ("late_risk", "linehaul.departed", "delivery.delivered", 50),
        ("promise_at_risk", "linehaul.departed", "delivery.delivered", 24 * 9),
        ("attempted", "delivery.attempt_failed_other", "delivery.out_for_delivery", 50),
        ("pickup_expiring", "pickup.available", "delivery.collected", 24 * 6),
        ("held", "import.customs_held", "import.customs_released", 50),
        ("held", "lastmile.held", "delivery.out_for_delivery", 50),
        ("damaged", "exception.damaged", "delivery.out_for_delivery", 50),
        ("lost", "exception.lost", "lastmile.facility_arrived", 50),
        ("returning", "return.started", "return.completed", 50),
    ],
)
def test_the_event_that_ends_it_ends_it(kind: str, trouble: str, ending: str, later: float) -> None:
    fields: dict[str, Any] = {**LATE, "at": later + 1, "p_late": 0.9}

    assert kind not in kinds(case(step(trouble, 1, "DE"), step(ending, later, "DE"), **fields))


def test_a_limit_is_the_lanes_own_else_the_destinations_else_that_of_all() -> None:
    book = Book(
        {("accepted", "CN", "DE"): (3.0, 40), ("accepted", "", "US"): (5.0, 30), ("accepted", "", ""): (9.0, 99)}
    )

    for destination, origin, days in (("DE", "CN", 3.0), ("US", "CN", 5.0), ("BR", "CN", 9.0)):
        found = case(step("linehaul.departed"), at=24 * (days + 1), limits=book, destination=destination, origin=origin)
        assert [finding.evidence["limit_days"] for finding in findings(found)] == [days]


def test_a_scan_inside_one_phase_does_not_start_its_clock_anew() -> None:
    found = case(step("origin.picked_up", 0, "CN"), step("linehaul.departed", 24 * 30, "CN"), at=24 * 36)

    assert [(one.kind.value, one.stage, one.since) for one in findings(found)] == [("stalled", "accepted", START)]


def test_a_limit_of_some_hours_alarms_only_after_days() -> None:
    book = Book({("last_mile", "", ""): (0.3, 50)})

    assert kinds(case(OUT, at=60 + 49, limits=book)) == set()
    assert kinds(case(OUT, at=60 + 50, limits=book)) == {"stalled"}


def test_the_evidence_says_what_shows_it() -> None:
    words = "Der Zoll benötigt weitere Unterlagen"
    (found,) = findings(case(step("import.customs_info_required", 2, "DE", words)))

    assert found.since == hours(2)
    assert found.evidence == {
        "scan": "import.customs_info_required",
        "words": words,
        "country": "DE",
        "cause": "papers_missing",
    }


STEPS = st.lists(
    st.builds(
        Step,
        scan=st.sampled_from(Scan),
        at=st.floats(0, 800).map(hours) | st.none(),
        country=st.sampled_from(["", "CN", "DE", "US", "ZZ"]),
        leg=st.integers(0, 1),
    ),
    max_size=12,
)


@given(STEPS, st.floats(0, 2000))
def test_nothing_changes_by_silence_before_the_next_look(steps: list[Step], at: float) -> None:
    before = case(*steps, at=at, **LATE)
    look = next_look(before)

    later = (look or before.now + timedelta(days=400)) - timedelta(seconds=1)
    after = case(*steps, at=max(at, (later - START) / timedelta(hours=1)), **LATE)

    assert kinds(after) == kinds(before)
