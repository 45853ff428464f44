"""Alarms in the database: opened once a stage, closed by the event that ends them, untouched by replay and silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from tests import make
from tracking.alerts.limits import SHELF, learn_limits
from tracking.carriers.parsed import ToldScan
from tracking.ingest import alerts
from tracking.ingest.record import record
from tracking.models import Alert, ClearanceCurve, Leg, Shipment, StageLimit

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def told(leg: Leg, *scans: tuple[str, str] | tuple[str, str, str]) -> None:
    """Have a leg's feed tell scans: name, time, words."""
    every: list[ToldScan] = [
        make.scan(name, f"{at}+02:00", country="US", words=words[0] if words else "") for name, at, *words in scans
    ]
    record(leg, make.parcel(*every), make.payload())


def rows() -> list[tuple[str, str, bool, str]]:
    """Return what is known of all alarms."""
    found = Alert.objects.order_by("pk").values_list("kind", "stage", "closed_at", "closed_by")
    return [(kind, stage, closed is None, by) for kind, stage, closed, by in found]


def test_an_alarm_opens_with_the_news_and_keeps_its_evidence() -> None:
    leg = make.leg()

    told(leg, ("import.customs_info_required", "2026-09-19T10:00:00", "Invoice missing"))

    alert = Alert.objects.get()
    assert (alert.kind, alert.stage, alert.severity) == ("papers_asked", "pending", "act")
    assert alert.since == datetime(2026, 9, 19, 8, tzinfo=UTC)
    assert alert.evidence["words"] == "Invoice missing"


def test_the_event_that_ends_it_closes_it_by_name() -> None:
    leg = make.leg()
    told(leg, ("import.duties_due", "2026-09-19T10:00:00"))

    told(leg, ("import.customs_released", "2026-09-20T10:00:00"))

    assert rows() == [("duties_due", "pending", False, "import.customs_released")]


def test_the_same_news_again_changes_nothing() -> None:
    leg = make.leg()
    news = ("import.customs_presented", "2026-09-18T09:00:00"), ("import.customs_held", "2026-09-19T10:00:00")
    told(leg, *news)
    before = list(Alert.objects.values())

    told(leg, *news)
    told(leg, *news, ("unmapped", "2026-09-19T09:00:00"))

    assert list(Alert.objects.values()) == before


def test_a_second_scan_of_one_trouble_updates_and_opens_nothing() -> None:
    leg = make.leg()
    told(leg, ("delivery.out_for_delivery", "2026-09-18T08:00:00"))
    told(leg, ("delivery.attempt_failed_other", "2026-09-18T12:00:00"))

    told(leg, ("delivery.attempt_failed_other", "2026-09-19T12:00:00"))

    assert rows() == [("attempted", "out_for_delivery", True, "")]
    assert Alert.objects.get().evidence["attempts"] == 2


def test_a_trouble_that_comes_again_after_it_ended_is_another_one() -> None:
    leg = make.leg()
    for day in (17, 18):
        told(leg, ("delivery.out_for_delivery", f"2026-09-{day}T08:00:00"))
        told(leg, ("delivery.attempt_failed_other", f"2026-09-{day}T12:00:00"))

    stage = ("attempted", "out_for_delivery")
    attempts = [row for row in rows() if row[0] == "attempted"]
    assert attempts == [(*stage, False, "delivery.out_for_delivery"), (*stage, True, "")]


