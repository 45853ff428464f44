"""Numbers as people type them: one key to compare, one number to ask a carrier about."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracking.carriers.numbers.typed_numbers import comparable_number, read_tracking_numbers

SEVEN_KINDS_OF_PASTED_TEXT = [
    "ＲＲ１２３４５６７８５ＣＮ",
    "https://t.17track.net/en#nums=RR123456785CN",
    "RR١٢٣٤٥٦٧٨٥CN",
    "Tracking: RR123456785CN",
    "rr 1234 5678 5 cn",
    "\u200bRR1234\u200d56785CN\u202c",
    "Dear buyer,\nyour parcel left today. Tracking number: RR123456785CN\nThank you!",
]


@pytest.mark.parametrize("pasted", SEVEN_KINDS_OF_PASTED_TEXT)
def test_seven_kinds_of_pasted_text_mean_one_number(pasted: str) -> None:
    assert read_tracking_numbers(pasted) == ["RR123456785CN"]


@pytest.mark.parametrize("pasted", SEVEN_KINDS_OF_PASTED_TEXT[:-1])
def test_all_but_a_whole_mail_have_the_key_of_their_number(pasted: str) -> None:
    assert comparable_number(pasted) == "RR123456785CN"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("#lf-1001", "LF1001"),
        ("LF_1001", "LF1001"),
        ("ＬＦ－１００１", "LF1001"),
        ("LF-१००१", "LF1001"),
        ("No. LF-1001", "LF1001"),
        ("№ LF-1001", "LF1001"),
        ("Order #1001", "1001"),
        ("Bestellung Nr. LF-1001", "LF1001"),
        ("Bestellnummer: LF-1001", "LF1001"),
        ("Nº de pedido: LF-1001", "LF1001"),
        ("N° de commande : LF-1001", "LF1001"),
        ("Numero ordine: LF-1001", "LF1001"),
        ("Número do pedido: LF-1001", "LF1001"),
        ("Номер заказа: LF-1001", "LF1001"),
        ("رقم الطلب: LF-1001", "LF1001"),
        ("注文番号：LF-1001", "LF1001"),
        ("주문번호: LF-1001", "LF1001"),
        ("订单号：LF-1001", "LF1001"),
        ("訂單編號：LF-1001", "LF1001"),
        ("ORDER-1001", "ORDER1001"),
        ("ORDER 1001", "ORDER1001"),
        ("NO-1001", "NO1001"),
        ("Tracking:", "TRACKING"),
        ("订单", "订单"),
        ("-", ""),
    ],
)
def test_a_key_holds_what_was_meant(typed: str, key: str) -> None:
    assert comparable_number(typed) == key


@given(st.text())
@example("\u1100-\u1161")
@example("a\u200d\u0301")
@example("\u0390")
@example("\u0149")
def test_a_key_of_a_key_is_the_same(text: str) -> None:
    key = comparable_number(text)

    assert comparable_number(key) == key


@given(st.from_regex(r"[A-Z]{2}[0-9]{9}[A-Z]{2}", fullmatch=True), st.sampled_from("٠۰०০０"))
def test_digits_of_another_script_have_the_same_key(number: str, zero: str) -> None:
    typed = "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in number)

    assert comparable_number(typed) == number
    assert read_tracking_numbers(typed) == [number]


@given(st.text(max_size=60))
def test_a_number_that_was_read_is_read_again_as_itself(text: str) -> None:
    for number in read_tracking_numbers(text):
        assert read_tracking_numbers(number) == [number]


@pytest.mark.parametrize(
    "pasted",
    [
        "RR123456785CN, LZ000000015CN",
        "RR123456785CN\nLZ000000015CN",
        "RR123456785CN LZ000000015CN",
        "RR123456785CN / LZ000000015CN / RR123456785CN",
        "Tracking: RR123456785CN; Tracking: LZ000000015CN",
        "https://t.17track.net/en#nums=RR123456785CN,LZ000000015CN",
    ],
)
def test_several_numbers_are_told_apart(pasted: str) -> None:
    assert read_tracking_numbers(pasted) == ["RR123456785CN", "LZ000000015CN"]


def test_a_number_of_unknown_format_is_read_where_a_tracking_site_puts_it() -> None:
    link = "https://t.17track.net/en#nums=AA00000012CN"

    assert read_tracking_numbers(link) == ["AA00000012CN"]
    assert comparable_number(link) == "AA00000012CN"
    assert read_tracking_numbers("https://shop.example/AA00000012CN") == []


@pytest.mark.parametrize(
    ("pasted", "numbers"),
    [
        ("Hello, it was sent. Tracking number: UG000000014YP Thank you", ["UG000000014YP"]),
        ("Guten Tag, Ihre Sendungsnummer: ug-0000-0001-4yp ist unterwegs.", ["UG000000014YP"]),
        ("Bonjour, numéro de suivi : UG000000014YP, merci", ["UG000000014YP"]),
        ("Order number: LF-20230001 was sent", []),
        ("Ihre Bestellnummer: 20230001 ist da", []),
        ("Tracking number: will follow soon", []),
    ],
)
def test_a_label_in_a_sentence_tells_a_number_of_unknown_format(pasted: str, numbers: list[str]) -> None:
    assert read_tracking_numbers(pasted) == numbers


@pytest.mark.parametrize("typed", ["RB1", "LX 123 456 CN", "ab-12", "1Z 999 AA1 01 2345 6784", "1234 5678 9012"])
def test_one_number_in_groups_stays_one(typed: str) -> None:
    assert read_tracking_numbers(typed) == [typed.upper().replace(" ", "").replace("-", "")]


@pytest.mark.parametrize("typed", ["", "-", "unknown", "will be sent tomorrow", "not yet 1", "1" * 60, "РР123Ж"])
def test_what_cannot_be_a_tracking_number_is_not_read(typed: str) -> None:
    assert read_tracking_numbers(typed) == []
