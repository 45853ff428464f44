"""The status derived from scans: progress, deliveries that stay, overlays that end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.journey import JourneyStep, ShipmentStatus, derive_status
from tracking.vocabulary import MILESTONE_OF_SCAN, MILESTONE_RANKS, Milestone, Overlay, Precision, Scan

START_AT = datetime(2026, 9, 1, tzinfo=UTC)


def status_after(
    *scans: str, origin: str | None = None, destination: str | None = None, country: str | None = None
) -> ShipmentStatus:
    steps = [
        JourneyStep(Scan(scan), START_AT + timedelta(hours=hour), 0, hour, country)
        for hour, scan in enumerate(scans, start=1)
    ]
    return derive_status(steps, origin=origin, destination=destination)


@pytest.mark.parametrize(
    ("scans", "milestone", "overlay"),
    [
        ([], Milestone.PENDING, None),
        (["order.label_created"], Milestone.INFO_RECEIVED, None),
        (["origin.picked_up", "unmapped"], Milestone.ACCEPTED, None),
        (["linehaul.departed", "origin.facility_departed"], Milestone.LINEHAUL, None),
        (["import.customs_presented", "import.customs_held"], Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION),
        (["import.customs_held", "linehaul.in_transit"], Milestone.LINEHAUL, Overlay.EXCEPTION),
        (["import.customs_held", "import.customs_released"], Milestone.IMPORT_CUSTOMS, None),
        (["import.duties_due", "lastmile.facility_arrived"], Milestone.LAST_MILE, None),
        (["lastmile.facility_arrived", "import.customs_presented"], Milestone.IMPORT_CUSTOMS, None),
        (
            ["delivery.out_for_delivery", "delivery.attempt_failed_absent"],
            Milestone.OUT_FOR_DELIVERY,
            Overlay.ATTEMPT_FAILED,
        ),
        (
            ["delivery.attempt_failed_absent", "lastmile.facility_arrived"],
            Milestone.LAST_MILE,
            Overlay.ATTEMPT_FAILED,
        ),
        (["delivery.attempt_failed_absent", "delivery.out_for_delivery"], Milestone.OUT_FOR_DELIVERY, None),
        (["exception.lost", "lastmile.facility_arrived"], Milestone.LAST_MILE, None),
        (["exception.delayed", "delivery.delivered"], Milestone.DELIVERED, None),
        (["delivery.delivered", "lastmile.facility_arrived"], Milestone.DELIVERED, None),
        (["delivery.delivered", "exception.delayed"], Milestone.DELIVERED, None),
        (["delivery.delivered", "exception.damaged"], Milestone.DELIVERED, Overlay.EXCEPTION),
        (["exception.damaged", "delivery.delivered"], Milestone.DELIVERED, Overlay.EXCEPTION),
        (["exception.damaged", "delivery.out_for_delivery", "delivery.delivered"], Milestone.DELIVERED, None),
        (
            ["delivery.out_for_delivery", "delivery.delivered", "return.started"],
            Milestone.OUT_FOR_DELIVERY,
            Overlay.RETURNING,
        ),
        (["return.started", "origin.facility_arrived"], Milestone.PENDING, Overlay.RETURNING),
        (["lastmile.facility_arrived", "return.started", "return.completed"], Milestone.RETURNED, None),
        (["return.completed", "delivery.delivered"], Milestone.RETURNED, None),
        (["order.cancelled", "origin.picked_up"], Milestone.ACCEPTED, None),
    ],
)
def test_scans_give_a_milestone_and_an_overlay(scans: list[str], milestone: Milestone, overlay: Overlay | None) -> None:
    status = status_after(*scans)

    assert (status.milestone, status.overlay) == (milestone, overlay)


def test_a_delivery_in_the_senders_country_completes_a_return() -> None:
    status = status_after("return.started", "delivery.delivered", origin="CN", destination="DE", country="CN")

    assert status.milestone is Milestone.RETURNED


def test_a_delivery_in_the_buyers_country_after_a_mistaken_return_is_a_delivery() -> None:
    status = status_after("return.started", "delivery.delivered", origin="CN", destination="DE", country="DE")

    assert (status.milestone, status.overlay) == (Milestone.DELIVERED, None)


@pytest.mark.parametrize("country", ["CN", "DE"])
def test_a_delivery_after_a_return_of_a_domestic_parcel_went_to_the_sender(country: str) -> None:
    status = status_after("return.started", "delivery.delivered", origin=country, destination=country, country=country)

    assert (status.milestone, status.delivered_at) == (Milestone.RETURNED, None)


def test_a_delivery_without_a_country_after_a_return_went_to_the_sender() -> None:
    status = status_after(
        "lastmile.facility_arrived", "return.started", "delivery.delivered", origin="CN", destination="DE"
    )

    assert status.milestone is Milestone.RETURNED


def test_a_delivery_in_the_origin_country_before_export_is_a_handover_by_a_courier() -> None:
    status = status_after("origin.picked_up", "delivery.delivered", origin="CN", destination="DE", country="CN")

    assert (status.milestone, status.delivered_at) == (Milestone.ACCEPTED, None)


def test_a_delivery_in_the_origin_country_after_import_is_a_return() -> None:
    status = derive_status(
        [
            JourneyStep(Scan.LINEHAUL_DEPARTED, START_AT, 0, 0, "CN"),
            JourneyStep(Scan.LASTMILE_FACILITY_ARRIVED, START_AT + timedelta(days=5), 1, 0, "DE"),
            JourneyStep(Scan.DELIVERY_DELIVERED, START_AT + timedelta(days=20), 0, 1, "CN"),
        ],
        origin="CN",
        destination="DE",
    )

    assert (status.milestone, status.delivered_at) == (Milestone.RETURNED, None)


@pytest.mark.parametrize(
    ("later", "milestone"), [(timedelta(minutes=5), Milestone.DELIVERED), (timedelta(days=9), Milestone.RETURNED)]
)
def test_a_delivered_parcel_is_returned_only_after_a_realistic_time(later: timedelta, milestone: Milestone) -> None:
    status = derive_status(
        [
            JourneyStep(Scan.DELIVERY_DELIVERED, START_AT, 1, 0, "DE"),
            JourneyStep(Scan.DELIVERY_DELIVERED, START_AT + later, 0, 0, "CN"),
        ],
        origin="CN",
        destination="DE",
    )

    assert status.milestone is milestone


def test_the_first_of_two_deliveries_gives_the_time() -> None:
    status = status_after("delivery.delivered", "delivery.delivered")

    assert status.delivered_at == START_AT + timedelta(hours=1)


def test_every_scan_but_unmapped_has_a_milestone() -> None:
    assert [scan for scan in Scan if MILESTONE_OF_SCAN[scan] is None] == [Scan.UNMAPPED]


STEPS = st.lists(
    st.builds(
        JourneyStep,
        scan=st.sampled_from(Scan),
        occurred_at=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)),
        leg_position=st.integers(0, 2),
        sequence=st.integers(0, 30),
        country=st.sampled_from(["CN", "DE", None]),
        offset_minutes=st.sampled_from([None, 60, 480]),
        local_time=st.sampled_from(["", "2026-01-12T10:00:00", "2026-01-20T00:00:00"]),
        precision=st.sampled_from(Precision),
        feed_id=st.sampled_from([None, 1, 2]),
        event_key=st.none(),
        city=st.sampled_from(["", "Shanghai", "Berlin"]),
        zone=st.just(""),
        missing_since=st.none(),
        is_statement=st.just(False),
    ),
    max_size=25,
    unique_by=lambda step: (step.leg_position, step.sequence),
)


@given(STEPS, st.randoms())
def test_the_order_of_arrival_does_not_matter(steps: list[JourneyStep], random: object) -> None:
    shuffled = list(steps)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert derive_status(shuffled, origin="CN", destination="DE") == derive_status(steps, origin="CN", destination="DE")


@given(STEPS)
def test_scans_of_earlier_phases_never_undo_a_delivery(steps: list[JourneyStep]) -> None:
    forward = [step for step in steps if step.scan.phase not in ("return", "origin", "delivery", "pickup", "exception")]
    delivered = JourneyStep(Scan.DELIVERY_DELIVERED, datetime(2026, 1, 15, tzinfo=UTC), 0, 99)

    assert derive_status([*forward, delivered]).milestone is Milestone.DELIVERED


@given(STEPS)
def test_the_milestone_is_one_that_a_scan_has(steps: list[JourneyStep]) -> None:
    status = derive_status(steps)
    reached = {MILESTONE_OF_SCAN[step.scan] for step in steps} | {Milestone.PENDING}
    if Milestone.DELIVERED in reached:
        reached.add(Milestone.RETURNED)

    assert status.milestone in reached
    assert status.milestone in MILESTONE_RANKS or status.milestone is Milestone.RETURNED
