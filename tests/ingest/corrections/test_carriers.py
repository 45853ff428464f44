"""Correcting a leg's carrier: which carriers are offered, and how the wrong feed's events stop to count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.carriers.parsed import ParsedLeg
from tracking.ingest.corrections import carriers
from tracking.ingest.process import process_payload
from tracking.ingest.replay import replay_leg
from tracking.models import Carrier, Event, Leg, Payload, Shipment
from tracking.models.payloads import PayloadStatus
from tracking.vocabulary import Exclusion, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)


@pytest.fixture
def yunexpress() -> Carrier:
    return factories.create_feed("yunexpress", name="YunExpress")


def offered_slugs(leg: Leg) -> list[str]:
    return [option.carrier.slug for option in carriers.carrier_options(leg.shipment, [leg], NOW)[leg.pk]]


def test_connected_carriers_whose_number_format_fits_are_offered(yunexpress: Carrier) -> None:
    assert offered_slugs(factories.create_leg("YT2612345678901234")) == ["yunexpress"]


def test_the_current_feed_and_disabled_feeds_are_not_offered(yunexpress: Carrier) -> None:
    assert offered_slugs(factories.create_leg("YT2612345678901234", from_feed=yunexpress)) == []
    Carrier.objects.filter(pk=yunexpress.pk).update(enabled=False)
    assert offered_slugs(factories.create_leg("YT2612345678901234")) == []


def test_carrier_history_counts_a_shops_earlier_legs() -> None:
    dhl, fedex = factories.create_feed("dhl"), factories.create_feed("fedex")
    order = factories.create_order()
    for _ in range(5):
        factories.create_leg("1Z999AA10123456784", for_order=order, from_feed=dhl, carrier=fedex)

    assert carriers.carrier_history(order.shop) == {"fedex": 5}


def test_a_correction_removes_the_wrong_feeds_events_and_polls_the_new_feed_at_once(yunexpress: Carrier) -> None:
    wrong = factories.create_feed()
    leg = factories.create_leg("YT2612345678901234", from_feed=wrong, registered_at=NOW, last_answer_at=NOW)
    parsed = factories.build_shipment(
        factories.build_scan("delivery.delivered", "2026-09-04T11:30:00+08:00"),
        factories.build_scan("lastmile.facility_arrived", "2026-09-05T11:30:00+02:00", leg_index=1),
        number=leg.number,
        legs=(ParsedLeg("yto", "YTO", leg.number), ParsedLeg("usps", "USPS", "9400")),
    )
    record_shipment(leg, parsed, factories.create_payload(carrier=wrong))

    carriers.correct_carrier(leg, yunexpress, NOW)

    leg.refresh_from_db()
    shipment = Shipment.objects.get()
    assert (leg.carrier, leg.feed, leg.next_check_at, leg.registered_at) == (yunexpress, yunexpress, NOW, None)
    assert not Event.objects.counted().exists()
    assert list(shipment.legs.in_use()) == [leg]
    assert set(Event.objects.values_list("exclusion", flat=True)) == {Exclusion.REMOVED}
    assert (shipment.milestone, shipment.delivered_at, shipment.last_event_at) == (Milestone.PENDING, None, None)


def test_later_answers_of_the_wrong_feed_are_ignored_and_its_payloads_stay_stored(yunexpress: Carrier) -> None:
    wrong = factories.create_feed()
    leg = factories.create_leg("YT2612345678901234", from_feed=wrong)
    process_payload(factories.create_payload(factories.build_answer_json(leg.number), wrong))
    assert Event.objects.count() == 1

    carriers.correct_carrier(leg, yunexpress, NOW)
    replay_leg(leg)
    process_payload(factories.create_payload(factories.build_answer_json(leg.number), wrong))

    assert not Event.objects.counted().exists()
    assert Payload.objects.filter(status=PayloadStatus.PARSED).count() == 2


def test_a_correction_can_be_corrected(yunexpress: Carrier) -> None:
    first = factories.create_feed()
    leg = factories.create_leg("YT2612345678901234", from_feed=first)
    process_payload(factories.create_payload(factories.build_answer_json(leg.number), first))
    carriers.correct_carrier(leg, yunexpress, NOW)

    corrected = carriers.correct_carrier(leg, first, NOW)

    replay_leg(corrected)
    assert corrected.ignored_feeds == [yunexpress.pk]
    assert list(Event.objects.values_list("exclusion", flat=True)) == [""]


def test_a_correction_keeps_the_events_of_other_feeds(yunexpress: Carrier) -> None:
    wrong, other = factories.create_feed(), factories.create_feed("aftership")
    leg = factories.create_leg("YT2612345678901234", from_feed=wrong)
    other_leg = Leg.objects.create(shipment=leg.shipment, number="RB000000005GB", feed=other)
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00")),
        factories.create_payload(carrier=wrong),
    )
    record_shipment(
        other_leg,
        factories.build_shipment(factories.build_scan("origin.accepted", "2026-09-04T15:30:00+08:00")),
        factories.create_payload(carrier=other),
    )

    carriers.correct_carrier(leg, yunexpress, NOW)

    assert list(Event.objects.counted().values_list("scan", flat=True)) == ["origin.accepted"]


def test_a_rejection_by_the_wrong_feed_is_ignored_too(yunexpress: Carrier) -> None:
    wrong = factories.create_feed()
    leg = factories.create_leg("YT2612345678901234", from_feed=wrong)
    carriers.correct_carrier(leg, yunexpress, NOW)
    error = {"code": -18019902, "message": "not registered"}
    body = {"code": 0, "data": {"accepted": [], "rejected": [{"number": leg.number, "error": error}]}}

    process_payload(factories.create_payload(body, wrong))

    leg.refresh_from_db()
    assert (leg.consecutive_failures, leg.last_error, leg.last_answer_at) == (0, "", None)


def test_correcting_back_restores_the_legs_and_events_that_only_that_feed_reported(yunexpress: Carrier) -> None:
    first = factories.create_feed()
    leg = factories.create_leg("YT2612345678901234", from_feed=first)
    parsed = factories.build_shipment(
        factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00"),
        factories.build_scan("delivery.delivered", "2026-09-05T11:30:00+02:00", leg_index=1),
        number=leg.number,
        legs=(ParsedLeg("yto", "YTO", leg.number), ParsedLeg("usps", "USPS", "9400")),
    )
    record_shipment(leg, parsed, factories.create_payload(carrier=first))

    carriers.correct_carrier(leg, yunexpress, NOW)
    carriers.correct_carrier(leg, first, NOW)

    shipment = Shipment.objects.get()
    assert [found.number for found in shipment.legs.in_use()] == [leg.number, "9400"]
    assert Event.objects.counted().count() == 2
    assert shipment.milestone == Milestone.DELIVERED
