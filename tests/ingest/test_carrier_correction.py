"""The right carrier for a number: offered by the number's shape, and what the wrong one told is taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests import make
from tracking.carriers.parsed import ToldLeg
from tracking.ingest import carrier_correction
from tracking.ingest.read import read
from tracking.ingest.record import record
from tracking.ingest.replay import adopt
from tracking.models import Carrier, Event, Leg, Payload, Shipment
from tracking.models.payloads import Outcome
from tracking.vocabulary import Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
YUN_OR_YTO = "YT2612345678901"


@pytest.fixture
def yunexpress() -> Carrier:
    return make.feed("yunexpress", name="YunExpress")


def offered(leg: Leg) -> list[str]:
    return [offer.carrier.slug for offer in carrier_correction.offers(leg.shipment, [leg], NOW)[leg.pk]]


def test_connected_carriers_whose_numbers_look_like_it_are_offered(yunexpress: Carrier) -> None:
    assert offered(make.leg("YT2612345678901234")) == ["yunexpress"]


def test_the_feed_that_is_asked_and_feeds_that_cannot_be_asked_are_not_offered(yunexpress: Carrier) -> None:
    assert offered(make.leg("YT2612345678901234", source=yunexpress)) == []
    Carrier.objects.filter(pk=yunexpress.pk).update(enabled=False)
    assert offered(make.leg("YT2612345678901234")) == []


def test_what_a_shop_sent_before_counts() -> None:
    dhl, fedex = make.feed("dhl"), make.feed("fedex")
    order = make.order()
    for _ in range(5):
        make.leg("1Z999AA10123456784", of=order, source=dhl, carrier=fedex)

    assert carrier_correction.history(order.shop) == {"fedex": 5}


def test_a_corrected_carrier_takes_back_what_the_wrong_one_told_and_is_asked_at_once(yunexpress: Carrier) -> None:
    wrong = make.feed()
    leg = make.leg("YT2612345678901234", source=wrong, registered_at=NOW, last_answer_at=NOW)
    told = make.parcel(
        make.scan("delivery.delivered", "2026-09-04T11:30:00+08:00"),
        make.scan("lastmile.facility_arrived", "2026-09-05T11:30:00+02:00", leg=1),
        number=leg.number,
        legs=(ToldLeg("yto", "YTO", leg.number), ToldLeg("usps", "USPS", "9400")),
    )
    record(leg, told, make.payload(carrier=wrong))

    carrier_correction.correct(leg, yunexpress, NOW)

    leg.refresh_from_db()
    shipment = Shipment.objects.get()
    assert (leg.carrier, leg.source, leg.next_check_at, leg.registered_at) == (yunexpress, yunexpress, NOW, None)
    assert not Event.objects.exists()
    assert list(shipment.legs.all()) == [leg]
    assert (shipment.milestone, shipment.delivered_at, shipment.last_event_at) == (Milestone.PENDING, None, None)


def test_the_wrong_feed_is_not_heard_again_and_its_messages_stay_stored(yunexpress: Carrier) -> None:
    wrong = make.feed()
    leg = make.leg("YT2612345678901234", source=wrong)
    message = make.payload(make.answer(leg.number), wrong)
    read(message)
    assert Event.objects.count() == 1

    carrier_correction.correct(leg, yunexpress, NOW)
    adopt(leg)
    read(make.payload(make.answer(leg.number), wrong))

    assert not Event.objects.exists()
    assert Payload.objects.filter(outcome=Outcome.READ).count() == 2


def test_a_correction_can_be_corrected(yunexpress: Carrier) -> None:
    first = make.feed()
    leg = make.leg("YT2612345678901234", source=first)
    read(make.payload(make.answer(leg.number), first))
    carrier_correction.correct(leg, yunexpress, NOW)

    again = carrier_correction.correct(leg, first, NOW)

    adopt(again)
    assert again.distrusts == [yunexpress.pk]
    assert Event.objects.count() == 1


def test_what_another_feed_told_of_the_parcel_stays(yunexpress: Carrier) -> None:
    wrong, other = make.feed(), make.feed("aftership")
    leg = make.leg("YT2612345678901234", source=wrong)
    beside = Leg.objects.create(shipment=leg.shipment, number="RB000000005GB", source=other)
    record(leg, make.parcel(make.scan("origin.picked_up", "2026-09-04T11:30:00+08:00")), make.payload(carrier=wrong))
    record(beside, make.parcel(make.scan("origin.accepted", "2026-09-04T15:30:00+08:00")), make.payload(carrier=other))

    carrier_correction.correct(leg, yunexpress, NOW)

    assert list(Event.objects.values_list("scan", flat=True)) == ["origin.accepted"]


def test_a_refusal_of_the_wrong_feed_is_not_heard_either(yunexpress: Carrier) -> None:
    wrong = make.feed()
    leg = make.leg("YT2612345678901234", source=wrong)
    carrier_correction.correct(leg, yunexpress, NOW)
    error = {"code": -18019902, "message": "not registered"}
    body = {"code": 0, "data": {"accepted": [], "rejected": [{"number": leg.number, "error": error}]}}

    read(make.payload(body, wrong))

    leg.refresh_from_db()
    assert (leg.failures, leg.trouble, leg.last_answer_at) == (0, "", None)
