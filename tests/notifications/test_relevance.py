"""A pending notice is sent only while the page still says what it says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tracking.notifications.relevance import is_still_said, open_alerts_of

from tests import factories
from tracking.models import Alert, Forecast, Notice, Order, Shipment
from tracking.vocabulary import NoticeKind

EVENING = datetime(2026, 9, 20, 22, 30, tzinfo=UTC)
"""In Germany the 21st has begun."""
TODAY = date(2026, 9, 21)
DAY = timedelta(days=1)


def about(kind: NoticeKind, facts: dict[str, str], forecast: Forecast | None = None) -> Notice:
    """Return a notice about a parcel that waits at its last carrier in Germany."""
    shipment = Shipment(pk=7, order=Order(country="DE"), milestone="last_mile", forecast=forecast)
    return Notice(kind=kind, facts=facts, shipment=shipment)


@pytest.mark.parametrize(
    ("kind", "likely", "latest", "expected"),
    [
        (NoticeKind.ARRIVING_TOMORROW, TODAY + DAY, TODAY + DAY, True),
        (NoticeKind.ARRIVING_TOMORROW, TODAY, TODAY + DAY, False),
        (NoticeKind.ARRIVING_TOMORROW, TODAY + 2 * DAY, TODAY + 2 * DAY, False),
        (NoticeKind.DATE_MOVED, TODAY - DAY, TODAY, True),
        (NoticeKind.DATE_MOVED, TODAY - DAY, TODAY - DAY, False),
    ],
)
def test_forecast_is_said_while_its_days_are_to_come_where_the_parcel_arrives(
    kind: NoticeKind, likely: date, latest: date, expected: bool
) -> None:
    notice = about(kind, {}, Forecast(most_likely_on=likely, latest_on=latest))

    assert is_still_said(notice, frozenset(), EVENING) is expected
    assert not is_still_said(about(kind, {}), frozenset(), EVENING)


def test_notice_of_an_alert_is_said_while_the_alert_is_open() -> None:
    notice = about(NoticeKind.PROBLEM, {"alert": "stalled"})

    assert is_still_said(notice, {(7, "stalled")}, EVENING)
    assert not is_still_said(notice, {(7, "held"), (8, "stalled")}, EVENING)


def test_progress_needs_no_forecast_and_is_not_said_once_the_page_says_something_else() -> None:
    assert is_still_said(about(NoticeKind.CUSTOMS_RELEASED, {}), frozenset(), EVENING)
    assert not is_still_said(about(NoticeKind.OUT_FOR_DELIVERY, {}), frozenset(), EVENING)
    assert not is_still_said(about(NoticeKind.DELIVERED, {"alert": "stalled"}), {(7, "stalled")}, EVENING)


@pytest.mark.django_db
@pytest.mark.database
def test_only_open_alerts_of_parcels_with_notices_of_alerts_are_read() -> None:
    parcel, other = factories.create_leg().shipment, factories.create_leg("LZ000000015CN").shipment
    for shipment, kind, closed_at in ((parcel, "stalled", None), (parcel, "held", EVENING), (other, "stalled", None)):
        Alert.objects.create(
            shipment=shipment,
            kind=kind,
            severity="warning",
            closed_at=closed_at,
            **dict.fromkeys(("started_at", "opened_at", "updated_at"), EVENING),
        )
    of_alert = Notice(kind=NoticeKind.PROBLEM, facts={"alert": "stalled"}, shipment=parcel)
    of_scan = Notice(kind=NoticeKind.SHIPPED, facts={}, shipment=other)

    assert open_alerts_of([of_alert, of_scan]) == {(parcel.pk, "stalled")}
    assert open_alerts_of([of_scan]) == frozenset()
