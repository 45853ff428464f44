"""Carriers' phrases map to our scans: nine languages here, the others by the files in `phrases`."""

from __future__ import annotations

import pytest

from tracking.carriers.border_sides import BorderSide
from tracking.carriers.phrase_tables import LANGUAGES, PhraseLanguage
from tracking.carriers.phrases import match_phrase
from tracking.vocabulary import DELIVERED_SCANS, Scan

KNOWN: list[tuple[str, BorderSide, str, str]] = [
    ("Delivered", "else", "delivery.delivered", "en"),
    ("Your package was delivered in the mailbox.", "else", "delivery.delivered", "en"),
    ("Out for delivery", "destination", "delivery.out_for_delivery", "en"),
    ("Arrived at Sort Facility LEIPZIG - GERMANY", "transit", "linehaul.transit_arrived", "en"),
    ("Arrived at Sort Facility SHENZHEN", "origin", "origin.facility_arrived", "en"),
    ("Departed Facility in HONG KONG", "transit", "linehaul.transit_departed", "en"),
    ("Item presented to customs", "destination", "import.customs_presented", "en"),
    ("Item presented to customs", "origin", "export.customs_presented", "en"),
    ("Release from customs", "destination", "import.customs_released", "en"),
    ("Shipment information received", "origin", "order.label_created", "en"),
    ("Returned to sender", "destination", "return.completed", "en"),
    ("【深圳市】已揽收", "origin", "origin.picked_up", "zh"),
    ("快件已到达深圳转运中心", "origin", "origin.facility_arrived", "zh"),
    ("航班起飞", "origin", "linehaul.departed", "zh"),
    ("清关完成", "destination", "import.customs_released", "zh"),
    ("正在派送中", "destination", "delivery.out_for_delivery", "zh"),
    ("已签收，签收人凭取货码签收。", "destination", "delivery.delivered", "zh"),
    ("Вручено адресату", "destination", "delivery.delivered", "ru"),
    ("Временное отсутствие адресата", "destination", "delivery.attempt_failed_absent", "ru"),
    ("Сортировка", "origin", "origin.facility_arrived", "ru"),
    ("Colis livré", "destination", "delivery.delivered", "fr"),
    ("Votre colis est en cours de livraison", "destination", "delivery.out_for_delivery", "fr"),
    ("Le destinataire était absent, avis de passage", "destination", "delivery.attempt_failed_absent", "fr"),
    ("Die Sendung wurde dem Empfänger zugestellt", "destination", "delivery.delivered", "de"),
    ("Die Sendung wurde in das Zustellfahrzeug geladen", "destination", "delivery.out_for_delivery", "de"),
    ("In Zustellung", "destination", "delivery.out_for_delivery", "de"),
    ("En reparto", "destination", "delivery.out_for_delivery", "es"),
    ("Entregado al destinatario", "destination", "delivery.delivered", "es"),
    ("Objeto saiu para entrega ao destinatário", "destination", "delivery.out_for_delivery", "pt"),
    ("Objeto entregue ao destinatário", "destination", "delivery.delivered", "pt"),
    ("お届け済み", "destination", "delivery.delivered", "ja"),
    ("ご不在のため持ち帰りました", "destination", "delivery.attempt_failed_absent", "ja"),
    ("国際交換局に到着", "destination", "linehaul.arrived_destination", "ja"),
    ("통관 완료", "destination", "import.customs_released", "ko"),
    ("배달완료", "destination", "delivery.delivered", "ko"),
    ("간선상차", "origin", "origin.facility_departed", "ko"),
]


@pytest.mark.parametrize(("text", "side", "scan", "language"), KNOWN)
def test_known_phrases_map_to_scans(text: str, side: BorderSide, scan: str, language: str) -> None:
    assert match_phrase(text, side) == (Scan(scan), language)


@pytest.mark.parametrize("text", ["", "   ", "Hello world", "XK-77", "¯\\_(ツ)_/¯", "【】", "12345"])
def test_unknown_phrases_stay_unmapped(text: str) -> None:
    assert match_phrase(text, "else") is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Not delivered",
            "Undelivered",
            "Will be delivered tomorrow",
            "Delivered to local carrier",
            "Delivery failed",
        ),
        *("未妥投", "投递失败", "将送达", "Не удалось вручить", "Non livré", "Nicht zugestellt", "No entregado"),
        *("Objeto não entregue", "配達できません", "배달 실패", "Delivered? Call us about your refund"),
    ],
)
def test_a_text_that_is_no_delivery_never_becomes_one(text: str) -> None:
    match = match_phrase(text, "destination")

    assert match is None or match.scan not in DELIVERED_SCANS


def test_what_misses_papers_is_not_lost() -> None:
    assert match_phrase("Missing documents", "destination") is None
    assert match_phrase("The parcel is missing", "destination") == (Scan.EXCEPTION_LOST, "en")


def test_a_partial_delivery_has_not_left_in_french() -> None:
    assert match_phrase("Partial delivery", "destination") is None
    assert match_phrase("Parti de Lyon", "destination") == (Scan.LASTMILE_FACILITY_DEPARTED, "fr")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_each_language_covers_the_whole_journey(language: PhraseLanguage) -> None:
    phases = {"origin", "linehaul", "import", "lastmile", "delivery", "exception", "return"}

    assert phases <= {scan.phase for phrase in language.phrases for scan in phrase.scan_by_side.values()}
