"""Wordings that neighbouring languages share have the scan of both, in the language that is tried first."""

from __future__ import annotations

import pytest

from tracking.carriers.border_sides import BorderSide
from tracking.carriers.phrases import match_phrase
from tracking.vocabulary import Scan

SHARED: list[tuple[str, BorderSide, str, str]] = [
    ("Entregue", "destination", "delivery.delivered", "pt"),
    ("O envio foi entregue", "destination", "delivery.delivered", "pt"),
    ("Não entregue", "destination", "delivery.attempt_failed_other", "pt"),
    ("Em distribuição", "destination", "delivery.out_for_delivery", "pt"),
    ("O envio saiu para entrega", "destination", "delivery.out_for_delivery", "pt"),
    ("Destinatário ausente, empresa encerrada", "destination", "delivery.attempt_failed_absent", "pt"),
    ("Devolvido ao remetente", "destination", "return.completed", "pt"),
    ("Em devolução", "destination", "return.started", "pt"),
    ("Em trânsito", "origin", "linehaul.in_transit", "pt"),
    ("Chegou ao centro operacional", "destination", "lastmile.facility_arrived", "pt"),
    ("Forventet levering", "destination", "lastmile.delivery_scheduled", "da"),
    ("Ingen hjemme", "destination", "delivery.attempt_failed_absent", "da"),
    ("Pakken er forsinket", "destination", "exception.delayed", "da"),
    ("Pakken kan hentes i pakkeboks", "destination", "pickup.available", "da"),
    ("Sendt fra terminal", "destination", "lastmile.facility_departed", "da"),
    ("Under transport", "origin", "linehaul.in_transit", "sv"),
    ("Fiscalização aduaneira finalizada", "destination", "import.customs_released", "pt"),
    ("Cliente ausente", "destination", "delivery.attempt_failed_absent", "es"),
]


@pytest.mark.parametrize(("text", "side", "scan", "language"), SHARED)
def test_a_shared_wording_has_its_scan_in_the_first_language(
    text: str, side: BorderSide, scan: str, language: str
) -> None:
    assert match_phrase(text, side) == (Scan(scan), language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Objeto entregue ao destinatário", "pt"),
        ("Encomenda entregue ao destinatário", "pt-PT"),
        ("Objeto aguardando retirada", "pt"),
        ("Disponível para levantamento", "pt-PT"),
        ("Objeto postado", "pt"),
        ("Aceite", "pt-PT"),
        ("Pakken er leveret", "da"),
        ("Pakken er levert", "nb"),
        ("Paketet är levererat", "sv"),
        ("Klar til afhentning", "da"),
        ("Klar til henting", "nb"),
        ("Pakken returneres til afsender", "da"),
        ("Pakken returneres til avsender", "nb"),
        ("Avgått från terminal FRA", "sv"),
        ("Avgått fra terminal", "nb"),
        ("Odesłana do nadawcy", "pl"),
        ("Odeslána zpět odesílateli", "cs"),
    ],
)
def test_wordings_of_neighbouring_languages_are_told_apart(text: str, language: str) -> None:
    match = match_phrase(text, "destination")

    assert match is not None
    assert match.language == language
