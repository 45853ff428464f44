"""Each kind of alert: what opens it, what does not, and what ends it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.snapshots import START, hours_after_start, make_event, make_snapshot
from tracking.alerts.dwell_limits import DwellLimitTable
from tracking.alerts.rules import RULES, find_problems, next_due_at
from tracking.alerts.snapshot import FeedHealth, ShipmentSnapshot, SnapshotEvent
from tracking.vocabulary import AlertKind, Scan

PRESENTED = make_event("import.customs_presented", 1, "DE")
PAPERS_REQUESTED = make_event("import.customs_info_required", 2, "DE")
OUT_FOR_DELIVERY = make_event("delivery.out_for_delivery", 60, "DE")
DELIVERED = make_event("delivery.delivered", 65, "DE")
PROMISED = {"promised_on": date(2026, 9, 14)}


def problem_kinds(snapshot: ShipmentSnapshot) -> set[str]:
    return {finding.kind.value for finding in find_problems(snapshot)}


OPENING_EXAMPLES: list[tuple[str, list[SnapshotEvent], dict[str, Any]]] = [
    ("customs_dwell", [PRESENTED], {"at_hour": 24 * 10}),
    ("papers_asked", [PAPERS_REQUESTED], {}),
    ("papers_asked", [make_event("import.customs_held", 2, "DE", "Documents manquants")], {}),
    ("papers_asked", [PRESENTED, make_event("unmapped", 5, "DE", "Der Zoll benötigt weitere Unterlagen")], {}),
    ("tax_id_asked", [make_event("import.customs_info_required", 2, "DE", "EORI number required")], {}),
    ("duties_due", [make_event("import.duties_due", 2, "DE")], {}),
    ("duties_due", [make_event("import.customs_held", 2, "DE", "进口关税待支付，暂扣")], {}),
    ("address_problem", [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_address", 70, "DE")], {}),
    (
        "address_problem",
        [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_other", 70, "DE", "Adresse unvollständig")],
        {},
    ),
    (
        "unreachable",
        [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_other", 70, "DE", "Wrong telephone number")],
        {},
    ),
    (
        "unreachable",
        [
            OUT_FOR_DELIVERY,
            make_event("delivery.attempt_failed_absent", 70),
            make_event("delivery.attempt_failed_absent", 94),
        ],
        {},
    ),
    ("stalled", [make_event("linehaul.departed", 0, "CN")], {"at_hour": 24 * 36}),
    ("stalled", [], {"at_hour": 24 * 15}),
    ("late_risk", [make_event("linehaul.departed")], {**PROMISED, "late_probability": 0.5}),
    (
        "late_risk",
        [make_event("linehaul.departed")],
        {**PROMISED, "late_probability": 0.4, "open_kinds": frozenset({AlertKind.LATE_RISK})},
    ),
    ("promise_at_risk", [make_event("linehaul.departed")], {**PROMISED, "at_hour": 24 * 4}),
    ("promise_at_risk", [OUT_FOR_DELIVERY], {**PROMISED, "at_hour": 24 * 8}),
    ("attempted", [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_absent", 70, "DE")], {}),
    ("pickup_expiring", [make_event("pickup.available", 0, "DE", "kept for 5 days")], {"at_hour": 24 * 4}),
    ("pickup_expiring", [make_event("pickup.available", 0, "DE")], {"at_hour": 24 * 5}),
    (
        "pickup_expiring",
        [make_event("pickup.available", 0, "DE")],
        {"at_hour": 24 * 2, "pickup_until": date(2026, 9, 11)},
    ),
    ("held", [make_event("import.customs_held", 2, "DE")], {}),
    ("held", [make_event("import.terminated", 2, "DE")], {}),
    ("held", [make_event("lastmile.held", 2, "DE")], {}),
    ("damaged", [make_event("exception.damaged", 2)], {}),
    ("damaged", [make_event("delivery.delivered", 2), make_event("exception.damaged", 3)], {}),
    ("lost", [make_event("exception.lost", 2)], {}),
    ("returning", [make_event("return.started", 2)], {}),
    ("delivery_withdrawn", [DELIVERED, make_event("delivery.attempt_failed_absent", 90, "DE")], {}),
    ("delivery_withdrawn", [OUT_FOR_DELIVERY], {"delivery_withdrawn_at": hours_after_start(70)}),
    ("delivery_withdrawn", [DELIVERED], {"delivery_doubted_at": hours_after_start(70)}),
    ("wrong_country", [PRESENTED, make_event("lastmile.facility_arrived", 50, "PL")], {}),
    ("wrong_country", [make_event("delivery.delivered", 50, "PL")], {}),
    (
        "impossible_travel",
        [make_event("linehaul.departed", 1, "CN"), make_event("linehaul.transit_arrived", 2, "US")],
        {},
    ),
    (
        "impossible_travel",
        [
            make_event("linehaul.departed", 1, "CN", lat=23.1, lon=113.3),
            make_event("linehaul.arrived_destination", 4, "DE", lat=50.1, lon=8.7),
        ],
        {},
    ),
    ("two_parcels", [make_event("delivery.delivered", -100, "DE")], {}),
    ("two_parcels", [make_event("delivery.delivered", 10, "DE"), make_event("origin.picked_up", 60, "CN")], {}),
    ("two_parcels", [make_event("origin.picked_up", 10, "CN")], {"has_other_parcel": True}),
    ("feed_silent", [], {"feeds": (FeedHealth("17TRACK", failures=3),)}),
    ("feed_silent", [], {"feeds": (FeedHealth("17TRACK", due_at=hours_after_start(70)),)}),
]


@pytest.mark.parametrize(("kind", "events", "fields"), OPENING_EXAMPLES)
def test_the_alert_opens(kind: str, events: list[SnapshotEvent], fields: dict[str, Any]) -> None:
    assert kind in problem_kinds(make_snapshot(*events, **fields))


def test_every_kind_has_a_rule_and_an_example_that_opens_it() -> None:
    assert (
        {kind for kind, *_ in OPENING_EXAMPLES} == {kind.value for kind in RULES} == {kind.value for kind in AlertKind}
    )


@pytest.mark.parametrize(
    ("kind", "events", "fields"),
    [
        ("customs_dwell", [PRESENTED], {"at_hour": 24 * 9}),
        ("customs_dwell", [PAPERS_REQUESTED], {"at_hour": 24 * 30}),
        ("customs_dwell", [make_event("export.customs_presented", 1, "CN")], {"at_hour": 24 * 30}),
        ("papers_asked", [PRESENTED], {}),
        ("papers_asked", [make_event("unmapped", 2, "DE", "Documents received")], {}),
        ("papers_asked", [make_event("delivery.attempt_failed_other", 2, "DE", "Documents required")], {}),
        ("duties_due", [make_event("import.customs_held", 2, "DE", "Customs duties paid")], {}),
        (
            "address_problem",
            [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_other", 70, "DE", "Address confirmed")],
            {},
        ),
        ("unreachable", [OUT_FOR_DELIVERY, make_event("delivery.attempt_failed_absent", 70)], {}),
        ("stalled", [make_event("linehaul.departed")], {"at_hour": 24 * 34}),
        ("stalled", [PRESENTED], {"at_hour": 24 * 90}),
        ("stalled", [make_event("exception.lost")], {"at_hour": 24 * 90}),
        ("late_risk", [make_event("linehaul.departed")], PROMISED),
        ("late_risk", [make_event("linehaul.departed")], {**PROMISED, "late_probability": 0.4}),
        ("late_risk", [make_event("linehaul.departed")], {"late_probability": 0.9}),
        ("promise_at_risk", [make_event("linehaul.departed")], {**PROMISED, "at_hour": 24 * 2}),
        (
            "promise_at_risk",
            [make_event("linehaul.departed")],
            {**PROMISED, "at_hour": 24 * 5, "late_probability": 0.0},
        ),
        ("promise_at_risk", [OUT_FOR_DELIVERY], {**PROMISED, "at_hour": 24 * 5}),
        ("attempted", [OUT_FOR_DELIVERY], {}),
        ("attempted", [make_event("delivery.attempt_failed_address", 70)], {}),
        ("pickup_expiring", [make_event("pickup.available", 0, "DE", "kept for 15 days")], {"at_hour": 24 * 10}),
        ("delivery_withdrawn", [DELIVERED], {}),
        ("delivery_withdrawn", [OUT_FOR_DELIVERY], {"delivery_doubted_at": hours_after_start(70)}),
        ("delivery_withdrawn", [DELIVERED], {"delivery_withdrawn_at": hours_after_start(60)}),
        (
            "delivery_withdrawn",
            [DELIVERED, make_event("return.started", 99, "DE")],
            {"delivery_doubted_at": hours_after_start(70), "at_hour": 120},
        ),
        ("held", [PAPERS_REQUESTED], {}),
        ("held", [make_event("exception.delayed")], {}),
        (
            "wrong_country",
            [make_event("linehaul.transit_arrived", 10, "BE"), make_event("linehaul.departed", 1, "CN")],
            {},
        ),
        ("wrong_country", [PRESENTED, make_event("linehaul.transit_departed", 9, "CN")], {}),
        (
            "wrong_country",
            [PRESENTED, make_event("return.started", 9, "DE"), make_event("lastmile.held", 50, "PL")],
            {},
        ),
        (
            "wrong_country",
            [PRESENTED, make_event("lastmile.held", 50, "PL"), make_event("lastmile.held", 60, "DE")],
            {},
        ),
        (
            "impossible_travel",
            [make_event("linehaul.departed", 1, "CN"), make_event("linehaul.in_transit", 9, "DE")],
            {},
        ),
        ("impossible_travel", [make_event("linehaul.departed", 1, "CN"), make_event("lastmile.held", 1.5, "HK")], {}),
        (
            "impossible_travel",
            [make_event("linehaul.departed", 1, "CN"), make_event("lastmile.held", 2, "DE", leg_position=1)],
            {},
        ),
        (
            "impossible_travel",
            [make_event("linehaul.departed", 1, "CN"), make_event("lastmile.held", 2, "DE", is_time_trusted=False)],
            {},
        ),
        ("wrong_country", [make_event("delivery.delivered", 50, "CN")], {}),
        ("two_parcels", [DELIVERED], {"has_other_parcel": True}),
        ("two_parcels", [make_event("delivery.delivered", 10, "DE"), make_event("origin.picked_up", 20, "CN")], {}),
        (
            "two_parcels",
            [
                make_event("return.started", 5, "DE"),
                make_event("delivery.delivered", 50, "CN"),
                make_event("origin.picked_up", 90, "CN"),
            ],
            {},
        ),
        (
            "two_parcels",
            [make_event("delivery.delivered", 10, "DE"), make_event("origin.picked_up", 60, "CN")],
            {"is_sent_again": True},
        ),
        (
            "two_parcels",
            [make_event("delivery.delivered", 10, "DE"), make_event("origin.picked_up", 60, "CN", leg_position=1)],
            {},
        ),
        ("feed_silent", [], {"feeds": (FeedHealth("17TRACK", failures=2),)}),
        (
            "feed_silent",
            [],
            {"feeds": (FeedHealth("17TRACK", failures=9), FeedHealth("DHL", due_at=hours_after_start(99)))},
        ),
        ("feed_silent", [], {"feeds": ()}),
    ],
)
def test_the_alert_does_not_open(kind: str, events: list[SnapshotEvent], fields: dict[str, Any]) -> None:
    assert kind not in problem_kinds(make_snapshot(*events, **fields))


@pytest.mark.parametrize(("destination", "past"), [("DE", True), ("US", False), ("JP", True)])
def test_a_promised_day_is_past_once_it_is_over_at_the_destination(destination: str, past: bool) -> None:
    at_three_utc = make_snapshot(
        make_event("linehaul.departed"), **PROMISED, destination=destination, at_hour=24 * 8 + 3
    )

    (finding,) = (finding for finding in find_problems(at_three_utc) if finding.kind is AlertKind.PROMISE_AT_RISK)

    assert finding.evidence["past"] is past


@pytest.mark.parametrize(
    ("kind", "problem", "ending", "ending_hour"),
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
def test_the_event_that_ends_the_problem_ends_the_alert(
    kind: str, problem: str, ending: str, ending_hour: float
) -> None:
    fields: dict[str, Any] = {**PROMISED, "at_hour": ending_hour + 1, "late_probability": 0.9}

    assert kind not in problem_kinds(
        make_snapshot(make_event(problem, 1, "DE"), make_event(ending, ending_hour, "DE"), **fields)
    )


def test_a_limit_falls_back_from_the_lane_to_the_destination_to_all_parcels() -> None:
    limits = DwellLimitTable(
        {("accepted", "CN", "DE"): (3.0, 40), ("accepted", "", "US"): (5.0, 30), ("accepted", "", ""): (9.0, 99)}
    )

    for destination, origin, days in (("DE", "CN", 3.0), ("US", "CN", 5.0), ("BR", "CN", 9.0)):
        snapshot = make_snapshot(
            make_event("linehaul.departed"),
            at_hour=24 * (days + 1),
            limits=limits,
            destination=destination,
            origin=origin,
        )
        assert [finding.evidence["limit_days"] for finding in find_problems(snapshot)] == [days]


def test_a_scan_within_a_phase_does_not_restart_its_dwell_time() -> None:
    snapshot = make_snapshot(
        make_event("origin.picked_up", 0, "CN"), make_event("linehaul.departed", 24 * 30, "CN"), at_hour=24 * 36
    )

    findings = [(finding.kind.value, finding.milestone, finding.since) for finding in find_problems(snapshot)]
    assert findings == [("stalled", "accepted", START)]


def test_a_limit_of_a_few_hours_opens_an_alert_only_after_two_days() -> None:
    limits = DwellLimitTable({("last_mile", "", ""): (0.3, 50)})

    assert problem_kinds(make_snapshot(OUT_FOR_DELIVERY, at_hour=60 + 49, limits=limits)) == set()
    assert problem_kinds(make_snapshot(OUT_FOR_DELIVERY, at_hour=60 + 50, limits=limits)) == {"stalled"}


def test_the_evidence_holds_scan_text_country_and_cause() -> None:
    text = "Der Zoll benötigt weitere Unterlagen"
    (finding,) = find_problems(make_snapshot(make_event("import.customs_info_required", 2, "DE", text)))

    assert finding.since == hours_after_start(2)
    assert finding.evidence == {
        "scan": "import.customs_info_required",
        "text": text,
        "country": "DE",
        "cause": "papers_missing",
    }


EVENT_LISTS = st.lists(
    st.builds(
        SnapshotEvent,
        scan=st.sampled_from(Scan),
        occurred_at=st.floats(0, 800).map(hours_after_start) | st.none(),
        country=st.sampled_from(["", "CN", "DE", "US", "ZZ"]),
        leg_position=st.integers(0, 1),
    ),
    max_size=12,
)


@given(EVENT_LISTS, st.floats(0, 2000))
def test_silence_changes_nothing_before_the_next_due_time(events: list[SnapshotEvent], at_hour: float) -> None:
    before = make_snapshot(*events, at_hour=at_hour, **PROMISED)
    due_at = next_due_at(before)

    later = (due_at or before.now + timedelta(days=400)) - timedelta(seconds=1)
    after = make_snapshot(*events, at_hour=max(at_hour, (later - START) / timedelta(hours=1)), **PROMISED)

    assert problem_kinds(after) == problem_kinds(before)


def test_withdrawn_delivery_is_one_alert_with_the_contradiction_as_evidence_until_the_next_delivery() -> None:
    attempted = make_event("delivery.attempt_failed_absent", 90, "DE", "Nobody home")
    findings = [
        {finding.kind: finding for finding in find_problems(make_snapshot(*events, at_hour=120))}
        for events in ([DELIVERED, attempted], [DELIVERED, attempted, make_event("delivery.delivered", 100, "DE")])
    ]

    finding = findings[0][AlertKind.DELIVERY_WITHDRAWN]
    assert (finding.since, finding.milestone) == (hours_after_start(90), "")
    assert finding.evidence["scan"] == "delivery.attempt_failed_absent"
    assert finding.evidence["text"] == "Nobody home"
    assert AlertKind.DELIVERY_WITHDRAWN not in findings[1]
