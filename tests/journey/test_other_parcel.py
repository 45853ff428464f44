"""Two parcels under one number: the other one's scans count for nothing where the evidence is clear."""

from __future__ import annotations

from tests.journey.test_journeys import DELIVERED, OUTBOUND, status_of, step
from tracking.journey import JourneyStep, ShipmentStatus
from tracking.vocabulary import Exclusion, Milestone


def other_scans(status: ShipmentStatus) -> set[str]:
    """Return the scans that were left out as another parcel's."""
    return {key[1] for key, exclusion in status.exclusions.items() if exclusion is Exclusion.OTHER_PARCEL}


def offset_step(days: float, scan: str, country: str) -> JourneyStep:
    return step(days, scan, country, offset_minutes=0)


def test_of_two_deliveries_in_two_countries_that_in_the_destination_counts() -> None:
    foreign = (step(5, "lastmile.facility_arrived", "BR"), step(6, "delivery.delivered", "BR"))

    status = status_of(*OUTBOUND, *foreign, DELIVERED)

    assert (status.milestone, status.delivered_at) == (Milestone.DELIVERED, DELIVERED.occurred_at)
    assert other_scans(status) == {"5 lastmile.facility_arrived", "6 delivery.delivered"}
    assert status.has_other_parcel


def test_one_delivery_in_another_country_is_no_clear_evidence() -> None:
    status = status_of(*OUTBOUND, step(9, "delivery.delivered", "BR"))

    assert (status.milestone, other_scans(status)) == (Milestone.DELIVERED, set())


def test_a_courier_that_delivers_to_the_next_carrier_in_a_third_country_is_no_other_parcel() -> None:
    first = (step(0, "origin.picked_up", "CN"), step(4, "delivery.delivered", "NL"))
    second = (step(6, "origin.accepted", "NL", leg_position=1), step(9, "delivery.delivered", "DE", leg_position=1))

    assert not status_of(*first, *second).exclusions


def test_a_return_to_the_sender_is_no_other_parcel() -> None:
    assert not status_of(*OUTBOUND, DELIVERED, step(30, "delivery.delivered", "CN")).exclusions


def test_a_return_to_a_warehouse_in_a_third_country_is_no_other_parcel() -> None:
    warehouse = step(30, "delivery.delivered", "PL")

    sent_back = status_of(*OUTBOUND, DELIVERED, step(20, "lastmile.handed_over", "DE"), warehouse)
    turned_back = status_of(
        *OUTBOUND,
        step(9, "return.started", "DE"),
        warehouse,
        step(40, "origin.picked_up", "PL"),
        step(50, "delivery.delivered", "DE"),
    )

    assert (sent_back.milestone, sent_back.exclusions) == (Milestone.RETURNED, {})
    assert (turned_back.milestone, turned_back.exclusions) == (Milestone.DELIVERED, {})
    assert status_of(*OUTBOUND, DELIVERED, warehouse).has_other_parcel


def test_a_return_of_the_other_parcel_makes_it_no_return_of_this_one() -> None:
    foreign = (step(5, "return.started", "BR"), step(6, "delivery.delivered", "BR"))

    assert status_of(*OUTBOUND, *foreign, DELIVERED).has_other_parcel


def test_scans_of_another_continent_between_two_of_one_country_within_a_day_are_another_parcels() -> None:
    status = status_of(
        offset_step(0, "origin.picked_up", "CN"),
        offset_step(8, "lastmile.facility_arrived", "DE"),
        offset_step(8.2, "lastmile.facility_arrived", "BR"),
        offset_step(8.4, "delivery.out_for_delivery", "BR"),
        offset_step(8.6, "lastmile.facility_departed", "DE"),
    )

    assert other_scans(status) == {"8.2 lastmile.facility_arrived", "8.4 delivery.out_for_delivery"}
    assert status.milestone is Milestone.LAST_MILE


def test_a_single_such_scan_or_a_longer_detour_is_no_clear_evidence() -> None:
    before, after = offset_step(8, "lastmile.facility_arrived", "DE"), offset_step(8.6, "delivery.delivered", "DE")
    detour = (offset_step(10, "linehaul.transit_arrived", "BR"), offset_step(11, "linehaul.transit_departed", "BR"))

    assert not status_of(before, offset_step(8.3, "lastmile.facility_arrived", "BR"), after).exclusions
    assert not status_of(before, *detour, offset_step(14, "delivery.delivered", "DE")).exclusions


def test_times_with_an_assumed_zone_and_hubs_between_two_countries_prove_nothing() -> None:
    countries = ("DE", "BR", "BR", "DE")
    zoneless = [step(8 + index / 10, "lastmile.facility_arrived", country) for index, country in enumerate(countries)]
    hub = [
        offset_step(0, "linehaul.departed", "CN"),
        offset_step(0.3, "linehaul.transit_arrived", "AE"),
        offset_step(0.4, "linehaul.transit_departed", "AE"),
        offset_step(0.8, "linehaul.arrived_destination", "DE"),
    ]

    assert not status_of(*zoneless).exclusions
    assert not status_of(*hub).exclusions


def test_without_a_known_route_no_scan_is_taken_from_the_parcel() -> None:
    scans = (*OUTBOUND, step(6, "delivery.delivered", "BR"), DELIVERED)

    assert not status_of(*scans, origin="").exclusions
    assert not status_of(*scans, destination="").exclusions


def test_scans_of_another_continent_before_all_others_are_no_clear_evidence() -> None:
    first = [offset_step(index / 10, "lastmile.facility_arrived", "BR") for index in range(2)]

    assert not status_of(*first, offset_step(0.3, "origin.picked_up", "CN")).exclusions
