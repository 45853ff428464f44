"""Orders are stored in one spelling, whoever writes them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests import factories
from tracking.models import Order

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize(("typed", "code"), [("UK", "GB"), ("el", "GR"), ("Brasil", "BR"), ("BRA", "BR"), (" ", "")])
def test_a_country_is_stored_as_two_letters(typed: str, code: str) -> None:
    assert factories.create_order(country=typed).country == code


def test_an_address_is_stored_in_lower_case_with_an_ascii_domain() -> None:
    assert factories.create_order(email="Ana+Shop@Bücher.example").email == "ana+shop@xn--bcher-kva.example"


def test_what_is_no_country_is_not_stored() -> None:
    with pytest.raises(ValidationError):
        factories.create_order(country="XX")

    assert not Order.objects.exists()


def test_an_order_with_an_old_unknown_country_can_still_be_saved() -> None:
    order = factories.create_order()
    Order.objects.update(country="XX")
    order.refresh_from_db()

    order.currency = "EUR"
    order.save(update_fields=["currency"])

    assert Order.objects.get().currency == "EUR"
