"""Each state has an answer in words, in every language, with nothing left to fill in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import translation

from tests import factories
from tests.page_state.examples import EXAMPLES, LINEHAUL, TODAY, WINDOW
from tracking.carriers.details.parts import DeliveryDetails, DutyDemand, PickupPoint, ProofOfDelivery
from tracking.localization.reader import Reader, build_reader
from tracking.models import Carrier, Shipment
from tracking.page_state import ParcelFacts, StateKind, decide_state
from tracking.page_state.answer import ParcelAnswer, build_answer, names_for
from tracking.page_state.headline import build_headline

pytestmark = pytest.mark.django_db
ENGLISH = build_reader({}, "en", "GB")


@pytest.fixture
def shipment() -> Shipment:
    shipment = factories.create_leg(carrier=Carrier.objects.get(slug="dhl")).shipment
    shipment.delivered_on, shipment.delivered_at = TODAY, datetime(2026, 11, 30, 14, 48, tzinfo=UTC)
    shipment.order.country = "NL"
    return shipment


def answer_for(facts: ParcelFacts, shipment: Shipment, reader: Reader = ENGLISH) -> ParcelAnswer:
    return build_answer(decide_state(facts), facts, shipment, names_for(shipment, reader), reader)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_state_has_a_complete_answer(shipment: Shipment, language: str) -> None:
    reader = build_reader({}, language, "")
    with translation.override(language):
        for kind in StateKind:
            answer = answer_for(EXAMPLES[kind], shipment, reader)
            texts = [answer.chip, answer.headline.text, *answer.lines]
            assert all(texts), (kind, texts)
            assert not any(sign in text for text in texts for sign in ("%(", "|", "  ")), (kind, texts)


@pytest.mark.parametrize(
    ("kind", "headline"),
    [
        (StateKind.ON_THE_WAY, "Arrives Tue 8 Dec – Fri 11 Dec"),
        (StateKind.SENT_AGAIN, "Sent again. Arrives Tue 8 Dec – Fri 11 Dec"),
        (StateKind.NO_DATE, "Your arrival date appears after the next scan"),
        (StateKind.OUT_FOR_DELIVERY, "Arrives today"),
        (StateKind.READY_TO_COLLECT, "Collect by Sat 12 Dec"),
        (StateKind.DELIVERED, "Delivered Mon 30 Nov, 15:48"),
        (StateKind.LOST, "DHL cannot find it"),
        (StateKind.RETURNING, "On its way back to Nordlicht Outdoor"),
    ],
)
def test_headlines(shipment: Shipment, kind: StateKind, headline: str) -> None:
    assert answer_for(EXAMPLES[kind], shipment).headline.text.replace("\N{THIN SPACE}", " ") == headline


def test_range_breaks_only_after_its_dash_and_a_sentence_anywhere(shipment: Shipment) -> None:
    window = answer_for(LINEHAUL, shipment).headline
    sentence = answer_for(EXAMPLES[StateKind.NO_DATE], shipment).headline

    assert (window.parts, window.is_date) == (("Tue 8 Dec\N{THIN SPACE}–", "Fri 11 Dec"), True)
    assert (sentence.parts, sentence.is_date) == (("after the next scan",), False)


def test_big_part_may_stand_at_the_beginning() -> None:
    headline = build_headline("|%(days)s|到着予定", {"days": "12月8日"})

    assert (headline.lead, headline.parts, headline.tail) == ("", ("12月8日",), "到着予定")


def test_likeliest_day_is_named_with_its_distance(shipment: Shipment) -> None:
    answer = answer_for(LINEHAUL, shipment)

    assert answer.likely is not None
    assert (answer.likely.text, answer.likely_ahead) == ("Most likely Wed 9 Dec", "in 9 days")


def test_hours_of_the_driver_are_the_answer_on_the_day(shipment: Shipment) -> None:
    starts, ends = datetime(2026, 11, 30, 12, 40, tzinfo=UTC), datetime(2026, 11, 30, 14, 40, tzinfo=UTC)
    today = WINDOW._replace(first_on=TODAY, last_on=TODAY, likely_on=TODAY, earliest_at=starts, latest_at=ends)

    answer = answer_for(EXAMPLES[StateKind.OUT_FOR_DELIVERY]._replace(window=today), shipment)

    assert answer.headline.text == "Arrives today between 13:40 and 15:40"


def test_duty_is_named_with_its_amount(shipment: Shipment) -> None:
    from_carrier = DeliveryDetails(duty=DutyDemand(amount=Decimal("12.40"), currency="EUR"))

    answer = answer_for(EXAMPLES[StateKind.DUTIES_DUE]._replace(details=from_carrier), shipment)

    assert answer.headline.text == "Pay €12.40 duty to DHL"


def test_place_and_proof_come_from_the_carrier(shipment: Shipment) -> None:
    point = PickupPoint("Corner shop", "High Street 1", "Mo-Fr 09:00-18:00", last_day=date(2026, 12, 12))
    waiting = EXAMPLES[StateKind.READY_TO_COLLECT]._replace(details=DeliveryDetails(pickup_point=point))
    signed = EXAMPLES[StateKind.DELIVERED]._replace(details=DeliveryDetails(proof=ProofOfDelivery(received_by="K. V.")))

    assert "Corner shop, High Street 1, Mo-Fr 09:00-18:00" in answer_for(waiting, shipment).lines
    assert "Received by K. V." in answer_for(signed, shipment).lines


def test_carriers_own_date_is_attributed(shipment: Shipment) -> None:
    by_carrier = LINEHAUL._replace(window=None, carrier_window=WINDOW._replace(source="USPS"))

    answer = answer_for(by_carrier, shipment)

    assert answer.headline.text.replace("\N{THIN SPACE}", " ") == "Arrives Tue 8 Dec – Fri 11 Dec"
    assert answer.likely is None
    assert "This is the estimate of USPS." in answer.lines


def test_promised_day_stands_below_a_window_that_misses_it(shipment: Shipment) -> None:
    shipment.promised_on = TODAY + timedelta(days=1)

    lines = answer_for(EXAMPLES[StateKind.DELAYED], shipment).lines

    assert "Promised when you ordered: Tue 1 Dec" in lines
