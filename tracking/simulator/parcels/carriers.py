"""The carriers of simulated parcels, named as 17TRACK names them, and their formats of tracking numbers.

The keys of Yanwen and Correios are from 17TRACK's samples; the others were not checked and only need to be unique.
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


class SimulatedCarrier(NamedTuple):
    """A carrier: 17TRACK's key and name, its country (ISO 3166-1 alpha-2), the language of its texts (ISO 639-1).

    `number_pattern`: `#` is a digit, `@` a capital letter, `*` the S10 check digit of the eight digits before it.
    """

    key: int
    name: str
    country: str
    lang: str
    homepage: str
    number_pattern: str


CARRIERS: Final[dict[str, SimulatedCarrier]] = {
    carrier.name: carrier
    for carrier in (
        SimulatedCarrier(3011, "China Post", "CN", "zh", "https://english.chinapost.com.cn/", "L@########*CN"),
        SimulatedCarrier(190012, "Yanwen", "CN", "zh", "https://www.yw56.com.cn/", "UG########*YP"),
        SimulatedCarrier(190008, "YunExpress", "CN", "zh", "https://www.yunexpress.com/", "YT################"),
        SimulatedCarrier(190094, "4PX", "CN", "zh", "https://www.4px.com/", "4PX30##########CN"),
        SimulatedCarrier(100012, "SF Express", "CN", "zh", "https://www.sf-international.com/", "SF13###########"),
        SimulatedCarrier(10021, "Japan Post", "JP", "ja", "https://www.post.japanpost.jp/", "RN########*JP"),
        SimulatedCarrier(21051, "USPS", "US", "en", "https://www.usps.com/", "92748902#############"),
        SimulatedCarrier(7041, "DHL Paket", "DE", "de", "https://www.dhl.de/", "003404341############"),
        SimulatedCarrier(2151, "Correios", "BR", "pt", "https://www.correios.com.br/", "N@########*BR"),
        SimulatedCarrier(6051, "Colissimo", "FR", "fr", "https://www.laposte.fr/", "6A###########"),
        SimulatedCarrier(11031, "Royal Mail", "GB", "en", "https://www.royalmail.com/", "R@########*GB"),
        SimulatedCarrier(1151, "Australia Post", "AU", "en", "https://auspost.com.au/", "33XYZ#########"),
        SimulatedCarrier(14041, "NZ Post", "NZ", "en", "https://www.nzpost.co.nz/", "00794210########"),
        SimulatedCarrier(
            3041, "Canada Post", "CA", "en", "https://www.canadapost-postescanada.ca/", "4004############"
        ),
        SimulatedCarrier(19181, "Correos", "ES", "es", "https://www.correos.es/", "PQ4F6H07############H"),
        SimulatedCarrier(5031, "Egypt Post", "EG", "en", "https://www.egyptpost.gov.eg/", "E@########*EG"),
        SimulatedCarrier(18031, "Russian Post", "RU", "en", "https://www.pochta.ru/", "R@########*RU"),
    )
}
CARRIERS_BY_KEY: Final[dict[int, SimulatedCarrier]] = {carrier.key: carrier for carrier in CARRIERS.values()}
FIRST_MILE_CARRIERS: Final = ("China Post", "Yanwen", "YunExpress", "4PX", "SF Express")
LAST_MILE_CARRIERS: Final[dict[str, str]] = {
    carrier.country: carrier.name for carrier in CARRIERS.values() if carrier.country != "CN"
}


def check_digit(serial: str) -> str:
    """Return the S10 check digit of eight digits (UPU standard S10)."""
    digit = 11 - sum(weight * int(digit) for weight, digit in zip(S10_WEIGHTS, serial, strict=True)) % 11
    return {10: "0", 11: "5"}.get(digit, str(digit))


def draw_number(carrier: SimulatedCarrier, random_source: random.Random) -> str:
    """Return a random tracking number in the carrier's format."""
    number = ""
    for pattern_character in carrier.number_pattern:
        number += _draw_character(pattern_character, number, random_source)
    return number


def _draw_character(pattern_character: str, number_so_far: str, random_source: random.Random) -> str:
    if pattern_character == "*":
        return check_digit(number_so_far[-8:])
    return random_source.choice(_CHARACTERS.get(pattern_character, pattern_character))


_CHARACTERS: Final = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
