"""Where a journey begins and ends: at the sender, at the buyer, on another leg, or at an unknown place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.journey.test_journeys import DELIVERED, OUTBOUND, RETURNED, START, kinds_of, status_of, step
from tracking.journey import OrderTime, build_statement_step, derive_status
from tracking.vocabulary import Exclusion, JourneyKind, Milestone, Overlay, StatementKind

OUTBOUND_KIND, RETURN, AGAIN = JourneyKind.OUTBOUND, JourneyKind.RETURN, JourneyKind.SENT_AGAIN


def test_all_scans_after_the_order_count() -> None:
    for is_stated in (True, False):
        status = status_of(*OUTBOUND, DELIVERED, order=OrderTime(START, is_stated))

        assert (len(status.counted), status.exclusions) == (4, {})


@pytest.mark.parametrize("day", [0, 0.5, 1.5])
def test_a_scan_of_the_day_before_the_entry_of_an_order_counts_whatever_pause_follows(day: float) -> None:
    order = OrderTime(START + timedelta(days=1), is_stated=False)
    earlier = step(-0.5, "order.label_created")
    status = status_of(earlier, step(day, "origin.picked_up"), step(45, "linehaul.departed"), order=order)

    assert not status.exclusions


def test_the_time_of_an_order_is_the_shops_unless_said_otherwise() -> None:
    late = START + timedelta(days=8)

    assert status_of(step(0, "origin.picked_up"), order=OrderTime(late)).exclusions
    assert not status_of(step(0, "origin.picked_up"), order=OrderTime(late, is_stated=False)).exclusions


def test_a_statement_from_before_an_earlier_use_counts_and_that_use_does_not() -> None:
    stated = build_statement_step(StatementKind.UNTRACKED, START - timedelta(days=1), 1)

    status = status_of(stated, *OUTBOUND, DELIVERED, order=OrderTime(START + timedelta(days=30)))

    assert status.counted == [stated]
    assert list(status.exclusions.values()) == [Exclusion.EARLIER_USE] * 4


def test_a_number_that_begins_with_a_delivery_can_have_a_later_use() -> None:
    status = status_of(DELIVERED, step(101, "origin.picked_up"))

    assert list(status.exclusions.values()) == [Exclusion.LATER_USE]


@pytest.mark.parametrize("city", ["Shanghai", "Beijing", ""])
def test_a_pick_up_in_the_senders_country_sends_the_parcel_again_whatever_the_city(city: str) -> None:
    assert status_of(*OUTBOUND, DELIVERED, step(12, "origin.picked_up", "CN", city)).journey is AGAIN


@pytest.mark.parametrize(
    ("city", "kind"),
    [
        ("Hamburg", AGAIN),
        ("HAMBURG", AGAIN),
        ("Berlin", JourneyKind.BUYER_RETURN),
        ("", JourneyKind.BUYER_RETURN),
    ],
)
def test_within_one_country_the_first_city_is_the_senders(city: str, kind: JourneyKind) -> None:
    scans = (
        step(0, "order.label_created", "DE"),
        step(0.5, "origin.picked_up", "DE", "Hamburg"),
        step(2, "delivery.delivered", "DE", "Berlin"),
    )

    assert status_of(*scans, step(4, "origin.picked_up", "DE", city), origin="DE").journey is kind


def test_a_pick_up_without_a_city_where_none_was_ever_named_is_the_buyers() -> None:
    scans = (step(0, "origin.picked_up", "DE"), step(2, "delivery.delivered", "DE"))

    assert status_of(*scans, step(4, "origin.picked_up", "DE"), origin="DE").journey is JourneyKind.BUYER_RETURN


@pytest.mark.parametrize(
    ("delivered_in", "leg_position", "kinds"),
    [
        ("DE", 1, [OUTBOUND_KIND, AGAIN]),
        ("", 0, [OUTBOUND_KIND, AGAIN]),
        ("", 1, [OUTBOUND_KIND]),
        ("NL", 1, [OUTBOUND_KIND]),
    ],
)
def test_a_delivery_before_the_next_leg_begins_was_a_couriers_unless_it_was_at_the_buyer(
    delivered_in: str, leg_position: int, kinds: list[JourneyKind]
) -> None:
    status = status_of(
        step(0, "origin.picked_up", "CN", "Shanghai"),
        step(5, "delivery.delivered", delivered_in),
        step(7, "origin.accepted", "CN", "Shanghai", leg_position=leg_position),
    )

    assert kinds_of(status) == kinds


def test_the_country_in_which_a_return_began_says_nothing_about_where_it_ended() -> None:
    status = status_of(*OUTBOUND, step(10, "return.started", "DE"), step(20, "delivery.delivered"))
    at_buyer = status_of(
        *OUTBOUND,
        step(10, "return.started", "DE"),
        step(11, "lastmile.facility_arrived", "DE"),
        step(12, "delivery.delivered"),
    )

    assert status.milestone is Milestone.RETURNED
    assert (at_buyer.milestone, kinds_of(at_buyer)) == (Milestone.DELIVERED, [OUTBOUND_KIND])


def test_a_second_return_that_is_called_off_goes_on_with_the_second_journey() -> None:
    status = status_of(
        *RETURNED,
        step(22, "origin.picked_up", "CN"),
        step(30, "return.started", "DE"),
        step(31, "delivery.out_for_delivery", "DE"),
    )

    assert (status.milestone, status.journey) == (Milestone.OUT_FOR_DELIVERY, AGAIN)
    assert kinds_of(status) == [OUTBOUND_KIND, RETURN, AGAIN]


def test_a_buyers_return_is_not_called_off_by_a_round_in_the_buyers_country() -> None:
    back = (*OUTBOUND, DELIVERED, step(15, "return.started", "DE"))

    for scan in ("delivery.out_for_delivery", "delivery.delivered"):
        assert status_of(*back, step(16, scan, "DE")).journey is JourneyKind.BUYER_RETURN
    elsewhere = status_of(*OUTBOUND, step(15, "return.started", "DE"), step(18, "delivery.out_for_delivery", "CN"))
    assert elsewhere.journey is RETURN


@pytest.mark.parametrize(
    ("origin", "destination", "country"), [(None, "DE", ""), ("CN", None, "CN"), (None, None, "CN"), ("CN", "DE", "")]
)
def test_a_delivery_is_the_buyers_where_the_route_or_its_country_is_unknown(
    origin: str | None, destination: str | None, country: str
) -> None:
    scans = (step(0, "import.customs_presented"), step(1, "delivery.delivered", country))

    assert derive_status(scans, origin=origin, destination=destination).milestone is Milestone.DELIVERED


def test_a_return_that_is_reported_as_completed_is_over_at_once() -> None:
    status = status_of(*OUTBOUND, step(20, "return.completed", "CN"))

    assert (status.milestone, kinds_of(status)) == (Milestone.RETURNED, [OUTBOUND_KIND, RETURN])
    assert status.journeys[1].ended_at == START + timedelta(days=20)


TURNED_AWAY = step(9, "delivery.attempt_failed_refused", "DE", "Berlin")


@pytest.mark.parametrize(
    ("scan", "country", "day", "journey"),
    [
        ("linehaul.in_transit", "CN", 14, RETURN),
        ("linehaul.in_transit", "CN", 9.9, OUTBOUND_KIND),
        ("linehaul.in_transit", "DE", 14, OUTBOUND_KIND),
        ("linehaul.in_transit", "", 14, OUTBOUND_KIND),
        ("unmapped", "CN", 14, OUTBOUND_KIND),
    ],
)
def test_a_parcel_that_was_turned_away_and_is_seen_at_the_sender_is_on_its_way_back(
    scan: str, country: str, day: float, journey: JourneyKind
) -> None:
    status = status_of(*OUTBOUND, TURNED_AWAY, step(day, scan, country))

    assert status.journey is journey
    assert status.overlay is (Overlay.RETURNING if journey is RETURN else Overlay.ATTEMPT_FAILED)


@pytest.mark.parametrize("problem", ["pickup.not_collected", "import.customs_info_required", "import.terminated"])
def test_other_reasons_to_turn_a_parcel_away_are_a_return_too(problem: str) -> None:
    arrived = step(20, "origin.facility_arrived", "CN")
    back = status_of(*OUTBOUND, step(9, problem, "DE"), arrived, step(22, "delivery.delivered", "CN"))

    assert (back.milestone, kinds_of(back)) == (Milestone.RETURNED, [OUTBOUND_KIND, RETURN])
    assert status_of(*OUTBOUND, step(9, "exception.delayed", "DE"), arrived).journey is OUTBOUND_KIND


@pytest.mark.parametrize(
    ("country", "day", "journey"),
    [("DE", 11, JourneyKind.BUYER_RETURN), ("DE", 10.9, OUTBOUND_KIND), ("", 12, OUTBOUND_KIND)],
)
def test_what_is_handed_over_in_the_buyers_country_well_after_its_delivery_is_sent_back(
    country: str, day: float, journey: JourneyKind
) -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(day, "lastmile.handed_over", country))

    assert (status.journey, status.delivered_on) == (journey, date(2026, 9, 11))


def test_what_the_next_carrier_takes_over_was_delivered_to_that_carrier() -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(12, "lastmile.handed_over", "DE", leg_position=1))

    assert (status.milestone, status.delivered_on, status.journey) == (Milestone.LAST_MILE, None, OUTBOUND_KIND)
    assert status.delivery_withdrawn_at == START + timedelta(days=12)


def test_ready_to_collect_again_is_an_echo_only_right_after_the_collection() -> None:
    ready, minute = step(9, "pickup.available", "DE"), 1 / 1440

    collected = status_of(*OUTBOUND, ready, DELIVERED, step(10 + 12 * minute, "pickup.available", "DE"))
    assert collected.milestone is Milestone.DELIVERED
    first_word, hours_later = step(10 + 12 * minute, "pickup.available", "DE"), step(10.1, "pickup.available", "DE")
    for steps in ((DELIVERED, first_word), (ready, DELIVERED, hours_later)):
        assert status_of(*OUTBOUND, *steps).milestone is Milestone.AVAILABLE_FOR_PICKUP


def test_an_export_that_is_cancelled_before_the_carrier_has_the_parcel_cancels_it() -> None:
    label, cancelled = step(0, "order.label_created", "CN"), step(1, "export.cancelled", "CN")

    assert status_of(label, cancelled).is_cancelled
    assert not status_of(label, cancelled, step(2, "origin.picked_up", "CN")).overlay
    posted = status_of(step(0, "origin.picked_up", "CN"), cancelled)
    assert (posted.is_cancelled, posted.overlay) == (False, Overlay.EXCEPTION)


@pytest.mark.parametrize("scan", ["pickup.available", "delivery.attempt_failed_absent"])
def test_a_return_is_called_off_by_another_try_half_a_day_later(scan: str) -> None:
    returning = (*OUTBOUND, step(9, "return.started", "DE"))

    assert status_of(*returning, step(9.5, scan, "DE")).journey is OUTBOUND_KIND
    for unclear in (step(9.4, scan, "DE"), step(9.5, scan, "CN"), step(9.5, scan)):
        assert status_of(*returning, unclear).overlay is Overlay.RETURNING


def test_a_delivery_that_its_feed_replaced_by_another_is_not_in_doubt() -> None:
    missing = DELIVERED._replace(missing_since=START + timedelta(days=11))
    moved = step(10.1, "delivery.delivered", "DE", "Berlin")

    assert status_of(*OUTBOUND, missing).delivery_doubted_at == missing.missing_since
    assert status_of(*OUTBOUND, missing, moved).delivery_doubted_at is None
    also_missing = moved._replace(missing_since=missing.missing_since)
    assert status_of(*OUTBOUND, missing, also_missing).delivery_doubted_at == missing.missing_since
