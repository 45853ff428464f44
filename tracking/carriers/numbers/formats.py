"""The public formats of tracking numbers, one row each.

A format is *distinctive* if its letters or a long enough fixed beginning point to one carrier, rarely to two. Plain
digits, and a single letter before ten, are *ambiguous*: only their check digit or the text around them says something.
A pattern matches what is printed or scanned. Its group `number` is the part that the carrier tracks by, `checked` the
part that ends in the check digit, `country` the issuer's country; without groups, the first two are the whole match.
Weights, 1 to 9, say how common a format is among those that match equally.

Sources: the UPU's S10; `jkeen/tracking_number_data` (MIT, v2) for Amazon, Canpar, DHL's piece ids and eCommerce,
FedEx, GOFO, Landmark, LaserShip, Old Dominion, OnTrac, Purolator, Spee-Dee, UPS and Yodel; USPS Publication 199
(IMpb); DPD's, GLS's and Australia Post's label specifications; Deutsche Post's Identcode; carriers' help pages (Evri:
16 characters, Parcelforce, Hermes, Royal Mail); for the rest, the formats on which several public trackers agree.

No public source documents a check digit for DHL's JD, JJD and JVGL numbers, its piece ids and eCommerce, Yodel, Evri,
PostNL's 3S, DPD's 14 digits without the letter, YunExpress, 4PX, Cainiao, SF, Aramex, Canpar, Landmark, LaserShip,
Spee-Dee, UniUni, GOFO, Amazon, Swiss Post, Royal Mail's 2D codes and La Poste's 15 digits. UPS waybills carry the
digit of 1Z; those with T are offered without it too, since only one source says so. `YT` and 16 digits is YunExpress.
`YT` and 13 digits is YTO by nearly every source and YunExpress by one: both are offered. `3S` is PostNL's, and DHL's
parcel service in the Netherlands uses it too. `JJD` and 16 digits is DHL or Yodel. An SSCC names a company, not a
carrier: only the company numbers of DHL Paket, PostNord, Bring and FedEx Ground are known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from tracking.carriers.numbers import check_digits

CheckDigitFunction = Callable[[str], bool]


class NumberFormat(NamedTuple):
    """One format of one carrier's numbers; `check` is None if it has no known check digit."""

    carrier: str
    name: str
    pattern: re.Pattern[str]
    is_distinctive: bool
    check: CheckDigitFunction | None
    weight: int


def distinctive_format(
    carrier: str, name: str, pattern: str, check: CheckDigitFunction | None = None, weight: int = 5
) -> NumberFormat:
    """Return a format that points to its carrier by itself."""
    return NumberFormat(carrier, name, re.compile(pattern, re.ASCII), True, check, weight)


def ambiguous_format(
    carrier: str, name: str, pattern: str, check: CheckDigitFunction | None = None, weight: int = 5
) -> NumberFormat:
    """Return a format that many carriers share, such as plain digits."""
    return NumberFormat(carrier, name, re.compile(pattern, re.ASCII), False, check, weight)


