"""Read the numbers that people type into a field: with labels, links, digits of any script and invisible characters."""

from __future__ import annotations

import re
from typing import Final

from tracking.carriers.numbers.candidates import Certainty, NumberSource
from tracking.carriers.numbers.detection import find_candidates, normalize_number
from tracking.carriers.numbers.keywords import any_of_pattern, split_words
from tracking.carriers.numbers.links import extract_numbers_from_link
from tracking.carriers.numbers.plain_text import URL_PATTERN, extract_plain_text
from tracking.carriers.numbers.search import WORD_PATTERN, find_numbers
from tracking.typed_input.characters import normalize_characters

NUMBER_LABELS: Final = split_words(
    # English, German
    "tracking track trace parcel package shipment consignment waybill awb order delivery code id "
    "sendung sendungsnummer sendungsnr sendungsverfolgung sendungsverfolgungsnummer trackingnummer trackingnr "
    "paket paketnummer bestellung bestellnummer bestellnr auftrag auftragsnummer auftragsnr nummer "
    # Spanish, French, Italian, Portuguese
    "seguimiento envío envio guía guia rastreo pedido número numero localizador suivi colis commande numéro "
    "spedizione tracciamento tracciatura ordine pacco codice rastreio rastreamento encomenda código codigo "
    "de del du do da della di d'expédition expédition of the la le el "
    # Russian, Arabic
    "номер заказ заказа трек трек-номер трек-код отслеживания отправления посылки посылка накладная накладной "
    "رقم التتبع تتبع الشحنة شحنة الطلب طلب "
    # Japanese, Korean, Chinese
    "追跡番号 お問い合わせ番号 伝票番号 送り状番号 注文番号 송장 운송장 송장번호 운송장번호 배송번호 주문 주문번호 "
    "单号 快递单号 物流单号 运单号 订单号 追踪号码 單號 物流單號 運單號 訂單編號 追蹤號碼 查詢號碼"
)
SHORT_LABELS: Final = split_words("number num no nr n°")
"""They end a label also with a point: `No. 1001`."""
LABEL_PREFIX_PATTERN: Final = re.compile(
    rf"\W{{0,8}}(?:(?:{any_of_pattern(NUMBER_LABELS + SHORT_LABELS)})[\s.]{{1,4}}){{0,6}}"
    rf"(?:(?:{any_of_pattern(NUMBER_LABELS + SHORT_LABELS)})\s{{0,4}}[:#=]|(?:{any_of_pattern(SHORT_LABELS)})[.°])",
    re.IGNORECASE,
)
NUMBER_SIGNS: Final = str.maketrans({"\u2116": "No.", "\u00ba": "\u00b0"})
"""Before NFKC, which would make letters of them."""
ENTRY_SEPARATOR_PATTERN: Final = re.compile(r"[\r\n;,\t|/+&]+")
NOT_COMPARED_PATTERN: Final = re.compile(r"[\W_]+")
MAX_PASSES: Final = 4
MIN_BLANK_SEPARATED_LENGTH: Final = 10
MAX_LINK_LENGTH: Final = 2048
MAX_LABELLED_TEXT: Final = 10_000
LABELLED_PATTERN: Final = re.compile(
    rf"(?<!\w)(?P<label>(?:(?:{any_of_pattern(NUMBER_LABELS + SHORT_LABELS)})[\s.]{{1,4}}){{0,6}}"
    rf"(?:{any_of_pattern(NUMBER_LABELS + SHORT_LABELS)})\s{{0,4}}[:#])\s{{0,4}}"
    r"(?P<number>(?:[A-Z0-9]-?){7,39}[A-Z0-9])(?![\w-])",
    re.IGNORECASE,
)
"""A number of at least eight signs behind its label, anywhere in a text: a field of one line joins a mail's lines."""
ORDER_PATTERN: Final = re.compile(
    r"order|bestell|auftrag|commande|pedido|ordine|encomenda|заказ|طلب|注文|订单|訂單|주문", re.IGNORECASE
)
"""What a label says whose number is not that of a parcel."""


