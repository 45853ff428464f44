"""Alerts in the database: opened once for each milestone, closed by the event that ends them, stable under replay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.alerts.dwell_limits import CACHED_DWELL_LIMITS, update_dwell_limits
from tracking.carriers.parsed import ParsedScan
from tracking.ingest import alerts
from tracking.models import Alert, ClearanceCurve, Leg, MilestoneDwellLimit, Shipment
from tracking.vocabulary import FeedState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def report_scans(leg: Leg, *scans: tuple[str, str] | tuple[str, str, str]) -> None:
    """Record a payload for a leg with these scans: name, local time and, optionally, text."""
    parsed: list[ParsedScan] = [
        factories.build_scan(name, f"{at}+02:00", country="US", text=text[0] if text else "")
        for name, at, *text in scans
    ]
    record_shipment(leg, factories.build_shipment(*parsed), factories.create_payload())


def alert_rows() -> list[tuple[str, str, bool, str]]:
    """Return kind, milestone, whether it is open, and the reason for closing of all alerts, oldest first."""
    rows = Alert.objects.order_by("pk").values_list("kind", "milestone", "closed_at", "closed_by")
    return [(kind, milestone, closed_at is None, closed_by) for kind, milestone, closed_at, closed_by in rows]


def test_an_alert_opens_with_its_scan_and_keeps_the_evidence() -> None:
    leg = factories.create_leg()

    report_scans(leg, ("import.customs_info_required", "2026-09-19T10:00:00", "Invoice missing"))

    alert = Alert.objects.get()
    assert (alert.kind, alert.milestone, alert.severity) == ("papers_asked", "pending", "act")
    assert alert.started_at == datetime(2026, 9, 19, 8, tzinfo=UTC)
    assert alert.evidence["text"] == "Invoice missing"


def test_the_event_that_ends_a_problem_is_stored_as_the_reason() -> None:
    leg = factories.create_leg()
    report_scans(leg, ("import.duties_due", "2026-09-19T10:00:00"))

    report_scans(leg, ("import.customs_released", "2026-09-20T10:00:00"))

    assert alert_rows() == [("duties_due", "pending", False, "import.customs_released")]


def test_the_same_scans_again_change_nothing() -> None:
    leg = factories.create_leg()
    scans = ("import.customs_presented", "2026-09-18T09:00:00"), ("import.customs_held", "2026-09-19T10:00:00")
    report_scans(leg, *scans)
    before = list(Alert.objects.values())

    report_scans(leg, *scans)
    report_scans(leg, *scans, ("unmapped", "2026-09-19T09:00:00"))

    assert list(Alert.objects.values()) == before


def test_a_second_scan_of_the_same_problem_updates_the_alert() -> None:
    leg = factories.create_leg()
    report_scans(leg, ("delivery.out_for_delivery", "2026-09-18T08:00:00"))
    report_scans(leg, ("delivery.attempt_failed_other", "2026-09-18T12:00:00"))

    report_scans(leg, ("delivery.attempt_failed_other", "2026-09-19T12:00:00"))

    assert alert_rows() == [("attempted", "out_for_delivery", True, "")]
    assert Alert.objects.get().evidence["attempts"] == 2


def test_a_problem_that_returns_after_its_end_is_a_new_alert() -> None:
    leg = factories.create_leg()
    for day in (17, 18):
        report_scans(leg, ("delivery.out_for_delivery", f"2026-09-{day}T08:00:00"))
        report_scans(leg, ("delivery.attempt_failed_other", f"2026-09-{day}T12:00:00"))

    key = ("attempted", "out_for_delivery")
    attempts = [row for row in alert_rows() if row[0] == "attempted"]
    assert attempts == [(*key, False, "delivery.out_for_delivery"), (*key, True, "")]


def test_a_batch_without_changes_needs_no_query_for_alerts(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    report_scans(factories.create_leg(), ("import.customs_held", "2026-09-19T10:00:00"))

    with django_assert_num_queries(0):
        assert alerts.refresh_changed_alerts([], NOW) == []


def test_silence_opens_an_alert_when_it_is_due() -> None:
    report_scans(factories.create_leg(feed_state=FeedState.CANCELLED), ("linehaul.departed", "2026-09-19T10:00:00"))
    due_at = Shipment.objects.get().alerts_due_at
    assert due_at is not None
    assert due_at == datetime(2026, 9, 19, 8, tzinfo=UTC) + 0.98 * timedelta(days=35) + timedelta(hours=2)

    assert alerts.check_due_alerts(due_at - timedelta(seconds=1)) == 0
    assert alerts.check_due_alerts(due_at) == 1

    assert alert_rows() == [("stalled", "accepted", True, "")]
    assert Shipment.objects.get().alerts_due_at is None
    assert alerts.check_due_alerts(due_at + timedelta(days=300)) == 0


def test_a_new_parcel_is_checked_once_and_again_when_it_stalls() -> None:
    shipment = factories.create_leg().shipment
    shipment.order.placed_at = NOW
    shipment.order.save()

    assert alerts.check_due_alerts(NOW) == 1
    assert alerts.check_due_alerts(NOW) == 0
    assert alerts.check_due_alerts(NOW + timedelta(days=15)) == 1

    assert alert_rows() == [("stalled", "pending", True, "")]


def test_a_delivered_parcel_is_never_due_again() -> None:
    report_scans(factories.create_leg(), ("delivery.delivered", "2026-09-19T10:00:00"))

    assert Shipment.objects.get().alerts_due_at is None


def test_a_silent_feed_has_its_own_alert_that_closes_when_the_feed_answers() -> None:
    leg = factories.create_leg(consecutive_failures=5, next_check_at=NOW)
    Shipment.objects.update(alerts_due_at=NOW)
    alerts.check_due_alerts(NOW)
    assert ("feed_silent", "", True, "") in alert_rows()

    Leg.objects.filter(pk=leg.pk).update(consecutive_failures=0)
    alerts.check_due_alerts(NOW + timedelta(hours=2))

    assert ("feed_silent", "", False, "no longer so") in alert_rows()


def test_a_snoozed_alert_stays_open_and_is_still_updated() -> None:
    leg = factories.create_leg()
    report_scans(leg, ("delivery.attempt_failed_other", "2026-09-18T12:00:00"))
    Alert.objects.update(snoozed_until=NOW + timedelta(days=2))

    report_scans(leg, ("delivery.attempt_failed_other", "2026-09-19T12:00:00"))

    assert Alert.objects.open().count() == 1
    assert Alert.objects.not_snoozed(NOW).count() == 0
    assert Alert.objects.not_snoozed(NOW + timedelta(days=2)).count() == 1
    assert Alert.objects.get().evidence["attempts"] == 2


def test_a_withdrawn_scan_closes_its_alert_and_a_restored_one_reopens_it() -> None:
    leg = factories.create_leg()
    held = factories.build_scan("import.customs_held", "2026-09-19T10:00:00+02:00", text="x", code="C")
    corrected = held._replace(scan=factories.build_scan("import.customs_presented").scan)
    for scan, is_open in ((held, True), (corrected, False), (held, True)):
        record_shipment(leg, factories.build_shipment(scan), factories.create_payload())
        assert Alert.objects.open().filter(kind="held").exists() is is_open

    assert Alert.objects.filter(kind="held").count() == 1


def test_limits_are_learned_from_the_parcels_of_the_last_year() -> None:
    for number in range(25):
        leg = factories.create_leg(f"N{number}")
        report_scans(
            leg,
            ("linehaul.departed", "2026-09-01T10:00:00"),
            ("import.customs_presented", f"2026-09-{2 + number % 5:02d}T10:00:00"),
            ("import.customs_released", "2026-09-10T10:00:00"),
            ("lastmile.handed_over", f"2026-09-{11 + number % 3:02d}T10:00:00"),
        )

    report_scans(factories.create_leg("NOTHING"), ("unmapped", "2026-09-10T10:00:00"))
    assert update_dwell_limits(NOW) > 0

    limit = MilestoneDwellLimit.objects.get(milestone="accepted", destination="US", origin="")
    assert (limit.limit_days, limit.parcel_count) == (5.0, 25)
    curve = ClearanceCurve.objects.get(destination="US", origin="")
    assert curve.released_share_by_day[3] < curve.released_share_by_day[-1] == 1.0
    CACHED_DWELL_LIMITS.invalidate()
    clearance = CACHED_DWELL_LIMITS.get().clearance_for("CN", "US")
    assert clearance is not None
    assert (clearance.population, clearance.parcel_count) == ("destination", 25)


def test_a_batch_of_any_size_is_checked_in_the_same_number_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        factories.create_leg(f"N{number}", next_check_at=NOW)
    Shipment.objects.update(alerts_due_at=NOW)

    with django_assert_max_num_queries(14):
        assert alerts.check_due_alerts(NOW) == 30
