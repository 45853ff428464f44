"""Numbers are found in pasted lists, sentences in many languages, mails and their source, and HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.numbers import Certainty, MatchReason, NumberSource, find_numbers

MAIL = """\
From: A Shop <orders@shop.example>
Date: Tue, 3 Mar 2026 10:15:30 +0000
Message-ID: <20260303101530.1234567890@mail.shop.example>

Hello, your order #1234567890 of 2 March 2026 (EUR 1,234.56) has left us.
Tracking number: 33 1881 0025
Questions? Call +44 20 7946 0958 or write to us. VAT DE123456789, IBAN DE89 3704 0044 0532 0130 00.
"""
SOURCE = """\
Content-Transfer-Encoding: quoted-printable

<p>Hello,<br>order <b>1234567890</b> is on its way.</p>
<a href=3D"https://www.ups.com/track?loc=3Den_US&amp;tracknum=3D1Z5R8939=
0357567127&amp;requester=3DST">Track</a>
"""
PAGE = """\
<html><head><style>.a1234567890 { width: 3318810025px }</style><script>var id = 3318810036;</script></head>
<table><tr><td>Order</td><td>9865787888551</td></tr>
<tr><td>Tracking</td><td>RB&nbsp;123&#8203;456&nbsp;785&nbsp;GB</td></tr></table>
<img src="https://pixel.example/o.gif?e=9400111201080805483016x" width="986578788855">
<a href="https://tools.usps.com/go/TrackConfirmAction?tLabels=9400111201080805483016">
9400&#32;1112 0108 0805 4830 16</a>
"""


def found_numbers(text: str) -> list[str]:
    """Return the numbers found, in order."""
    return [found.number for found in find_numbers(text)]


@pytest.mark.parametrize(
    ("text", "number", "carrier"),
    [
        ("Your parcel 1Z 5R8 939 03 5756 7127 arrives on 2026-03-04 at 10:15.", "1Z5R89390357567127", "ups"),
        ("Ihre Sendungsnummer lautet: 00340434161094042557.", "00340434161094042557", "dhl-de"),
        ("Ihre Paketnummer bei DPD: 0100 5000 0000 00", "01005000000000", "dpd"),
        ("Votre colis Colissimo n° 8L41392078260 est en route", "8L41392078260", "laposte"),
        ("Su número de seguimiento es RB 123 456 785 GB, gracias", "RB123456785GB", "royalmail"),
        ("Codice di spedizione GLS: 123456789011", "123456789011", "gls"),
        ("Código de rastreio: RB876543216BR", "RB876543216BR", "correios"),
        ("Je zending met 3SABCD1234567 is onderweg", "3SABCD1234567", "postnl"),
        ("Przesyłka nr 1Z5R89390357567127", "1Z5R89390357567127", "ups"),
        ("Din försändelse 373000000000000012 är på väg", "373000000000000012", "postnord"),
        ("Ваша посылка, трек-номер LX000000014CN", "LX000000014CN", "chinapost"),
        ("您的订单1234567890123已发货，顺丰单号：SF1234567890123，请查收", "SF1234567890123", "sf"),
        ("運單號碼 YT2229521272164446", "YT2229521272164446", "yunexpress"),
        ("お問い合わせ番号：9865-7878-8855", "986578788855", "fedex"),
        ("운송장번호 EJ314159268JP", "EJ314159268JP", "japanpost"),
        ("رقم التتبع: ٣٣١٨٨١٠٠٢٥", "3318810025", "dhl"),
        ("מספר מעקב RB123456785GB", "RB123456785GB", "royalmail"),
        ("AWB ３３１８８１００２５", "3318810025", "dhl"),
        ("Tracking:\n\n\t1Z5R89390357567127\n", "1Z5R89390357567127", "ups"),
        ("Aramex waybill 4700000000", "4700000000", "aramex"),
        ("Shipped with GLS 12345678900", "12345678900", "gls"),
        ("Your Evri barcode: H-00AB-1-000000001-2.", "H00AB10000000012", "evri"),
        ("Hermes parcel P12AB34CD56EF781", "P12AB34CD56EF781", "evri"),
        ("Our UPS waybill is K0000000171", "K0000000171", "ups"),
        ("Shipped with LaserShip LE10000001", "LE10000001", "lasership"),
        ("Amazon tracking: C0000000001", "C0000000001", "amazon"),
        ("Tracked with Spee-Dee SP 000000 000000 000001", "SP000000000000000001", "spee-dee"),
        ("Order SF-1042: tracking 9400 1112 0108 0805 4830 16", "9400111201080805483016", "usps"),
        ("My UPS tracking is 1Z5R89390357567128 thanks", "1Z5R89390357567128", "ups"),
    ],
)
def test_a_number_is_found_in_prose(text: str, number: str, carrier: str) -> None:
    (found,) = find_numbers(text)

    assert (found.number, found.candidates[0].carrier, found.source) == (number, carrier, NumberSource.TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "Your order K0000000171 was received",
        "Part LE10000001 is in stock",
        "Invoice C0000000001",
        "Your order 3318810025 was received",
        "Invoice no. 986578788855 of 3 March 2026",
        "Bestellnummer 302-1234567-1234567, Kundennummer 3318810025",
        "Call us: +1 (202) 555-0143 or 020 7946 0958",
        "Tel. 331 881 0025",
        "Hotline 1-800-742-5877",
        "It costs $986578788855 or 3318810025 €",
        "3318810025.50 and 3318810025,50",
        "On 2026-03-04 10:15:30 and 04.03.2026 and 20260304",
        "IBAN DE89 3704 0044 0532 0130 00, VAT DE123456789",
        "ISBN 978-3-16-148410-0, EAN 4006381333931",
        "Write to 3318810025@mail.example or see /orders/3318810025/view",
        "id 550e8400-e29b-41d4-a716-446655440000 and 1e240986578788855abc",
        "#3318810025",
        "order RB123456786US",
        "订单号：3318810025，电话：13812345678",
        "",
        "no number at all",
    ],
)
def test_orders_telephone_numbers_dates_and_prices_are_not_found(text: str) -> None:
    assert found_numbers(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1Z5R89390357567127", ["1Z5R89390357567127"]),
        ("1Z5R89390357567127\nRB 123 456 785 GB\n\n3318810025", ["1Z5R89390357567127", "RB123456785GB", "3318810025"]),
        ("1Z5R89390357567127, RB123456785GB;3318810025", ["1Z5R89390357567127", "RB123456785GB", "3318810025"]),
        ("1Z5R89390357567127 RB123456785GB 3318810025", ["1Z5R89390357567127", "RB123456785GB", "3318810025"]),
        ("12345678900\t4700000000", ["12345678900", "4700000000"]),
    ],
)
def test_every_entry_of_a_list_of_numbers_is_found(text: str, expected: list[str]) -> None:
    assert found_numbers(text) == expected


def test_a_standalone_number_may_be_weak_or_mistyped() -> None:
    weak, mistyped = find_numbers("12345678900\n1Z5R89390357567128")

    assert (weak.source, weak.candidates[0].certainty) == (NumberSource.STANDALONE, Certainty.WEAK)
    assert (mistyped.source, mistyped.candidates[0].has_wrong_check_digit) == (NumberSource.STANDALONE, True)


@pytest.mark.parametrize("text", ["+44 20 7946 0958", "020 7946 0958", "2026-03-04", "1.234,56"])
def test_a_standalone_telephone_number_date_or_price_is_not_found(text: str) -> None:
    assert found_numbers(text) == []


def test_a_mail_gives_only_its_tracking_number() -> None:
    assert found_numbers(MAIL) == ["3318810025"]


def test_a_mails_source_is_decoded_across_its_soft_line_breaks() -> None:
    (found,) = find_numbers(SOURCE)

    assert (found.number, found.source) == ("1Z5R89390357567127", NumberSource.LINK)
    assert found.candidates[0].reasons == (MatchReason.CHECK_DIGIT, MatchReason.LINK)


def test_html_is_searched_in_reading_order_without_styles_and_scripts() -> None:
    first, second = find_numbers(PAGE)

    assert (first.number, first.source) == ("RB123456785GB", NumberSource.TEXT)
    assert (second.number, second.source) == ("9400111201080805483016", NumberSource.LINK)


def test_a_number_found_twice_is_returned_once_in_first_position_with_its_link() -> None:
    text = "YT1234567890123 and RB123456785GB: https://www.yuntrack.com/parcelTracking?id=YT1234567890123"
    first, second = find_numbers(text)

    assert (first.number, first.source, first.candidates[0].carrier) == (
        "YT1234567890123",
        NumberSource.LINK,
        "yunexpress",
    )
    assert second.number == "RB123456785GB"


def test_a_carrier_named_nearby_comes_first_and_the_collision_stays() -> None:
    (found,) = find_numbers("Sent with YunExpress, number YT1234567890123")

    best = found.candidates[0]
    assert best.carrier == "yunexpress"
    assert {MatchReason.NAMED_IN_TEXT, MatchReason.COLLISION} <= set(best.reasons)


def test_each_number_gets_the_carrier_named_next_to_it() -> None:
    dhl, gls = find_numbers(
        "DHL 3318810025 and then, by another way and much later than all the others, GLS 12345678900"
    )

    assert (dhl.candidates[0].carrier, gls.candidates[0].carrier) == ("dhl", "gls")


def test_destination_and_history_reach_the_ranking() -> None:
    text = "YT1234567890123 LX000000014CN"
    first, second = find_numbers(text, destination="US", history={"yunexpress": 9})

    assert first.candidates[0].carrier == "yunexpress"
    assert [candidate.carrier for candidate in second.candidates] == ["chinapost", "usps"]


@given(st.text(alphabet=st.sampled_from(" -.,:;+#/<>=&%?@\n\t12304Z9ARBGBSFYT'\"()€$٣１\u200b\ue000"), max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    found = find_numbers(text)

    assert len({each.number for each in found}) == len(found)
    assert all(each.candidates and each.candidates[0].number == each.number for each in found)


@given(st.text(max_size=200))
def test_surrounding_text_does_not_hide_a_distinctive_number(text: str) -> None:
    assert "1Z5R89390357567127" in found_numbers(f"{text.replace('=', ' ').replace('<', ' ')}\n 1Z5R89390357567127 \n")
