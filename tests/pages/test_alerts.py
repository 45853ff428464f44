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
from tracking.alerts.texts import explain_alert
from tracking.ingest import alerts
from tracking.localization.reader import Reader, locale_for, zone_for
from tracking.models import Alert, ClearanceCurve, Leg, Shipment
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


def leg_at_customs(**fields: str) -> Leg:
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

    text = page_text(client, leg)

    assert "could not reach anybody at the address or by telephone. Since Mon, Sep 14." in text
    assert "usually tries again" in text
    assert "What helps: Call the carrier" in text


@pytest.mark.parametrize(
    ("scan", "summary_text"),
    [
        ("import.duties_due", "Duties or taxes must be paid"),
        ("delivery.attempt_failed_absent", "The carrier usually tries once more"),
        ("exception.lost", "Ask the shop for a new parcel"),
    ],
)
def test_an_alert_that_the_summary_explains_is_not_repeated(client: Client, scan: str, summary_text: str) -> None:
    leg = factories.create_leg()
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan(scan, "2026-09-14T12:00:00+00:00", country="US")),
        factories.create_payload(),
    )

    text = page_text(client, leg)

    assert Alert.objects.open().count() == 1
    assert summary_text in text
    assert "What helps" not in text


def test_an_alert_about_a_silent_feed_says_that_it_is_about_our_source(client: Client) -> None:
    leg = factories.create_leg(consecutive_failures=5)
    Shipment.objects.update(alerts_due_at=NOW)
    alerts.check_due_alerts(NOW)

    assert "Our own source of news is silent; this says nothing about the parcel." in page_text(client, leg)


def test_a_snoozed_alert_is_not_shown(client: Client) -> None:
    leg = factories.create_leg(consecutive_failures=5)
    alerts.check_due_alerts(NOW)
    Alert.objects.update(snoozed_until=NOW + timedelta(hours=1))

    assert "Our own source" not in page_text(client, leg)


def test_customs_progress_shows_the_working_day_and_the_share_cleared_by_then(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="CN", destination="US", released_share_by_day=RELEASED_SHARES, parcel_count=40, fitted_at=NOW
    )

    text = page_text(client, leg_at_customs())

    assert "At customs: working day 3 There since Mon, Sep 14." in text
    assert "By now 70 of 100 parcels on this lane had passed; 40 are known." in text


def test_customs_progress_falls_back_to_the_country_and_says_so(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="", destination="US", released_share_by_day=RELEASED_SHARES, parcel_count=400, fitted_at=NOW
    )

    assert "70 of 100 parcels to this country had passed; 400 are known." in page_text(client, leg_at_customs())


def test_customs_progress_gives_no_share_if_too_few_parcels_are_known(client: Client) -> None:
    text = page_text(client, leg_at_customs())

    assert "At customs: working day 3" in text
    assert "Too few parcels are known" in text


def test_a_released_parcel_has_no_customs_progress(client: Client) -> None:
    leg = leg_at_customs()
    released = factories.build_scan("import.customs_released", "2026-09-15T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(released), factories.create_payload())

    assert "At customs:" not in page_text(client, leg)


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
