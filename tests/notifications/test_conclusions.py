"""What was concluded about a parcel, as it is stored, and when that makes a notice true."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracking.models import Shipment
from tracking.notifications.conclusions import ConcludedJourney, Conclusion, conclusion_of, has_happened
from tracking.vocabulary import JourneyKind, JourneyStage, Milestone, NoticeKind, Overlay

NOON = datetime(2026, 9, 20, 12, tzinfo=UTC)
SENT_AGAIN = (ConcludedJourney(JourneyKind.OUTBOUND, None), ConcludedJourney(JourneyKind.SENT_AGAIN, NOON))


def test_conclusion_is_read_from_its_parcel() -> None:
    shipment = Shipment(
        milestone="out_for_delivery",
        overlay="attempt_failed",
        journey="sent_again",
        journeys=[{"kind": "outbound", "started_at": None}, {"kind": "sent_again", "started_at": NOON.isoformat()}],
        exported_at=NOON,
        delivered_on=date(2026, 9, 20),
    )

    assert conclusion_of(shipment) == Conclusion(
        Milestone.OUT_FOR_DELIVERY,
        Overlay.ATTEMPT_FAILED,
        SENT_AGAIN,
        frozenset({JourneyStage.EXPORTED}),
        date(2026, 9, 20),
    )


def test_parcel_whose_journeys_are_not_stored_is_on_its_current_one() -> None:
    conclusion = conclusion_of(Shipment(milestone="linehaul", journey="return"))

    assert (conclusion.overlay, conclusion.journey) == (None, ConcludedJourney(JourneyKind.RETURN, None))


@pytest.mark.parametrize(
    ("kind", "conclusion", "expected"),
    [
        (NoticeKind.DELIVERED, Conclusion(Milestone.DELIVERED, Overlay.EXCEPTION), True),
        (NoticeKind.DELIVERED, Conclusion(Milestone.DELIVERED, Overlay.RETURNING), False),
        (NoticeKind.OUT_FOR_DELIVERY, Conclusion(Milestone.OUT_FOR_DELIVERY), True),
        (NoticeKind.OUT_FOR_DELIVERY, Conclusion(Milestone.OUT_FOR_DELIVERY, Overlay.EXCEPTION), False),
        (NoticeKind.SENT_AGAIN, Conclusion(Milestone.LINEHAUL, None, SENT_AGAIN), True),
        (NoticeKind.SENT_AGAIN, Conclusion(Milestone.LINEHAUL, Overlay.RETURNING, SENT_AGAIN), False),
        (NoticeKind.SENT_AGAIN, Conclusion(Milestone.LINEHAUL), False),
        (NoticeKind.DELIVERY_WITHDRAWN, Conclusion(Milestone.LAST_MILE, delivery_withdrawn_at=NOON), True),
        (NoticeKind.DELIVERY_WITHDRAWN, Conclusion(Milestone.DELIVERED, delivery_withdrawn_at=NOON), False),
        (NoticeKind.DELIVERY_WITHDRAWN, Conclusion(Milestone.LAST_MILE), False),
    ],
)
def test_notice_is_true_only_while_nothing_concluded_speaks_against_it(
    kind: NoticeKind, conclusion: Conclusion, expected: bool
) -> None:
    assert has_happened(kind, conclusion) is expected
