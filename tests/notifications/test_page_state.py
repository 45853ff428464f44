"""What a page says of a parcel, as it is stored, and when that agrees with a notice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracking.models import Shipment
from tracking.notifications.page_state import PageJourney, PageState, is_said, page_state_of
from tracking.vocabulary import JourneyKind, JourneyStage, Milestone, NoticeKind, Overlay

NOON = datetime(2026, 9, 20, 12, tzinfo=UTC)
SENT_AGAIN = (PageJourney(JourneyKind.OUTBOUND, None), PageJourney(JourneyKind.SENT_AGAIN, NOON))


def test_page_says_what_was_concluded_about_its_parcel() -> None:
    shipment = Shipment(
        milestone="out_for_delivery",
        overlay="attempt_failed",
        journey="sent_again",
        journeys=[{"kind": "outbound", "started_at": None}, {"kind": "sent_again", "started_at": NOON.isoformat()}],
        exported_at=NOON,
        delivered_on=date(2026, 9, 20),
    )

    assert page_state_of(shipment) == PageState(
        Milestone.OUT_FOR_DELIVERY,
        Overlay.ATTEMPT_FAILED,
        SENT_AGAIN,
        frozenset({JourneyStage.EXPORTED}),
        date(2026, 9, 20),
    )


def test_parcel_whose_journeys_are_not_stored_is_on_its_current_one() -> None:
    page = page_state_of(Shipment(milestone="linehaul", journey="return"))

    assert (page.overlay, page.journey) == (None, PageJourney(JourneyKind.RETURN, None))


@pytest.mark.parametrize(
    ("kind", "page", "expected"),
    [
        (NoticeKind.DELIVERED, PageState(Milestone.DELIVERED, Overlay.EXCEPTION), True),
        (NoticeKind.DELIVERED, PageState(Milestone.DELIVERED, Overlay.RETURNING), False),
        (NoticeKind.OUT_FOR_DELIVERY, PageState(Milestone.OUT_FOR_DELIVERY), True),
        (NoticeKind.OUT_FOR_DELIVERY, PageState(Milestone.OUT_FOR_DELIVERY, Overlay.EXCEPTION), False),
        (NoticeKind.SENT_AGAIN, PageState(Milestone.LINEHAUL, None, SENT_AGAIN), True),
        (NoticeKind.SENT_AGAIN, PageState(Milestone.LINEHAUL, Overlay.RETURNING, SENT_AGAIN), False),
        (NoticeKind.SENT_AGAIN, PageState(Milestone.LINEHAUL), False),
        (NoticeKind.DELIVERY_WITHDRAWN, PageState(Milestone.LAST_MILE, delivery_withdrawn_at=NOON), True),
        (NoticeKind.DELIVERY_WITHDRAWN, PageState(Milestone.DELIVERED, delivery_withdrawn_at=NOON), False),
        (NoticeKind.DELIVERY_WITHDRAWN, PageState(Milestone.LAST_MILE), False),
    ],
)
def test_notice_is_said_only_while_nothing_on_the_page_speaks_against_it(
    kind: NoticeKind, page: PageState, expected: bool
) -> None:
    assert is_said(kind, page) is expected
