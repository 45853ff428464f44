"""Keywords around a number: labels of tracking numbers, labels of other numbers, and carriers' names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from tracking.carriers.directory import CARRIER_NAMES


def split_words(text: str) -> list[str]:
    """Return the words of a space-separated list."""
    return text.split()


TRACKING_KEYWORDS: Final = split_words(
    "track trace consignment shipment waybill awb parcel package dispatched shipped delivery "
    "sendung paket versand lieferung suivi colis expédi expedi seguimiento envío envio guía guia rastre encomenda "
    "spedizion tracciam pacco przesył paczk zending pakket verzend barcode försändelse paketet sporing forsendelse "
    "pakke lähety seuranta zásilk balík csomag colet expedier αποστολ δέμα takip kargo gönderi "
    "отправлен отслеж трек-номер трекномер накладн посылк відправлен посилк "
    "单号 單號 运单 運單 快递 快遞 物流 包裹 追跡 追踪 追蹤 伝票 送り状 お問い合わせ番号 송장 운송장 배송 택배 "
    "تتبع شحنة مעקב משלוח ट्रैकिंग ติดตาม พัสดุ vận"
)
OTHER_NUMBER_KEYWORDS: Final = split_words(
    "order invoice customer account phone telephone tel. tel: mobile fax iban vat ref. reference receipt ticket "
    "coupon voucher sku isbn ean gtin card total amount price "
    "bestell auftrag rechnung kunden telefon handy kontonummer gutschein "
    "commande facture client téléphone pedido factura teléfono ordine fattura telefono encomenda nº "
    "zamówieni faktur bestelling factuur klant beställning ordre bestilling tilaus lasku "
    "заказ счет телефон замовлен 订单 訂單 电话 電話 手机 发票 注文 請求 주문 전화 طلب هاتف הזמנה טלפון"
)
SHORT_CARRIER_NAMES: Final = {
    "4PX": "4px",
    "DPD": "dpd",
    "GLS": "gls",
    "SF": "sf",
    "UPS": "ups",
    "YTO": "yto",
    "J&T": "jt-express",
}
EXTRA_CARRIER_NAMES: Final = {
    "4px": ("递四方",),
    "bpost": ("bpost",),
    "cainiao": ("菜鸟",),
    "canpar": ("canpar",),
    "chinapost": ("中国邮政",),
    "chronopost": ("chronopost",),
    "dhl": ("dhl",),
    "dhl-de": ("dhl", "deutsche post"),
    "dhl-ecommerce": ("dhl",),
    "dhlparcel-nl": ("dhl",),
    "evri": ("evri", "hermes"),
    "gofo": ("gofo",),
    "hermes-de": ("hermes",),
    "inpost": ("inpost",),
    "japanpost": ("japan post", "日本郵便"),
    "jd": ("京东",),
    "landmark": ("landmark",),
    "laposte": ("colissimo",),
    "lasership": ("lasership",),
    "old-dominion": ("old dominion",),
    "ontrac": ("ontrac",),
    "parcelforce": ("parcelforce",),
    "postnord": ("postnord",),
    "purolator": ("purolator",),
    "sf": ("顺丰", "順豐"),
    "spee-dee": ("spee-dee", "speedee"),
    "swiss-post": ("swiss post",),
    "uniuni": ("uniuni",),
    "yodel": ("yodel",),
    "yto": ("圆通",),
    "yunexpress": ("yun express", "yuntu", "云途"),
}
CARRIER_SPELLINGS: Final = [(name.lower(), slug) for slug, name in CARRIER_NAMES.items()] + [
    (name, slug) for slug, names in EXTRA_CARRIER_NAMES.items() for name in names
]
LONG_CARRIER_NAMES: Final = [name for name, _ in CARRIER_SPELLINGS if name.upper() not in SHORT_CARRIER_NAMES]


def any_of_pattern(keywords: list[str]) -> str:
    """Return a pattern that matches any of these keywords, the longest first."""
    return "|".join(re.escape(word) for word in sorted(keywords, key=len, reverse=True))


LABEL_PATTERN: Final = re.compile(
    rf"(?<![a-z])(?:(?P<tracking>{any_of_pattern(TRACKING_KEYWORDS)})|(?P<other>{any_of_pattern(OTHER_NUMBER_KEYWORDS)}))",
    re.IGNORECASE,
)
CARRIER_NAME_PATTERN: Final = re.compile(
    rf"(?<![^\W_])(?:{any_of_pattern(list(SHORT_CARRIER_NAMES))})(?![A-Za-z0-9])"
    rf"|(?<![A-Za-z])(?i:{any_of_pattern(LONG_CARRIER_NAMES)})(?![A-Za-z])"
)


def classify_label(preceding_text: str) -> str:
    """Return the kind of the last label before a number: `tracking`, `other` or ''."""
    labels = [label.lastgroup or "" for label in LABEL_PATTERN.finditer(preceding_text)]
    return labels[-1] if labels else ""


def find_named_carriers(text: str) -> frozenset[str]:
    """Return the slugs of the carriers that a text names."""
    return frozenset(slug for match in CARRIER_NAME_PATTERN.finditer(text) for slug in slugs_by_name(match[0]))


@lru_cache(maxsize=256)
def slugs_by_name(name: str) -> tuple[str, ...]:
    """Return the slugs of the carriers with a name; short names such as UPS count in capitals only."""
    short = SHORT_CARRIER_NAMES.get(name)
    return (short,) if short else tuple(slug for spelling, slug in CARRIER_SPELLINGS if spelling == name.lower())
