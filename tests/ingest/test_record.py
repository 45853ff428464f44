"""Parsed scans become events: once, in any order, with every handover kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import factories
from tests.examples import scale_examples
from tests.parsed_answers import record_shipment
from tracking.carriers.parsed import Measurements, ParsedEstimate, ParsedLeg, ParsedScan
from tracking.models import Event, Leg, Shipment
from tracking.vocabulary import FeedState, Milestone, Scan

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHINA = ParsedLeg("chinapost", "China Post", "LZ000000015CN", "CN")
USPS = ParsedLeg("usps", "USPS", "LZ000000015CN", "US")


def test_the_same_scan_twice_is_one_event() -> None:
    leg = factories.create_leg()
    parsed = factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00"))

    first = record_shipment(leg, parsed, factories.create_payload())
    second = record_shipment(leg, parsed, factories.create_payload())

    assert (len(first), len(second)) == (1, 0)
    assert Event.objects.count() == 1


def test_a_scan_repeated_inside_one_answer_is_one_event() -> None:
    scan = factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00")

    assert (
        len(record_shipment(factories.create_leg(), factories.build_shipment(scan, scan), factories.create_payload()))
        == 1
    )


def test_a_late_scan_does_not_undo_delivery() -> None:
    leg = factories.create_leg()
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("delivery.delivered", "2026-09-10T10:00:00+02:00")),
        factories.create_payload(),
    )

    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("lastmile.facility_arrived", "2026-09-10T18:00:00+02:00")),
        factories.create_payload(),
    )

    shipment = Shipment.objects.get()
    assert shipment.milestone == Milestone.DELIVERED
    assert shipment.delivered_at == datetime(2026, 9, 10, 8, tzinfo=UTC)


def test_an_answer_without_new_events_does_not_change_the_revision() -> None:
    leg = factories.create_leg()
    parsed = factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00"))
    record_shipment(leg, parsed, factories.create_payload())
    before = Shipment.objects.get().revision

    record_shipment(leg, parsed, factories.create_payload())

    assert Shipment.objects.get().revision == before


def test_two_carriers_in_one_answer_make_two_legs_of_which_one_is_polled() -> None:
    leg = factories.create_leg()
    parsed = factories.build_shipment(
        factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00", leg_index=0),
        factories.build_scan("delivery.delivered", "2026-09-14T11:30:00-07:00", leg_index=1),
        legs=(CHINA, USPS),
    )

    record_shipment(leg, parsed, factories.create_payload())

    legs = list(Leg.objects.order_by("position").values_list("carrier__slug", "reported_by"))
    assert legs == [("chinapost", None), ("usps", leg.pk)]


def test_a_next_number_opens_a_leg_that_is_polled_at_once() -> None:
    leg = factories.create_leg()
    next_leg = ParsedLeg("dhl-de", "DHL Paket", "00340434000000000013")

    record_shipment(
        leg,
        factories.build_shipment(
            factories.build_scan("linehaul.departed", "2026-09-05T11:30:00+08:00"), legs=(CHINA, next_leg)
        ),
        factories.create_payload(),
    )

    opened = Leg.objects.get(number="00340434000000000013")
    assert (opened.carrier and opened.carrier.name, opened.reported_by, opened.feed) == ("DHL Paket", None, leg.feed)
    assert opened.next_check_at == factories.RECEIVED_AT


def test_a_number_that_is_too_long_is_ignored() -> None:
    leg = factories.create_leg()
    too_long = ParsedLeg("usps", "U" * 300, "9" * 400, "US")

    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("lastmile.held", "2026-09-06T11:30:00-07:00"), legs=(too_long,)),
        factories.create_payload(),
    )

    assert set(Leg.objects.values_list("number", flat=True)) == {"LZ000000015CN"}


def test_a_number_reported_before_its_carrier_becomes_that_carriers_leg() -> None:
    leg = factories.create_leg()
    record_shipment(
        leg, factories.build_shipment(legs=(CHINA, ParsedLeg("", "", "92001900"))), factories.create_payload()
    )
    second = Leg.objects.get(number="92001900")

    record_shipment(
        second,
        factories.build_shipment(number="92001900", legs=(ParsedLeg("usps", "USPS", "92001900"),)),
        factories.create_payload(),
    )

    second.refresh_from_db()
    assert second.carrier is not None
    assert second.carrier.slug == "usps"
    assert Leg.objects.count() == 2


def test_another_carrier_under_the_same_number_opens_its_own_leg() -> None:
    leg = factories.create_leg()
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00")),
        factories.create_payload(),
    )

    other_leg = ParsedLeg("ups", "UPS", "LZ000000015CN", "US")
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("lastmile.held", "2026-09-06T11:30:00-07:00"), legs=(other_leg,)),
        factories.create_payload(),
    )

    assert set(Leg.objects.values_list("carrier__slug", flat=True)) == {"chinapost", "ups"}


def test_legs_are_in_travel_order_whatever_arrives_first() -> None:
    leg = factories.create_leg()
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("delivery.delivered", "2026-09-14T11:00:00-07:00"), legs=(USPS,)),
        factories.create_payload(),
    )

    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:00:00+08:00"), legs=(CHINA,)),
        factories.create_payload(),
    )

    assert list(Leg.objects.order_by("position").values_list("carrier__slug", flat=True)) == ["chinapost", "usps"]


def test_replaying_with_a_better_table_changes_the_scan_of_an_event_and_adds_none() -> None:
    leg = factories.create_leg()
    unmapped = factories.build_scan("unmapped", "2026-09-04T11:30:00+08:00", code="X1", text="Odd words")
    record_shipment(leg, factories.build_shipment(unmapped), factories.create_payload())

    record_shipment(
        leg, factories.build_shipment(unmapped._replace(scan=Scan.LINEHAUL_DEPARTED)), factories.create_payload()
    )

    event = Event.objects.get()
    assert (event.scan, event.milestone) == (Scan.LINEHAUL_DEPARTED, Milestone.LINEHAUL)
    assert Shipment.objects.get().milestone == Milestone.LINEHAUL


def test_the_carriers_own_date_and_the_feed_state_are_stored() -> None:
    leg = factories.create_leg()
    estimate = ParsedEstimate(datetime(2026, 9, 15).date(), datetime(2026, 9, 17).date(), "USPS")

    record_shipment(
        leg,
        factories.build_shipment(carrier_estimate=estimate, feed_state=FeedState.EXPIRED),
        factories.create_payload(),
    )

    shipment = Shipment.objects.get()
    assert (shipment.carrier_earliest_on, shipment.carrier_latest_on, shipment.carrier_date_source) == estimate
    leg.refresh_from_db()
    assert leg.feed_state == FeedState.EXPIRED


def test_the_carriers_own_date_keeps_who_gave_it_first_and_when() -> None:
    leg = factories.create_leg()
    days = [datetime(2026, 9, day).date() for day in (15, 17)]
    said = []
    for hour, (first, last, source) in enumerate(((0, 0, "USPS"), (0, 0, "17TRACK"), (0, 1, "17TRACK"))):
        received_at = factories.RECEIVED_AT + timedelta(hours=hour)
        estimate = ParsedEstimate(days[first], days[last], source)
        payload = factories.create_payload(received_at=received_at, last_received_at=received_at)
        record_shipment(leg, factories.build_shipment(carrier_estimate=estimate), payload)
        shipment = Shipment.objects.get()
        said.append((shipment.carrier_latest_on, shipment.carrier_date_source, shipment.carrier_date_said_at))

    at = factories.RECEIVED_AT
    assert said[0] == said[1] == (days[0], "USPS", at)
    assert said[2] == (days[1], "17TRACK", at + timedelta(hours=2))


def test_the_first_number_corrects_measurements_and_other_numbers_fill_gaps() -> None:
    first = factories.create_leg("LZ000000015CN")
    other = first.shipment.legs.create(number="9200190000000000000009", position=1)

    record_shipment(
        other,
        factories.build_shipment(number=other.number, measurements=Measurements(900, (300, 200, 100))),
        factories.create_payload(),
    )
    record_shipment(first, factories.build_shipment(measurements=Measurements(950)), factories.create_payload())
    record_shipment(
        other,
        factories.build_shipment(number=other.number, measurements=Measurements(910, (310, 200, 100))),
        factories.create_payload(),
    )

    shipment = Shipment.objects.get()
    assert (shipment.weight_grams, shipment.length_mm, shipment.width_mm) == (950, 300, 200)


SCANS = st.lists(
    st.builds(
        lambda name, hours, leg, zone: factories.build_scan(
            name, f"{(datetime(2026, 9, 1) + timedelta(hours=hours)).isoformat()}{zone}", leg_index=leg
        ),
        st.sampled_from(
            ["origin.picked_up", "linehaul.departed", "import.customs_held", "delivery.delivered", "unmapped"]
        ),
        st.integers(0, 400),
        st.integers(0, 1),
        st.sampled_from(["+08:00", "-07:00", "Z", ""]),
    ),
    min_size=1,
    max_size=10,
)


class Merging(TestCase):
    """An answer split into single scans, shuffled and repeated, gives the same events."""

    @settings(max_examples=scale_examples(15))
    @given(SCANS, st.integers(0, 2**32))
    def test_single_scans_in_any_order_give_the_same_events(self, scans: list[ParsedScan], seed: int) -> None:
        whole, split = factories.create_leg(), factories.create_leg(from_feed=factories.create_feed())
        record_shipment(whole, factories.build_shipment(*scans, legs=(CHINA, USPS)), factories.create_payload())
        shuffled = [*scans, *scans]
        Random(seed).shuffle(shuffled)
        for scan in shuffled:
            record_shipment(split, factories.build_shipment(scan, legs=(CHINA, USPS)), factories.create_payload())

        def event_rows(leg: Leg) -> set[tuple[object, ...]]:
            return set(
                Event.objects.filter(shipment=leg.shipment).values_list("leg__carrier__slug", "fingerprint", "scan")
            )

        assert event_rows(whole) == event_rows(split)