USPS_ROUTING: Final = r"(?:420\d{5}(?:\d{4})?)?"
"""The ZIP code that the barcode adds before the number."""
FORMATS: Final[tuple[NumberFormat, ...]] = (
    distinctive_format("s10", "S10", r"[A-Z]{2}(?P<checked>\d{9})(?P<country>[A-Z]{2})", check_digits.s10, 9),
    distinctive_format("chronopost", "Chronopost", r"X[A-Z](?P<checked>\d{9})(?:FR|JB)", check_digits.s10, 7),
    ambiguous_format("asendia", "Asendia S10", r"L[A-Z]\d{9}(?:FR|CH)", weight=3),
    distinctive_format("ups", "UPS 1Z", r"1Z(?P<checked>[0-9A-Z]{15}\d)", check_digits.ups, 9),
    distinctive_format("ups", "UPS T", r"T\d{10}", weight=3),
    ambiguous_format("ups", "UPS waybill", r"[AHJKTV](?P<checked>\d{10})", check_digits.ups, 6),
    distinctive_format(
        "ups-mi",
        "UPS Mail Innovations",
        rf"{USPS_ROUTING}(?P<number>92(?:6129|7489)\d{{16}})",
        check_digits.gs1,
        3,
    ),
    distinctive_format("usps", "IMpb 22", rf"{USPS_ROUTING}(?P<number>9[1-5]\d{{20}})", check_digits.gs1, 9),
    distinctive_format("usps", "IMpb 26", r"(?:420\d{5})?(?P<number>9[1-5]\d{24})", check_digits.gs1, 8),
    ambiguous_format("usps", "USPS 20", r"(?:0[1-4]|[12]3|7[0137]|8[12])\d{18}", check_digits.gs1, 6),
    ambiguous_format("usps", "USPS 20 after 91", r"7[0-9]\d{18}", check_digits.usps_after_91, 5),
    distinctive_format(
        "fedex", "FedEx SmartPost 22", rf"{USPS_ROUTING}(?P<number>92(?:61[29]|748)\d{{17}})", check_digits.gs1, 4
    ),
    distinctive_format("fedex", "FedEx SmartPost 20", r"61[29]\d{17}", check_digits.fedex_after_92, 6),
    distinctive_format("fedex", "FedEx Ground 96", r"96\d{5}(?P<number>\d{15})", check_digits.gs1, 8),
    distinctive_format(
        "fedex",
        "FedEx 34",
        r"(?=\d{34}$)(?!420\d{9}9[1-5])(?:[0-8]\d|96)\d{18}(?P<checked>(?:00)?(?P<number>\d{12,14}))",
        check_digits.fedex,
        8,
    ),
    distinctive_format("fedex", "FedEx ASTRA 32", r"3\d{15}(?P<number>\d{12})\d{4}", check_digits.fedex, 7),
    ambiguous_format("fedex", "FedEx Express 12", r"\d{12}", check_digits.fedex, 9),
    ambiguous_format("fedex", "FedEx Ground 15", r"\d{15}", check_digits.gs1, 8),
    ambiguous_format("fedex", "FedEx Ground SSCC", r"0[0-24]\d{16}", check_digits.gs1, 4),
    ambiguous_format("dhl", "DHL Express 10", r"\d{10}", check_digits.dhl_mod7, 9),
    ambiguous_format("dhl", "DHL Express 11", r"\d{11}", check_digits.dhl_mod7, 4),
    distinctive_format("dhl", "DHL piece ID", r"(?:JJD|JVGL)\d{9,10}", weight=6),
    ambiguous_format("dhl", "DHL piece ID of another agency", r"J[A-Z]{2,3}\d{9,10}", weight=2),
    distinctive_format("dhl-de", "DHL Paket 20", r"0034\d{16}", check_digits.gs1, 9),
    ambiguous_format("dhl-de", "DHL Identcode", r"\d{12}", check_digits.identcode, 5),
    distinctive_format("dhl-de", "DHL JJD", r"JJD\d{13,21}", weight=7),
    distinctive_format("dhl-de", "DHL JD", r"JD\d{18}", weight=7),
    distinctive_format("dhl-ecommerce", "DHL GM", r"GM(?:\d{10,39}|\d[0-9A-F]{15,38})", weight=6),
    ambiguous_format("dhl-ecommerce", "DHL eCommerce", r"(?:CN|HK|IN|LX|MY|RX|SG|TH|UV)\d{10,39}", weight=4),
    ambiguous_format("dhl-ecommerce", "DHL eCommerce 14", r"\d{14}", weight=2),
    distinctive_format("dhlparcel-nl", "DHL JVGL", r"JVGL\d{14,20}", weight=7),
    distinctive_format("dhlparcel-nl", "DHL 3S", r"3S[A-Z]{4}\d{9}", weight=2),
    distinctive_format(
        "dpd", "DPD label 28", r"(?P<checked>\d{7}(?P<number>\d{14})\d{6}[0-9A-Z])", check_digits.mod37_36, 8
    ),
    distinctive_format("dpd", "DPD 15", r"(?P<checked>(?P<number>\d{14})[A-Z])", check_digits.mod37_36, 8),
    ambiguous_format("dpd", "DPD 14", r"\d{14}", weight=8),
    ambiguous_format("gls", "GLS 12", r"\d{12}", check_digits.gls, 6),
    ambiguous_format("gls", "GLS 11", r"\d{11}", weight=6),
    ambiguous_format("gls", "GLS Track-ID", r"(?=(?:\d*[A-Z]){2})(?=[A-Z]+\d)[A-Z0-9]{8}", weight=5),
    ambiguous_format("hermes-de", "Hermes 14", r"\d{14}", check_digits.gs1, 4),
    distinctive_format("hermes-de", "Hermes H", r"H\d{19}", weight=5),
    distinctive_format("yodel", "Yodel", r"J?JD000\d{13}", weight=8),
    distinctive_format("yodel", "Yodel", r"J?JD\d{16}", weight=4),
    distinctive_format("evri", "Evri 16", r"(?:C0|[HT]\d)[0-9A-Z]{4}\d{10}", weight=7),
    ambiguous_format(
        "evri", "Evri 16 characters", r"[A-Z]\d(?:[0-9A-Z]{4}\d{10}|\d(?=\d*[A-Z])[0-9A-Z]{13})", weight=4
    ),
    ambiguous_format("evri", "Evri 16 digits", r"\d{16}", weight=4),
    distinctive_format("royalmail", "Royal Mail 2D", r"(?=\d*[A-F])\d{15}[0-9A-F]{6}", weight=4),
    ambiguous_format("royalmail", "Royal Mail 16", r"(?=\d*[A-F])[0-9A-F]{16}", weight=4),
    ambiguous_format("parcelforce", "Parcelforce", r"[A-Z]{2}\d{7}|[A-Z]{4}\d{10}", weight=3),
    ambiguous_format("canadapost", "Canada Post 16", r"\d{16}", check_digits.gs1, 8),
    ambiguous_format("purolator", "Purolator 12", r"[0-5]\d{11}", check_digits.luhn, 4),
    ambiguous_format("purolator", "Purolator", r"[A-Z]{3}\d{9}", weight=4),
    distinctive_format(
        "auspost",
        "Australia Post",
        r"(?:019931265099999891)?(?P<number>(?!\d{5})(?:[0-9A-Z]{3}|[0-9A-Z]{5})\d{16}0\d)",
        check_digits.gs1,
        8,
    ),
    distinctive_format("auspost", "Australia Post 997", r"997\d{15}(?:\d{5})?", weight=5),
    distinctive_format("laposte", "Colissimo 13", r"\d[A-Z](?P<checked>\d{11})", check_digits.gs1, 8),
    ambiguous_format("laposte", "La Poste 15", r"\d{15}", weight=2),
    distinctive_format("postnl", "PostNL 3S", r"3S[A-Z]{4}\d{7,9}", weight=8),
    distinctive_format("postnl", "PostNL 3S", r"3S[A-Z]{2,6}\d{6,13}", weight=6),
    distinctive_format("bpost", "bpost 24", r"3232\d{20}", weight=5),
    distinctive_format("postnord", "PostNord SSCC", r"(?:00)?(?P<number>373\d{15})", check_digits.gs1, 6),
    distinctive_format("bring", "Bring SSCC", r"(?:00)?(?P<number>370\d{15})", check_digits.gs1, 6),
    ambiguous_format("swiss-post", "Swiss Post 18", r"99\d{16}", weight=6),
    distinctive_format("correos", "Correos", r"P[A-Z]\d[A-Z]\d[A-Z]\d{16}[A-Z]", weight=6),
    distinctive_format("packeta", "Packeta", r"Z\d{10}", weight=5),
    ambiguous_format("inpost", "InPost 24", r"\d{24}", weight=5),
    distinctive_format("yunexpress", "YunExpress", r"YT\d{16}", weight=9),
    distinctive_format("yto", "YTO", r"YT\d{13}", weight=8),
    distinctive_format("yunexpress", "YunExpress 13", r"YT\d{13}", weight=2),
    distinctive_format("4px", "4PX", r"4PX\d{13}(?:CN)?", weight=9),
    distinctive_format("cainiao", "Cainiao LP", r"LP\d{14}(?:CN)?", weight=9),
    distinctive_format("cainiao", "Cainiao CN", r"(?:CN|DO)[A-Z]{2}\d{13}HD|CNG\d{14}|CN[A-Z]{3}\d{10}", weight=8),
    distinctive_format("cainiao", "Cainiao", r"CAINIAO\d{8,16}[A-Z]{0,2}", weight=8),
    distinctive_format("sf", "SF Express", r"SF\d{12,13}", weight=9),
    ambiguous_format("sf", "SF Express 12", r"\d{12}", weight=2),
    distinctive_format("jd", "JD Logistics", r"JD(?:[A-Z]{1,2}\d{11,13}|\d{11,13})", weight=6),
    distinctive_format("jt-express", "J&T Express", r"JT\d{13}", weight=5),
    ambiguous_format("aramex", "Aramex", r"\d{10,12}", weight=3),
    distinctive_format("landmark", "Landmark LTN", r"LTN\d{8,9}N\d", weight=9),
    ambiguous_format("asendia", "Asendia 18", r"210\d{15}", weight=2),
    distinctive_format("ontrac", "OnTrac", r"[CD]\d{14}", check_digits.ups, 7),
    distinctive_format(
        "lasership",
        "LaserShip",
        r"LX1[3-8]\d{6}|1LS7[12](?:\d{10}|\d{2}01[1-4]\d{6}1)|1LSCX(?=[A-Z]*\d)[0-9A-Z]{10}",
        weight=7,
    ),
    ambiguous_format("lasership", "LaserShip L", r"L[AEHINX][1-3]\d{7}", weight=6),
    distinctive_format("spee-dee", "Spee-Dee", r"SP\d{18}", weight=7),
    ambiguous_format("old-dominion", "Old Dominion", r"(?:072|77[78]|780|80\d)\d{8}", check_digits.luhn, 4),
    distinctive_format("canpar", "Canpar", r"[CDKLSUXZ]\d{21}", weight=7),
    distinctive_format("uniuni", "UniUni", r"UUS[0-9A-Z]\d{9,16}|UNI[A-Z]{1,2}\d{9,16}", weight=7),
    distinctive_format("gofo", "GOFO", r"GFUS\d{14}", weight=7),
    distinctive_format("amazon", "Amazon Logistics", r"TB[ACM]\d{12}", weight=7),
    ambiguous_format("amazon", "Amazon International", r"[ACF]\d{10}", weight=3),
)
AMBIGUOUS_FORMAT_NAMES: Final = frozenset(row.name for row in FORMATS if not row.is_distinctive)
