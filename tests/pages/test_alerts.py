"""Alarms on the parcel's page: in words, once, ours as ours; and the customs clock."""

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
POINTS = [0.0, 0.4, 0.7, 0.9, *[0.95] * 57]


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


def test_an_alarm_says_what_it_means_what_happens_next_and_what_helps(client: Client) -> None:
    leg = factories.create_leg()
    gone = factories.build_scan(
        "delivery.attempt_failed_other", "2026-09-14T12:00:00Z", country="US", words="Wrong phone number"
    )
    record_shipment(leg, factories.build_shipment(gone), factories.create_payload())

    told = page_text(client, leg)

    assert "could not reach anybody at the address or by telephone. Since Mon, Sep 14." in told
    assert "usually tries again" in told
    assert "What helps: Call the carrier" in told


@pytest.mark.parametrize(
    ("scan", "once"),
    [
        ("import.duties_due", "Duties or taxes must be paid"),
        ("delivery.attempt_failed_absent", "The carrier usually tries once more"),
        ("exception.lost", "Ask the shop for a new parcel"),
    ],
)
def test_what_the_answer_says_is_not_said_again(client: Client, scan: str, once: str) -> None:
    leg = factories.create_leg()
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan(scan, "2026-09-14T12:00:00+00:00", country="US")),
        factories.create_payload(),
    )

    told = page_text(client, leg)

    assert Alert.objects.open().count() == 1
    assert once in told
    assert "What helps" not in told


def test_a_silent_feed_is_told_as_ours(client: Client) -> None:
    leg = factories.create_leg(consecutive_failures=5)
    Shipment.objects.update(
        alerts_due_at=NOW,
    )
    alerts.check_due_alerts(NOW)

    assert "Our own source of news is silent; this says nothing about the parcel." in page_text(client, leg)


def test_a_snoozed_alarm_is_not_told(client: Client) -> None:
    leg = factories.create_leg(consecutive_failures=5)
    alerts.check_due_alerts(NOW)
    Alert.objects.update(snoozed_until=NOW + timedelta(hours=1))

    assert "Our own source" not in page_text(client, leg)


def test_the_customs_clock_counts_working_days_and_the_share_that_had_passed(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="CN", destination="US", released_share_by_day=POINTS, parcel_count=40, fitted_at=NOW
    )

    told = page_text(client, leg_at_customs())

    assert "At customs: working day 3 There since Mon, Sep 14." in told
    assert "By now 70 of 100 parcels on this lane had passed; 40 are known." in told


def test_the_clock_falls_back_to_the_country_and_says_so(client: Client) -> None:
    ClearanceCurve.objects.create(
        origin="", destination="US", released_share_by_day=POINTS, parcel_count=400, fitted_at=NOW
    )

    assert "70 of 100 parcels to this country had passed; 400 are known." in page_text(client, leg_at_customs())


def test_without_enough_parcels_the_clock_gives_no_share(client: Client) -> None:
    told = page_text(client, leg_at_customs())

    assert "At customs: working day 3" in told
    assert "Too few parcels are known" in told


def test_a_released_parcel_has_no_clock(client: Client) -> None:
    leg = leg_at_customs()
    released = factories.build_scan("import.customs_released", "2026-09-15T12:00:00+00:00", country="US")
    record_shipment(leg, factories.build_shipment(released), factories.create_payload())

    assert "At customs:" not in page_text(client, leg)


def test_chinese_readers_get_chinese(client: Client) -> None:
    told = page_text(client, leg_at_customs(), **{"accept-language": "zh-CN"})

    assert "海关" in told
    assert "At customs" not in told


EVIDENCE = {
    "limit_days": 7.2,
    "promised_on": "2026-09-14",
    "past": True,
    "attempts": 2,
    "until": "2026-09-14",
    "told": True,
    "country": "PL",
    "received_at": "2026-09-14T10:00:00+00:00",
}


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_its_words(kind: AlertKind) -> None:
    zone = zone_for("Europe/Berlin")
    assert zone is not None

    words = explain_alert(kind, EVIDENCE, Reader(locale_for("en"), zone))

    assert words.meaning.endswith(".")
    assert "%" not in "".join(words)
