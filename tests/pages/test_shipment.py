"""The pages of an order and a parcel: status, legs, times with their zones, few queries, privacy."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.carriers.parsed import Measurements, ParsedEstimate, ParsedLeg
from tracking.models import Leg, OrderLine, Shipment

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHINA = ParsedLeg("chinapost", "China Post", "LZ000000015CN", "CN")
USPS = ParsedLeg("usps", "USPS", "9200190000000000000009", "US")


@pytest.fixture
def leg() -> Leg:
    leg = factories.create_leg("LZ000000015CN")
    record_shipment(
        leg,
        factories.build_shipment(
            factories.build_scan(
                "origin.picked_up", "2026-09-04T11:30:00+08:00", country="CN", place="HANGZHOU", text="已揽收"
            ),
            factories.build_scan("linehaul.departed", "2026-09-07T23:40:00+08:00", country="CN", place="SHANGHAI"),
            factories.build_scan(
                "linehaul.arrived_destination", "2026-09-09T20:14:00-07:00", country="US", place="LOS ANGELES"
            ),
            factories.build_scan(
                "linehaul.arrived_destination", "2026-09-09T20:19:00-07:00", country="US", leg_index=1
            ),
            factories.build_scan(
                "unmapped", "2026-09-10T09:00:00", country="US", leg_index=1, text="Teleported", code="X9"
            ),
            factories.build_scan("import.customs_presented", "2026-09-10T21:05:00+08:00", country="US", leg_index=1),
            legs=(CHINA, USPS),
            origin="CN",
        ),
        factories.create_payload(),
    )
    return leg


def page_text(client: Client, path: str, **headers: str) -> str:
    """Return the text of a page as a reader sees it, white space folded."""
    html = client.get(path, headers=headers).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_page_shows_every_leg_with_its_number(client: Client, leg: Leg) -> None:
    page = page_text(client, leg.shipment.get_absolute_url())

    for text in ("China Post LZ000000015CN", "USPS 9200190000000000000009", "Collected from the sender", "已揽收"):
        assert text in page
    assert "Presented to import customs" in page


def test_a_scan_reported_by_two_carriers_is_one_row(client: Client, leg: Leg) -> None:
    page = page_text(client, leg.shipment.get_absolute_url())

    assert page.count("Arrived in the destination country") == 1
    assert "Reported by China Post via 17TRACK · USPS via 17TRACK." in page


def test_each_time_is_shown_in_the_zone_of_its_place_with_its_name(client: Client, leg: Leg) -> None:
    page = page_text(client, leg.shipment.get_absolute_url())

    assert "Fri, Sep 4 · Shanghai time 11:30 AM Collected" in page.replace("\u202f", " ")
    assert "Wed, Sep 9 · UTC−7 8:14 PM Arrived" in page.replace("\u202f", " ")


def test_an_assumed_offset_and_an_unknown_zone_are_said_once_a_leg(client: Client, leg: Leg) -> None:
    page = page_text(client, leg.shipment.get_absolute_url())

    assert "local time, zone not given 9:05 PM Presented" in page.replace("\u202f", " ")
    assert page.count("the data provider assumed UTC+8") == 1
    assert page.count("gave some of these times without their time zone.") == 1


def test_own_zone_shows_every_known_instant_in_the_readers_zone(client: Client, leg: Leg) -> None:
    page = page_text(client, f"{leg.shipment.get_absolute_url()}?clock=mine&zone=Asia/Tokyo").replace("\u202f", " ")

    assert "Tokyo time 12:30 PM Collected" in page
    assert "· Shanghai time" not in page
    assert "12:30 PM , Tokyo time = 11:30 AM, Shanghai time" in page


def test_an_unknown_zone_in_a_link_falls_back(client: Client, leg: Leg) -> None:
    for zone in ("Mars/Olympus", "../../etc/passwd", "\x00", "UTC+99"):
        assert client.get(leg.shipment.get_absolute_url(), {"zone": zone, "clock": "mine"}).status_code == 200


def test_unmapped_texts_are_shown_unchanged(client: Client, leg: Leg) -> None:
    assert "Teleported" in page_text(client, leg.shipment.get_absolute_url())


def test_chinese_readers_get_chinese(client: Client, leg: Leg) -> None:
    page = page_text(client, leg.shipment.get_absolute_url(), **{"accept-language": "zh-CN"})

    assert "已向进口海关申报" in page
    assert "Presented to import customs" not in page


def test_an_order_shows_all_its_parcels_and_what_is_not_shipped(client: Client) -> None:
    order = factories.create_order("LF-7")
    for number in ("AAA1", "BBB2"):
        factories.create_leg(number, for_order=order)
    OrderLine.objects.create(order=order, title="A kettle")

    page = page_text(client, order.get_absolute_url())

    for text in ("2 parcels", "Not shipped yet", "A kettle"):
        assert text in page
    assert page.count("The carrier does not know the number yet") == 2


def test_parcels_that_are_still_to_come_stand_first_by_their_earliest_day(client: Client) -> None:
    order = factories.create_order()
    titles = {"delivered": "A lamp", "linehaul": "A kettle", "last_mile": "A scarf"}
    for days, (milestone, title) in enumerate(titles.items()):
        shipment = factories.create_leg(f"N{days}", for_order=order).shipment
        on = datetime.now(UTC).date() + timedelta(days=9 - days)
        Shipment.objects.filter(pk=shipment.pk).update(
            milestone=milestone, carrier_earliest_on=on, carrier_latest_on=on, delivered_on=on
        )
        OrderLine.objects.create(order=order, shipment=shipment, title=title)

    page = page_text(client, order.get_absolute_url())

    assert page.index("A scarf") < page.index("A kettle") < page.index("A lamp")


def test_an_order_without_a_parcel_has_a_message(client: Client) -> None:
    assert "No parcel yet" in page_text(client, factories.create_order().get_absolute_url())


@pytest.mark.parametrize(
    ("scans", "text"),
    [
        ([], "China Post does not know the number yet"),
        (["order.label_created"], "Your arrival date appears after the first scan"),
        (["import.customs_info_required"], "Customs needs documents or information"),
        (["import.duties_due"], "This page never takes money"),
        (["delivery.out_for_delivery"], "Arrives today"),
        (["delivery.attempt_failed_absent"], "Nobody was home"),
        (["pickup.available"], "Ready to collect"),
        (["delivery.delivered"], "Delivered Thu, Sep 10"),
        (["return.started"], "On its way back to"),
        (["return.completed"], "since Thu, Sep 10"),
        (["exception.lost"], "cannot find it"),
    ],
)
def test_each_status_has_its_summary(client: Client, scans: list[str], text: str) -> None:
    leg = factories.create_leg()
    parsed = [factories.build_scan(name, "2026-09-10T10:00:00+02:00", country="DE") for name in scans]
    with time_machine.travel(datetime(2026, 9, 10, 12, tzinfo=UTC), tick=False):
        record_shipment(leg, factories.build_shipment(*parsed), factories.create_payload())

        assert text in page_text(client, leg.shipment.get_absolute_url())


def test_failed_attempts_are_numbered_if_there_are_two(client: Client) -> None:
    leg = factories.create_leg()
    first = factories.build_scan("delivery.attempt_failed_absent", "2026-09-10T10:00:00+02:00", country="DE")
    second = factories.build_scan("delivery.attempt_failed_other", "2026-09-11T10:00:00+02:00", country="DE")
    record_shipment(leg, factories.build_shipment(first), factories.create_payload())
    assert "1st attempt" not in page_text(client, leg.shipment.get_absolute_url())

    record_shipment(leg, factories.build_shipment(first, second), factories.create_payload())

    page = page_text(client, leg.shipment.get_absolute_url())
    assert page.index("2nd attempt") < page.index("1st attempt")
    french = page_text(client, leg.shipment.get_absolute_url(), **{"accept-language": "fr-FR"})
    assert "1re tentative" in french


def test_a_carriers_date_has_passed_when_the_day_ends_at_the_destination(client: Client) -> None:
    leg = factories.create_leg(for_order=factories.create_order(country="US"))
    estimate = ParsedEstimate(date(2026, 11, 22), date(2026, 11, 23), "USPS")
    record_shipment(leg, factories.build_shipment(carrier_estimate=estimate), factories.create_payload())
    pages = {}
    for hour in (4, 6):
        with time_machine.travel(datetime(2026, 11, 24, hour, tzinfo=UTC), tick=False):
            pages[hour] = page_text(client, leg.shipment.get_absolute_url())

    assert "We expect it Sun, Nov 22" in pages[4]
    assert "We expect it" not in pages[6]


def test_the_carriers_estimate_is_attributed_to_the_carrier(client: Client) -> None:
    leg = factories.create_leg()
    future = date(datetime.now(UTC).year + 1, 7, 8)
    Shipment.objects.update(
        milestone="linehaul", carrier_earliest_on=future, carrier_latest_on=future, carrier_date_source="USPS"
    )

    page = page_text(client, leg.shipment.get_absolute_url())

    assert "Arrives" in page
    assert "This is the estimate of USPS." in page


def test_the_script_that_follows_an_order_gets_one_card_and_the_summary(client: Client, leg: Leg) -> None:
    order = leg.shipment.order
    other = factories.create_leg("BBB2", for_order=order).shipment

    url = f"{order.get_absolute_url()}?parcel={other.token}"
    html = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert html.count('<li class="card parcel') == 1 and f'id="parcel-{other.token[:8]}"' in html
    assert 'id="summary"' in html and "2 parcels" in html
    whole_page = client.get(url).content.decode()
    assert whole_page.count('<li class="card parcel') == 2


def test_an_order_says_by_when_all_is_here_and_when_the_next_one_comes(client: Client) -> None:
    order = factories.create_order()
    for days in (2, 5):
        on = datetime.now(UTC).date() + timedelta(days=days)
        shipment = factories.create_leg(f"N{days}", for_order=order).shipment
        Shipment.objects.filter(pk=shipment.pk).update(
            milestone="linehaul", carrier_earliest_on=on, carrier_latest_on=on
        )
    delivered = factories.create_leg("N9", for_order=order).shipment
    Shipment.objects.filter(pk=delivered.pk).update(milestone="delivered", delivered_on=datetime.now(UTC).date())

    page = page_text(client, order.get_absolute_url())

    assert "3 parcels, 1 delivered" in page and "All here" in page and "The next one most likely comes on" in page
    assert page.count("Step 3 of 6: Between countries, now") == 2

    Shipment.objects.filter(order=order).update(carrier_earliest_on=None, carrier_latest_on=None)
    page = page_text(client, order.get_absolute_url())
    assert "All here" not in page and "The next one" not in page


def test_a_request_of_the_live_script_gets_only_the_live_content(client: Client, leg: Leg) -> None:
    for page in (leg.shipment, leg.shipment.order):
        response = client.get(page.get_absolute_url(), headers={"HX-Request": "true"})
        html = response.content.decode()
        assert html.lstrip().startswith('<div id="live-content"')
        assert "HX-Request" in response["Vary"]


def test_a_compressed_page_fits_the_initial_tcp_window(client: Client, leg: Leg) -> None:
    response = client.get(leg.shipment.get_absolute_url(), headers={"accept-encoding": "gzip"})

    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 14_000
    assert b"China Post" in gzip.decompress(response.content)


def test_private_pages_are_not_cached_indexed_or_leaked_by_referrer(client: Client, leg: Leg) -> None:
    for page in (leg.shipment, leg.shipment.order):
        response = client.get(page.get_absolute_url())
        assert "no-store" in response["Cache-Control"]
        assert "noindex" in response["X-Robots-Tag"]
        assert response["Referrer-Policy"] == "same-origin"
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


def test_the_page_has_no_personal_data(client: Client, leg: Leg) -> None:
    order = leg.shipment.order
    order.phone, order.postal_code = "+12025550123", "97201"
    order.save()

    html = client.get(order.get_absolute_url()).content.decode()

    for secret in (order.email, order.phone, order.postal_code):
        assert secret not in html


def test_a_wrong_token_is_a_friendly_404(client: Client) -> None:
    for path in ("/parcels/nothing/", "/orders/nothing/"):
        response = client.get(path)
        assert response.status_code == 404
        assert "We can’t find that page" in response.content.decode()


def test_preferences_are_saved_and_redirect_back(client: Client, leg: Leg) -> None:
    path = leg.shipment.get_absolute_url()
    data = {"language": "zh-hans", "zone": "Asia/Shanghai", "clock": "mine", "next": path}

    response = client.post("/preferences/", data)

    assert response["Location"] == path
    assert "上海" in page_text(client, path)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_preferences_never_redirect_to_another_site(client: Client, target: str) -> None:
    assert client.post("/preferences/", {"next": target, "zone": "Nowhere/Land"})["Location"] == "/"


def test_prices_and_weights_are_in_the_readers_format(client: Client) -> None:
    order = factories.create_order(country="DE", currency="EUR")
    leg = factories.create_leg(for_order=order)
    order.lines.create(shipment=leg.shipment, title="Lamp", unit_price="12.50", weight_grams=1500)
    record_shipment(
        leg, factories.build_shipment(measurements=Measurements(1800, (300, 200, 100))), factories.create_payload()
    )
    pages = {}
    for language in ("de-DE", "en-US"):
        html = client.get(leg.shipment.get_absolute_url(), headers={"accept-language": language}).content.decode()
        pages[language] = html.replace("\N{NO-BREAK SPACE}", " ")

    assert "12,50 €" in pages["de-DE"]
    assert "1,5 kg" in pages["de-DE"]
    assert "1,8 kg · 30 × 20 × 10 cm" in pages["de-DE"]
    assert "€12.50" in pages["en-US"]
    assert "3.3 lb" in pages["en-US"]
    assert "As the carrier measured it: 4 lb · 12 × 7.9 × 3.9 in" in pages["en-US"]
