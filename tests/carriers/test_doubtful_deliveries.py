"""A delivery that is conditional, denied, of the future or not to the buyer is none, whatever stands behind it."""

from __future__ import annotations

import pytest

from tracking.carriers.phrases import match_phrase
from tracking.vocabulary import DELIVERED_SCANS

DOUBTFUL: dict[str, list[str]] = {
    "cs": [
        "Doručena ke dveřím, pokud jste doma",
        "Zásilka je doručována",
        "Doručení zásilky",
        "Doručeno na adresu odesílatele",
        "Doručena do skladu",
        "Dodano do systemu",
        "Doručena do zahraničí",
        "Doručena na terminál",
        "Dodano",
        "E-mail adresátovi - doručení zásilky",
        "Uložení zásilky do dodávací schrány",
    ],
    "fi": [
        "Toimitettu ovelle, jos olet kotona",
        "Lähetys on luovutettu",
        "Toimitettu perille viimeistään huomenna",
        "Vastaanottaja on saanut saapumisilmoituksen",
        "Toimitettu naapuriterminaaliin",
        "Lähetys on perillä noutopisteessä",
    ],
    "nb": [
        "Levert på døren, hvis du er hjemme",
        "Levert til mottaker i morgen",
        "Sendingen er levert inn",
        "Levert av avsender",
        "Levert til butikk",
        "Utlevert fra tollen",
        "Leveres på døren",
    ],
    "pt-PT": [
        "Entregue em mão, se estiver em casa",
        "Encomenda entregue em armazém",
        "Entregue ao estafeta para entrega",
        "Em entrega",
        "Encomenda entregue à porta amanhã",
        "Depositado na loja",
        "Entregue em depósito",
    ],
}
"""Texts by language that begin like a delivery."""


@pytest.mark.parametrize("language", DOUBTFUL)
def test_a_doubtful_delivery_is_none(language: str) -> None:
    matches = {text: match_phrase(text, "destination") for text in DOUBTFUL[language]}

    assert {text for text, match in matches.items() if match and match.scan in DELIVERED_SCANS} == set()
