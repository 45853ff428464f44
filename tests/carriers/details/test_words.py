"""Words tell pick-up points, neighbours, duties and papers in each language, and traps tell nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tests.examples import scale_examples
from tracking.carriers.details.collect import collect_details
from tracking.carriers.details.parts import CustomsDocument, DeliveryDetails, LeftWithKind
from tracking.carriers.details.stored import details_as_json
from tracking.carriers.details.words import DETAIL_PHRASES, find_documents, find_words

WAITING, DELIVERED, OUT, HELD = (
    "pickup.available",
    "delivery.delivered",
    "delivery.out_for_delivery",
    "import.customs_held",
)
LANGUAGES = {"en", "de", "fr", "es", "pt", "ru", "zh", "ja", "ko"}


def details_of(text: str, scan: str) -> DeliveryDetails:
    """Return the details in the text of one scan of 1 December 2026."""
    return collect_details(factories.build_shipment(factories.build_scan(scan, "2026-12-01T09:00:00+01:00", text=text)))


def told(text: str, scan: str) -> dict[str, Any]:
    """Return the details in the text of one scan as JSON, without times."""
    parts = details_as_json(details_of(text, scan))
    return {
        kind: {name: value for name, value in part.items() if name != "scan_at"}
        for kind, part in parts.items()
        if kind != "attempts" or "scan_at" in part
    }


def test_every_detail_is_known_in_every_language() -> None:
    known: dict[str, set[str]] = {}
    for phrase in DETAIL_PHRASES:
        known.setdefault(phrase.detail, set()).add(phrase.language)

    assert {detail: LANGUAGES - languages for detail, languages in known.items() if languages != LANGUAGES} == {}


@pytest.mark.parametrize(
    ("text", "house"),
    [
        ("Left with neighbour No 12", "12"),
        ("Delivered to neighbor at 14", "14"),
        ("Handed to a neighbour 5 minutes ago", ""),
        ("Delivered to a neighbour, 1043 AG Amsterdam", ""),
        ("Delivered to a neighbour on 12 Dec at 14:05", ""),
        ("Die Sendung wurde beim Nachbarn Nr. 7 abgegeben", "7"),
        ("Zustellung an Nachbarn, Hausnummer 9a", "9a"),
        ("Colis remis au voisin du n° 8", "8"),
        ("Entregado al vecino nº 14", "14"),
        ("Objeto entregue ao vizinho número 30", "30"),
        ("Вручено соседу, дом 5", "5"),
        ("快件已由邻居代收，门牌12号", "12"),
        ("お隣の方にお渡ししました", ""),
        ("이웃에게 전달되었습니다", ""),
    ],
)
def test_a_neighbour_is_told_by_the_number_of_the_house(text: str, house: str) -> None:
    left_with = details_of(text, DELIVERED).left_with

    assert left_with is not None
    assert (left_with.kind, left_with.house_number) == (LeftWithKind.NEIGHBOUR, house)


def test_a_neighbours_name_is_never_kept_and_the_floor_is() -> None:
    details = told("Left with neighbour Mrs Example Person at No. 12b, 2nd floor", DELIVERED)

    assert details == {"left_with": {"kind": "neighbour", "house_number": "12b", "floor": "2"}}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Delivered, Front Door/Porch", "front door/porch"),
        ("Left in the garage", "garage"),
        ("Delivered to a safe place", ""),
        ("Abgestellt: Garage", "garage"),
        ("Ablageort Terrasse", "terrasse"),
        ("Déposé dans votre boîte aux lettres", "boîte aux lettres"),
        ("Dejado en el buzón", "buzón"),
        ("Deixado na portaria", "portaria"),
        ("Оставлено в почтовом ящике", "почтовом ящике"),
        ("快件已放在门口", "门口"),
        ("玄関前に置き配完了", "玄関前"),
        ("문 앞 배송 완료", "문 앞"),
    ],
)
def test_a_safe_place_is_told_in_the_carriers_word(text: str, place: str) -> None:
    left_with = details_of(text, DELIVERED).left_with

    assert left_with is not None
    assert (left_with.kind, left_with.place) == (LeftWithKind.SAFE_PLACE, place)


@pytest.mark.parametrize(
    "text",
    [
        "No neighbour accepted the parcel",
        "Will be left with a neighbour",
        "If nobody is there it is left with neighbour 12",
        'Delivered by "Left with neighbour Logistics"',
        "Kein Nachbar angetroffen, nicht abgegeben",
        "Nicht beim Nachbarn abgegeben",
        "Si vous êtes absent, remis au voisin",
        "Не вручено соседу",
        "未能交给邻居",
    ],
)
def test_negation_future_condition_and_quotation_tell_of_no_neighbour(text: str) -> None:
    assert details_of(text, DELIVERED).left_with is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ready for collection in Packstation 145", "Packstation 145"),
        ("Available at the ParcelShop Kiosk am Markt, open: Mon-Fri 9-18", "ParcelShop Kiosk am Markt"),
        ("Die Sendung liegt in der Postfiliale 512 zur Abholung bereit", "Postfiliale 512"),
        ("Disponible au point relais TABAC DU CENTRE", "point relais TABAC DU CENTRE"),
        ("Disponible en la oficina de Correos MADRID SUC 12", "oficina de Correos MADRID SUC 12"),
        ("Disponível na agência dos Correios AC CENTRO", "agência dos Correios AC CENTRO"),
        ("Ожидает в отделении почтовой связи 101000", "отделении почтовой связи 101000"),
        ("快件已存放至丰巢快递柜", "丰巢快递柜"),
        ("新宿郵便局に保管しています", "新宿郵便局"),
        ("강남우체국에 보관 중", "강남우체국"),
    ],
)
def test_a_pick_up_point_is_told_by_its_name(text: str, name: str) -> None:
    point = details_of(text, WAITING).pickup_point

    assert point is not None
    assert point.name == name


@pytest.mark.parametrize(
    "text",
    ["Ready for collection at a parcel shop", "Will be delivered to Packstation 145", "Not yet at ParcelShop Kiosk"],
)
def test_a_pick_up_point_without_a_name_or_that_is_denied_is_not_told(text: str) -> None:
    assert details_of(text, WAITING).pickup_point is None


def test_a_shop_where_the_sender_handed_it_in_is_no_pick_up_point() -> None:
    assert details_of("Collected from ParcelShop Kiosk am Markt", "origin.accepted").pickup_point is None


@pytest.mark.parametrize(
    "text",
    [
        "Collect by 12 Dec",
        "Available for pick-up until Saturday, 12 December 2026",
        "It will be returned if not collected by 12 Dec",
        "Abholbar bis 12.12.2026",
        "Liegt bis zum 12.12. zur Abholung bereit",
        "À retirer avant le 12 décembre",
        "Puede recogerlo hasta el 12 de diciembre",
        "Retirar até 12.12.2026",
        "Срок хранения до 12 декабря",
        "请于12月12日前取件",
        "保管期限 12月12日",
        "보관 기한 12월 12일",
    ],
)
def test_the_last_day_to_collect_is_read(text: str) -> None:
    point = details_of(text, WAITING).pickup_point

    assert point is not None
    assert point.last_day == date(2026, 12, 12)


def test_a_day_that_could_be_two_is_not_read() -> None:
    assert details_of("Collect by 05/06/2026", WAITING).pickup_point is None
    assert details_of("Collect by 15/06/2026", WAITING).pickup_point is not None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your pick-up code is 4711", "4711"),
        ("Abholcode: AB12-34", "AB12-34"),
        ("Code de retrait : 90817", "90817"),
        ("Código de recogida: 5521", "5521"),
        ("Código de retirada: 5521", "5521"),
        ("Код получения: 8342", "8342"),
        ("取件码：8-2-3011", "8-2-3011"),
        ("認証番号：554433", "554433"),
        ("수령 코드: 7788", "7788"),
        ("No pick-up code is needed", None),
    ],
)
def test_the_code_to_collect_is_read(text: str, code: str | None) -> None:
    point = details_of(text, WAITING).pickup_point

    assert (point.code if point else None) == code


@pytest.mark.parametrize(
    "text",
    [
        "Opening hours: Mon-Fri 9-18",
        "Öffnungszeiten: Mo-Fr 9-18",
        "Horaires : lun-ven 9-18",
        "Horario: lun-vie 9-18",
        "Horário de funcionamento: seg-sex 9-18",
        "Часы работы: пн-пт 9-18",
        "营业时间：9:00-18:00",
        "営業時間：9:00-18:00",
        "영업시간: 9:00-18:00",
    ],
)
def test_opening_hours_are_read(text: str) -> None:
    point = details_of(text, WAITING).pickup_point

    assert point is not None
    assert point.opening_hours.endswith(("9-18", "9:00-18:00"))


def test_what_is_open_without_hours_is_no_opening_time() -> None:
    assert details_of("The shop was not open 3 days ago", WAITING).pickup_point is None


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("Duty of EUR 12.40 due", "12.40", "EUR"),
        ("Import VAT to be paid: £1,234.50", "1234.50", "GBP"),
        ("Einfuhrabgaben in Höhe von 12,40 EUR", "12.40", "EUR"),
        ("Droits de douane à payer : 12,40 €", "12.40", "EUR"),
        ("Impuestos de importación: 12,40 EUR", "12.40", "EUR"),
        ("Tributos a pagar: R$ 120,00", "120.00", "BRL"),
        ("Таможенная пошлина 1 200 руб", "1200", "RUB"),
        ("需支付关税 88.50 元", "88.50", "CNY"),
        ("関税 3,500円", "3500", "JPY"),
        ("관세 12,000원", "12000", "KRW"),
    ],
)
def test_the_amount_of_duties_is_read_with_its_currency(text: str, amount: str, currency: str) -> None:
    duty = details_of(text, HELD).duty

    assert duty is not None
    assert (duty.amount, duty.currency, duty.is_paid) == (Decimal(amount), currency, False)


@pytest.mark.parametrize(
    "text", ["No duties of EUR 12.40 are due", "If duties of EUR 12.40 are due we tell you", "Duty: $12"]
)
def test_duties_denied_conditional_or_in_an_unclear_currency_are_not_read(text: str) -> None:
    assert details_of(text, HELD).duty is None


@pytest.mark.parametrize(
    "text",
    [
        "Duties of EUR 12.40 have been paid",
        "Zollgebühren bezahlt",
        "Droits de douane acquittés",
        "Aranceles pagados",
        "Impostos pagos",
        "Таможенная пошлина уплачена",
        "关税已支付",
        "関税支払い済み",
        "관세 납부 완료",
    ],
)
def test_paid_duties_are_told_as_paid(text: str) -> None:
    duty = details_of(text, HELD).duty

    assert duty is not None
    assert duty.is_paid


def test_the_link_to_pay_is_kept_and_an_unsafe_one_is_not() -> None:
    safe = details_of("Duty of EUR 12.40 due. Pay at https://pay.example.com/d/1.", HELD).duty
    unsafe = details_of("Duty of EUR 12.40 due, pay at http://10.0.0.1/x or javascript:alert(1)", HELD).duty

    assert safe is not None
    assert unsafe is not None
    assert (safe.link, unsafe.link) == ("https://pay.example.com/d/1", "")


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("Commercial invoice required", {"invoice"}),
        ("Proof of payment and ID copy are missing", {"proof_of_payment", "identity"}),
        ("Handelsrechnung fehlt", {"invoice"}),
        ("Zahlungsnachweis und Warenbeschreibung benötigt", {"proof_of_payment", "description"}),
        ("Facture manquante, preuve de paiement demandée", {"invoice", "proof_of_payment"}),
        ("Se requiere factura y número de identificación fiscal", {"invoice", "tax_id"}),
        ("Aguardando comprovante de pagamento e CPF", {"proof_of_payment", "tax_id"}),
        ("Требуется счёт и паспорт", {"invoice", "identity"}),
        ("需提供发票和身份证", {"invoice", "identity"}),
        ("インボイスの提出ください", {"invoice"}),
        ("개인통관고유부호 필요", {"tax_id"}),
        ("Certificate of origin requested by customs", {"origin"}),
        ("Please provide a power of attorney", {"power_of_attorney"}),
        ("Import permit required", {"licence"}),
        ("No invoice required", None),
        ("If customs asks, an invoice is needed", None),
        ("Invoice attached to the parcel", None),
        ("Invoice received", set()),
    ],
)
def test_the_papers_that_customs_names_are_read(text: str, documents: set[str] | None) -> None:
    found = find_documents(text)

    assert found == (None if documents is None else {CustomsDocument(each) for each in documents})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2nd attempt failed", 2),
        ("Second delivery attempt, nobody at home", 2),
        ("Delivery attempt no. 3", 3),
        ("Zweiter Zustellversuch erfolglos", 2),
        ("2. Zustellversuch", 2),
        ("Deuxième tentative de livraison", 2),
        ("Segundo intento de entrega", 2),
        ("Segunda tentativa de entrega", 2),
        ("Вторая попытка вручения", 2),
        ("第二次派送失败", 2),
        ("2回目の配達", 2),
        ("2차 배송 실패", 2),
        ("2nd attempt will be made tomorrow", 1),
        ("Delivery attempt 12.12.2026", 1),
    ],
)
def test_the_number_of_attempts_is_read(text: str, number: int) -> None:
    attempts = details_of(text, "delivery.attempt_failed_absent").attempts

    assert attempts is not None
    assert attempts.number == number


@pytest.mark.parametrize(
    "text",
    [
        "Delivery between 10:00 and 12:30",
        "The driver comes from 10 am to 12.30 pm",
        "Zustellung zwischen 10:00 und 12:30 Uhr",
        "Livraison entre 10h00 et 12h30",
        "Entrega entre las 10:00 y las 12:30",
        "Entrega entre as 10:00 e as 12:30",
        "Доставка с 10:00 до 12:30",
        "预计10:00至12:30派送",
        "配達 10:00～12:30",
        "배송 10:00~12:30",
    ],
)
def test_the_drivers_window_is_read_for_the_day_of_the_scan(text: str) -> None:
    window = details_of(text, OUT).window

    assert window is not None
    assert (window.day, window.starts.isoformat(), window.ends.isoformat()) == (
        date(2026, 12, 1),
        "10:00:00",
        "12:30:00",
    )


@pytest.mark.parametrize(
    "text",
    ["Delivery between 12:00 and 10:00", "Delivery between 6:00 and 23:00", "No delivery between 10:00 and 12:00"],
)
def test_a_window_that_is_none_is_not_read(text: str) -> None:
    assert details_of(text, OUT).window is None


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("Photo taken", {"has_photo": True}),
        ("Signature obtained", {"has_signature": True}),
        ("Signed for by: J. EXAMPLE", {"has_signature": True, "received_by": "J. E."}),
        ("Received by Mara Muster", {"received_by": "M. M."}),
        ("Foto aufgenommen", {"has_photo": True}),
        ("Entgegengenommen von Beispiel", {"received_by": "B."}),
        ("Remis contre signature", {"has_signature": True}),
        ("Firmado por Ejemplo", {"received_by": "E."}),
        ("Recebido por: Exemplo", {"received_by": "E."}),
        ("Вручено под подпись", {"has_signature": True}),
        ("签收人：王小明", {"received_by": "王…"}),
        ("サインをいただきました", {"has_signature": True}),
        ("사진 촬영 완료", {"has_photo": True}),
        ("Received by the reception", {}),
        ("No photo available", {}),
    ],
)
def test_the_proof_of_delivery_is_told_with_initials_only(text: str, proof: dict[str, Any]) -> None:
    assert told(text, DELIVERED).get("proof", {}) == proof


@settings(max_examples=scale_examples(200), deadline=None)
@given(text=st.text(max_size=120), scan=st.sampled_from([WAITING, DELIVERED, OUT, HELD]))
def test_any_text_is_read_without_an_error(text: str, scan: str) -> None:
    for found in find_words(text):
        assert found.sentence
    details_of(f"Signed for by {text}; collect by {text}; duty of EUR {text}; neighbour {text}", scan)