def comparable_number(text: str) -> str:
    """Return a number as it is compared: its letters and digits, in capitals (`No. ＬＦ-１００１` becomes `LF1001`).

    A label before it is left out, and a tracking link stands for its number if it has exactly one.
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    plain = normalize_characters(text.translate(NUMBER_SIGNS))
    key = strip_label(number_in_link(plain) or plain)
    for _ in range(MAX_PASSES):
        # Capitals and left-out marks can make letters that Unicode writes as one.
        previous, key = key, NOT_COMPARED_PATTERN.sub("", normalize_characters(key)).upper()
        if key == previous:
            break
    return key


def strip_label(text: str) -> str:
    """Return a text without a label before its number, such as `Tracking:`, `No.` or `Bestellung Nr.`."""
    label = LABEL_PREFIX_PATTERN.match(text)
    rest = text[label.end() :] if label else ""
    return rest if any(map(str.isalnum, rest)) else text


def number_in_link(text: str) -> str:
    """Return the tracking number of the links in a text; '' unless there is exactly one, or for a text like a mail."""
    if len(text) > MAX_LINK_LENGTH or not URL_PATTERN.search(text):
        return ""
    numbers = [found.number for found in find_numbers(text) if found.source is NumberSource.LINK]
    numbers = numbers or certain_numbers_in_links(text)
    return numbers[0] if len(numbers) == 1 else ""


def certain_numbers_in_links(text: str) -> list[str]:
    """Return what stands in the links where their sites put the number, each once, in whatever format."""
    links = extract_plain_text(text).links
    linked_numbers = (each for link in links for each in extract_numbers_from_link(link) if each.is_certain)
    return list(dict.fromkeys(each.number for each in linked_numbers))


def read_tracking_numbers(text: str) -> list[str]:
    """Return the tracking numbers that a typed text means, each once; [] if nothing in it can be one.

    A number alone, or a list of them, may have any format; in a sentence or a link it needs support (`find_numbers`),
    or a label before it.
    """
    plain = normalize_characters(text.translate(NUMBER_SIGNS))
    if not URL_PATTERN.search(plain):
        parts = map(strip_label, ENTRY_SEPARATOR_PATTERN.split(strip_label(plain)))
        entries = [entry for part in parts for entry in split_entry(part)]
        if entries and all(map(is_tracking_number, entries)):
            return list(dict.fromkeys(map(normalize_number, entries)))
    return [found.number for found in find_numbers(plain)] or certain_numbers_in_links(plain) or labelled_numbers(plain)


def labelled_numbers(text: str) -> list[str]:
    """Return the numbers of any format that stand behind the label of a parcel, such as `Tracking number: …`."""
    found = LABELLED_PATTERN.finditer(text[:MAX_LABELLED_TEXT])
    entries = [match["number"] for match in found if not ORDER_PATTERN.search(match["label"])]
    return list(dict.fromkeys(normalize_number(entry) for entry in entries if is_tracking_number(entry)))


def split_entry(entry: str) -> list[str]:
    """Return the numbers of a list's entry: its words if each is a number by itself, else the entry; [] if blank."""
    words = entry.split()
    are_numbers = len(words) > 1 and all(
        len(word) >= MIN_BLANK_SEPARATED_LENGTH and is_tracking_number(word) and find_candidates(word) for word in words
    )
    if are_numbers and not any(each.certainty is Certainty.CHECKED for each in find_candidates(entry)):
        return words
    return [" ".join(words)] if words else []


def is_tracking_number(entry: str) -> bool:
    """Return whether a text alone can be a tracking number: ASCII letters and digits, some of them digits, no words."""
    number = normalize_number(entry)
    if not any(map(str.isdigit, number)):
        return False
    return " " not in entry or bool(find_candidates(entry)) or not WORD_PATTERN.search(entry)
