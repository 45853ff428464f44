"""Words that buyers should not read are found in the messages of the source."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog

from tracking.localization.wording import find_forbidden_wording, find_forbidden_words


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("Customs asks for papers", "document"),
        ("The status of your shipment", "parcel"),
        ("Delivery was attempted twice", "tried"),
        ("Send us an E-Mail", "email"),
        ("Arrived at the facility", "depot"),
        ("It is here!", "full stop"),
        ("Without anybody's help", "anyone"),
    ],
)
def test_jargon_and_second_names_are_found(text: str, instead: str) -> None:
    assert any(instead in error for error in find_forbidden_words(text))


def test_plain_words_and_the_names_of_placeholders_pass() -> None:
    for text in ("Customs needs documents", "%(status)s, by <b class='status'>email</b>", "Look in your mailbox"):
        assert list(find_forbidden_words(text)) == []


def test_only_what_buyers_read_is_checked() -> None:
    source = Catalog()
    source.add("The shipment", locations=[("templates/shipment/page.html", 1)])
    source.add(("%(n)s shipment", "%(n)s parcels"), locations=[("tracking/pages/order.py", 1)])
    source.add("Shipment of an operator", locations=[("tracking/admin/orders.py", 1)])

    assert list(find_forbidden_wording(source)) == [
        "source: write “parcel” for “shipment”: 'The shipment'",
        "source: write “parcel” for “shipment”: '%(n)s shipment'",
    ]
