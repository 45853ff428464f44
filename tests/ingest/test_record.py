"""Told scans become rows: once, in any order, with every hand-over kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests import make
from tracking.carriers.parsed import CarrierDate, Measures, ToldLeg, ToldScan
from tracking.ingest.record import record
from tracking.models import Event, Leg, Shipment
from tracking.vocabulary import Milestone, Scan, Tracker

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHINA = ToldLeg("chinapost", "China Post", "LZ000000015CN", "CN")
USPS = ToldLeg("usps", "USPS", "LZ000000015CN", "US")


def test_the_same_scan_twice_is_one_event() -> None:
    leg = make.leg()
    told = make.parcel(make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00"))

    first = record(leg, told, make.payload())
    again = record(leg, told, make.payload())

    assert (len(first), len(again)) == (1, 0)
    assert Event.objects.count() == 1


def test_a_scan_repeated_inside_one_answer_is_one_event() -> None:
    twice = make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00")

    assert len(record(make.leg(), make.parcel(twice, twice), make.payload())) == 1


def test_a_late_scan_does_not_undeliver() -> None:
    leg = make.leg()
    record(leg, make.parcel(make.scan("delivery.delivered", "2026-09-10T10:00:00+02:00")), make.payload())

    record(leg, make.parcel(make.scan("lastmile.facility_arrived", "2026-09-10T18:00:00+02:00")), make.payload())

    shipment = Shipment.objects.get()
    assert shipment.milestone == Milestone.DELIVERED
    assert shipment.delivered_at == datetime(2026, 9, 10, 8, tzinfo=UTC)


def test_an_answer_that_tells_nothing_new_leaves_the_revision_alone() -> None:
    leg = make.leg()
    told = make.parcel(make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00"))
    record(leg, told, make.payload())
    before = Shipment.objects.get().revision

    record(leg, told, make.payload())

    assert Shipment.objects.get().revision == before


def test_two_carriers_in_one_answer_make_two_legs_and_only_one_is_asked() -> None:
    leg = make.leg()
    told = make.parcel(
        make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00", leg=0),
        make.scan("delivery.delivered", "2026-09-14T11:30:00-07:00", leg=1),
        legs=(CHINA, USPS),
    )

    record(leg, told, make.payload())

    legs = list(Leg.objects.order_by("position").values_list("carrier__slug", "told_by"))
    assert legs == [("chinapost", None), ("usps", leg.pk)]


def test_a_next_number_opens_a_leg_that_is_asked_at_once() -> None:
    leg = make.leg()
    next_leg = ToldLeg("dhl-de", "DHL Paket", "00340434000000000013")

    record(
        leg,
        make.parcel(make.scan("linehaul.departed", "2026-09-05T11:30:00+08:00"), legs=(CHINA, next_leg)),
        make.payload(),
    )

    opened = Leg.objects.get(number="00340434000000000013")
    assert (opened.carrier and opened.carrier.name, opened.told_by, opened.source) == ("DHL Paket", None, leg.source)
    assert opened.next_check_at == make.HEARD


def test_what_is_too_long_for_a_number_is_none() -> None:
    leg = make.leg()
    endless = ToldLeg("usps", "U" * 300, "9" * 400, "US")

    record(leg, make.parcel(make.scan("lastmile.held", "2026-09-06T11:30:00-07:00"), legs=(endless,)), make.payload())

    assert set(Leg.objects.values_list("number", flat=True)) == {"LZ000000015CN"}


def test_a_number_told_before_its_carrier_becomes_that_carriers_leg() -> None:
    leg = make.leg()
    record(leg, make.parcel(legs=(CHINA, ToldLeg("", "", "92001900"))), make.payload())
    second = Leg.objects.get(number="92001900")

    record(second, make.parcel(number="92001900", legs=(ToldLeg("usps", "USPS", "92001900"),)), make.payload())

    second.refresh_from_db()
    assert second.carrier is not None
    assert second.carrier.slug == "usps"
    assert Leg.objects.count() == 2


def test_another_carrier_under_our_number_opens_a_leg_of_its_own() -> None:
    leg = make.leg()
    record(leg, make.parcel(make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00")), make.payload())

    stranger = ToldLeg("ups", "UPS", "LZ000000015CN", "US")
    record(leg, make.parcel(make.scan("lastmile.held", "2026-09-06T11:30:00-07:00"), legs=(stranger,)), make.payload())

    assert set(Leg.objects.values_list("carrier__slug", flat=True)) == {"chinapost", "ups"}


def test_legs_stand_in_travel_order_whatever_arrives_first() -> None:
    leg = make.leg()
    record(leg, make.parcel(make.scan("delivery.delivered", "2026-09-14T11:00:00-07:00"), legs=(USPS,)), make.payload())

    record(leg, make.parcel(make.scan("origin.picked_up", "2026-09-04T11:00:00+08:00"), legs=(CHINA,)), make.payload())

    assert list(Leg.objects.order_by("position").values_list("carrier__slug", flat=True)) == ["chinapost", "usps"]


def test_reading_again_with_a_better_table_changes_the_reading_and_not_the_events() -> None:
    leg = make.leg()
    told = make.scan("unmapped", "2026-09-04T11:30:00+08:00", code="X1", words="Odd words")
    record(leg, make.parcel(told), make.payload())

    record(leg, make.parcel(told._replace(scan=Scan.LINEHAUL_DEPARTED)), make.payload())

    event = Event.objects.get()
    assert (event.scan, event.milestone) == (Scan.LINEHAUL_DEPARTED, Milestone.LINEHAUL)
    assert Shipment.objects.get().milestone == Milestone.LINEHAUL


def test_the_carriers_own_date_and_the_feeds_state_are_noted() -> None:
    leg = make.leg()
    days = CarrierDate(datetime(2026, 9, 15).date(), datetime(2026, 9, 17).date(), "USPS")

    record(leg, make.parcel(carrier_date=days, tracker=Tracker.EXPIRED), make.payload())

    shipment = Shipment.objects.get()
    assert (shipment.carrier_first_on, shipment.carrier_last_on, shipment.carrier_date_source) == days
    leg.refresh_from_db()
    assert leg.tracker == Tracker.EXPIRED


def test_who_measured_first_may_correct_it_and_others_only_fill_gaps() -> None:
    first = make.leg("LZ000000015CN")
    other = first.shipment.legs.create(number="9200190000000000000009", position=1)

    record(other, make.parcel(number=other.number, measures=Measures(900, (300, 200, 100))), make.payload())
    record(first, make.parcel(measures=Measures(950)), make.payload())
    record(other, make.parcel(number=other.number, measures=Measures(910, (310, 200, 100))), make.payload())

    shipment = Shipment.objects.get()
    assert (shipment.weighed_grams, shipment.length_mm, shipment.width_mm) == (950, 300, 200)


SCANS = st.lists(
    st.builds(
        lambda name, hours, leg, zone: make.scan(
            name, f"{(datetime(2026, 9, 1) + timedelta(hours=hours)).isoformat()}{zone}", leg=leg
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
    """However an answer is cut up, shuffled and repeated, the same rows come out."""

    @settings(max_examples=25, deadline=None)
    @given(SCANS, st.integers(0, 2**32))
    def test_pieces_in_any_order_give_the_same_events(self, scans: list[ToldScan], seed: int) -> None:
        whole, pieces = make.leg(), make.leg(source=make.feed())
        record(whole, make.parcel(*scans, legs=(CHINA, USPS)), make.payload())
        shuffled = [*scans, *scans]
        Random(seed).shuffle(shuffled)
        for scan in shuffled:
            record(pieces, make.parcel(scan, legs=(CHINA, USPS)), make.payload())

        def told(leg: Leg) -> set[tuple[object, ...]]:
            return set(
                Event.objects.filter(shipment=leg.shipment).values_list("leg__carrier__slug", "fingerprint", "scan")
            )

        assert told(whole) == told(pieces)
