"""Alerts on the parcel's page, and its progress at customs compared with earlier parcels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.ingest import alerts
from tracking.localization.reader import Reader, locale_for, zone_for
from tracking.models import Alert, BuyerTask, ClearanceCurve, Leg, Shipment, Shop
from tracking.page_state.alert_texts import explain_alert
from tracking.vocabulary import AlertKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 16, 12, tzinfo=UTC)
"""A Wednesday."""
RELEASED_SHARES = [0.0, 0.4, 0.7, 0.9, *[0.95] * 57]


@pytest.fixture(autouse=True)
def frozen_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page_text(client: Client, leg: Leg, **headers: str) -> str:
    html = client.get(leg.shipment.get_absolute_url(), headers=headers).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def leg_at_customs() -> Leg:
    leg = factories.create_leg()
    presented = factories.build_scan("import.customs_presented", "2026-09-14T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(presented, origin="CN"), factories.create_payload())
    return leg


def test_an_alert_shows_its_meaning_the_next_step_and_advice(client: Client) -> None:
    leg = factories.create_leg()
    failed_attempt = factories.build_scan(
        "delivery.attempt_failed_other", "2026-09-14T12:00:00Z", country="US", text="Wrong phone number"
    )
    record_shipment(leg, factories.build_shipment(failed_attempt), factories.create_payload())
    with_task = page_text(client, leg)
    BuyerTask.objects.all().delete()

    text = page_text(client, leg)

    assert "could not reach anyone" in with_task and "Call the carrier" not in with_task
    assert "could not reach anyone at the address or by phone." in text
    assert "usually tries again" in text
    assert "Call the carrier" in text


@pytest.mark.parametrize("support_email", ["help@example.com", ""])
def test_the_advice_to_ask_the_shop_needs_its_contact(client: Client, support_email: str) -> None:
    leg = factories.create_leg()
    Shop.objects.update(support_email=support_email)
    lost = factories.build_scan("exception.lost", "2026-09-14T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(lost), factories.create_payload())

    text = page_text(client, leg)

    assert "The carrier reports that it is lost." in text
    assert ("Ask the shop" in text) == bool(support_email)


def test_an_alert_that_the_answer_does_not_need_is_not_shown(client: Client) -> None:
    leg = factories.create_leg(consecutive_failures=5)
    Shipment.objects.update(alerts_due_at=NOW)
    alerts.check_due_alerts(NOW)

    assert Alert.objects.open().filter(kind="feed_silent").exists()
    assert "Our own source" not in page_text(client, leg)


def test_a_snoozed_alert_explains_nothing(client: Client) -> None:
    leg = factories.create_leg()
    lost = factories.build_scan("exception.lost", "2026-09-14T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(lost), factories.create_payload())
    Alert.objects.update(snoozed_until=NOW + timedelta(hours=1))

    assert "reports that it is lost" not in page_text(client, leg)


def test_customs_progress_shows_the_working_day_and_the_share_cleared_by_then(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="CN", destination="US", released_share_by_day=RELEASED_SHARES, parcel_count=40, fitted_at=NOW
    )

    text = page_text(client, leg_at_customs())

    assert "7 in 10 parcels on this route clear customs by working day 3." in text


def test_customs_progress_falls_back_to_the_country_and_says_so(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="", destination="US", released_share_by_day=RELEASED_SHARES, parcel_count=400, fitted_at=NOW
    )

    assert "7 in 10 parcels to this country clear customs by working day 3." in page_text(client, leg_at_customs())


def test_customs_progress_gives_no_share_if_too_few_parcels_are_known(client: Client) -> None:
    assert "clear customs by working day" not in page_text(client, leg_at_customs())


def test_a_released_parcel_has_no_customs_progress(client: Client) -> None:
    leg = leg_at_customs()
    released = factories.build_scan("import.customs_released", "2026-09-15T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(released), factories.create_payload())

    assert "clear customs by" not in page_text(client, leg)


def test_chinese_readers_get_customs_progress_in_chinese(client: Client) -> None:
    text = page_text(client, leg_at_customs(), **{"accept-language": "zh-CN"})

    assert "海关" in text
    assert "At customs" not in text


EVIDENCE = {
    "limit_days": 7.2,
    "promised_on": "2026-09-14",
    "past": True,
    "attempts": 2,
    "until": "2026-09-14",
    "from_carrier": True,
    "country": "PL",
    "last_answer_at": "2026-09-14T10:00:00+00:00",
}


@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_kind_has_a_complete_explanation(kind: AlertKind) -> None:
    zone = zone_for("Europe/Berlin")
    assert zone is not None

    explanation = explain_alert(kind, EVIDENCE, Reader(locale_for("en"), zone))

    assert explanation.meaning.endswith(".")
    assert "%" not in "".join(explanation)