def test_an_answer_without_news_costs_no_query_for_alarms(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    told(make.leg(), ("import.customs_held", "2026-09-19T10:00:00"))

    with django_assert_num_queries(0):
        assert alerts.watch_moved([], NOW) == []


def test_silence_opens_an_alarm_when_its_time_has_come() -> None:
    told(make.leg(next_check_at=None), ("linehaul.departed", "2026-09-19T10:00:00"))
    look = Shipment.objects.get().look_at
    assert look is not None
    assert look == datetime(2026, 9, 19, 8, tzinfo=UTC) + 0.98 * timedelta(days=35) + timedelta(hours=2)

    assert alerts.sweep(look - timedelta(seconds=1)) == 0
    assert alerts.sweep(look) == 1

    assert rows() == [("stalled", "accepted", True, "")]
    assert Shipment.objects.get().look_at is None
    assert alerts.sweep(look + timedelta(days=300)) == 0


def test_a_new_parcel_is_looked_at_once_and_named_when_it_stalls() -> None:
    shipment = make.leg().shipment
    shipment.order.placed_at = NOW
    shipment.order.save()

    assert alerts.sweep(NOW) == 1
    assert alerts.sweep(NOW) == 0
    assert alerts.sweep(NOW + timedelta(days=15)) == 1

    assert rows() == [("stalled", "pending", True, "")]


def test_a_delivered_parcel_is_never_looked_at_again() -> None:
    told(make.leg(), ("delivery.delivered", "2026-09-19T10:00:00"))

    assert Shipment.objects.get().look_at is None


def test_a_silent_feed_is_an_alarm_of_its_own_and_ends_when_it_is_heard() -> None:
    leg = make.leg(failures=5, next_check_at=NOW)
    Shipment.objects.update(look_at=NOW)
    alerts.sweep(NOW)
    assert ("feed_silent", "", True, "") in rows()

    Leg.objects.filter(pk=leg.pk).update(failures=0)
    alerts.sweep(NOW + timedelta(hours=2))

    assert ("feed_silent", "", False, "no longer so") in rows()


def test_a_snoozed_alarm_stays_open_asleep_and_is_still_updated() -> None:
    leg = make.leg()
    told(leg, ("delivery.attempt_failed_other", "2026-09-18T12:00:00"))
    Alert.objects.update(snoozed_until=NOW + timedelta(days=2))

    told(leg, ("delivery.attempt_failed_other", "2026-09-19T12:00:00"))

    assert Alert.objects.open().count() == 1
    assert Alert.objects.awake(NOW).count() == 0
    assert Alert.objects.awake(NOW + timedelta(days=2)).count() == 1
    assert Alert.objects.get().evidence["attempts"] == 2


def test_a_scan_taken_back_closes_its_alarm_and_brought_back_opens_it_again() -> None:
    leg = make.leg()
    held = make.scan("import.customs_held", "2026-09-19T10:00:00+02:00", words="x", code="C")
    read_otherwise = held._replace(scan=make.scan("import.customs_presented").scan)
    for scan, is_open in ((held, True), (read_otherwise, False), (held, True)):
        record(leg, make.parcel(scan), make.payload())
        assert Alert.objects.open().filter(kind="held").exists() is is_open

    assert Alert.objects.filter(kind="held").count() == 1


def test_limits_are_learned_from_the_parcels_of_the_year() -> None:
    for number in range(25):
        leg = make.leg(f"N{number}")
        told(
            leg,
            ("linehaul.departed", "2026-09-01T10:00:00"),
            ("import.customs_presented", f"2026-09-{2 + number % 5:02d}T10:00:00"),
            ("import.customs_released", "2026-09-10T10:00:00"),
            ("lastmile.handed_over", f"2026-09-{11 + number % 3:02d}T10:00:00"),
        )

    told(make.leg("NOTHING"), ("unmapped", "2026-09-10T10:00:00"))
    assert learn_limits(NOW) > 0

    limit = StageLimit.objects.get(stage="accepted", destination="US", origin="")
    assert (limit.days, limit.parcels) == (5.0, 25)
    curve = ClearanceCurve.objects.get(destination="US", origin="")
    assert curve.points[3] < curve.points[-1] == 1.0
    SHELF.forget()
    found = SHELF.current().curve("CN", "US")
    assert found is not None
    assert (found.level, found.parcels) == ("destination", 25)


def test_a_group_is_watched_in_the_same_number_of_statements_whatever_its_size(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        make.leg(f"N{number}", next_check_at=NOW)
    Shipment.objects.update(look_at=NOW)

    with django_assert_max_num_queries(14):
        assert alerts.sweep(NOW) == 30
