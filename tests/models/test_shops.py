"""A shop stores one spelling of what was typed, and nothing that contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests import factories
from tracking.models import Shop
from tracking.models.shops import COLOUR_FIELDS
from tracking.shop_colours import InvalidColourError, guard_shop_colour

pytestmark = pytest.mark.django_db


def build_shop(**fields: Any) -> Shop:
    return Shop(slug="alder", name="Alder & Wren", **fields)


def errors_of(**fields: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        build_shop(**fields).full_clean()
    return caught.value.message_dict


def test_hours_phone_and_colour_are_stored_in_one_spelling() -> None:
    shop = build_shop(support_hours="mon–fri 9:00–17:00", support_phone="+44 113 555 0142", accent="0B5C63")
    shop.full_clean()
    shop.save()

    assert (shop.support_hours, shop.support_phone) == ("Mo-Fr 09:00-17:00", "+441135550142")
    assert shop.accent == "#0b5c63"


def test_the_six_colours_are_stored_with_the_accent() -> None:
    shop = build_shop(accent="#ffcc00")
    shop.save()

    shop.refresh_from_db()
    assert shop.colours == guard_shop_colour("#ffcc00")
    assert len(shop.colours_version) == 12


def test_the_colours_follow_when_only_the_accent_is_saved() -> None:
    shop = build_shop(accent="#ffcc00")
    shop.save()
    version = shop.colours_version

    shop.accent = "#6d2b66"
    shop.save(update_fields=["accent"])

    shop.refresh_from_db()
    assert shop.colours == guard_shop_colour("#6d2b66")
    assert shop.colours_version != version


def test_a_shop_without_a_colour_has_none_stored() -> None:
    shop = build_shop(accent="#ffcc00")
    shop.save()
    shop.accent = ""
    shop.save()

    assert shop.colours is None
    assert shop.colours_version == ""
    assert {getattr(shop, field) for field in COLOUR_FIELDS} == {""}


def test_a_program_cannot_store_what_is_no_colour() -> None:
    with pytest.raises(InvalidColourError):
        build_shop(accent="teal").save()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accent", "teal"),
        ("support_hours", "always"),
        ("support_phone", "0113 555 0142"),
        ("support_phone", "+44"),
        ("support_chat_url", "http://chat.example"),
        ("support_chat_url", "javascript:alert(1)"),
        ("website_url", "http://shop.example"),
        ("reply_hours", 241),
        ("lost_remedy", "voucher"),
        ("damaged_keep_percent", 101),
        ("refund_days", 91),
    ],
)
def test_what_a_page_could_not_promise_is_refused(field: str, value: Any) -> None:
    assert set(errors_of(**{field: value})) == {field}


def test_everything_a_shop_can_say_is_accepted() -> None:
    cases = {
        f"{case}_{name}": value
        for case in ("lost", "damaged", "returned")
        for name, value in {"remedy": "choice", "days": 2, "fallback": "refund", "fallback_days": 14}.items()
    }
    build_shop(
        website_url="https://shop.example",
        support_chat_url="https://chat.example/alder",
        support_email="help@shop.example",
        reply_hours=3,
        damaged_keep_percent=50,
        return_address="1 Mill Lane\nLeeds",
        handover_days=1,
        refund_days=5,
        search_days=3,
        **cases,
    ).full_clean()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"lost_days": 2}, "lost_days"),
        ({"lost_remedy": "refund", "lost_fallback": "refund", "lost_fallback_days": 3}, "lost_fallback"),
        ({"returned_remedy": "choice", "returned_fallback": "refund"}, "returned_fallback_days"),
        ({"damaged_remedy": "choice", "damaged_fallback_days": 3}, "damaged_fallback_days"),
    ],
)
def test_a_remedy_that_contradicts_itself_is_refused(fields: dict[str, Any], wrong: str) -> None:
    assert set(errors_of(**fields)) == {wrong}


def test_saving_one_field_changes_the_time_of_the_shop_for_cached_pages() -> None:
    shop = build_shop()
    shop.save()
    before = Shop.objects.get().updated_at

    shop.reply_hours = 3
    shop.save(update_fields=["reply_hours"])

    assert Shop.objects.get().updated_at > before


def test_simulated_shops_count_in_statistics_until_a_real_shop_has_an_order() -> None:
    demo = Shop.objects.create(slug="demo", name="Demo", is_simulated=True)
    Shop.objects.create(slug="empty", name="A real shop without orders")
    assert demo in Shop.objects.counted_in_statistics()

    real = factories.create_order().shop

    counted = set(Shop.objects.counted_in_statistics())
    assert real in counted and demo not in counted
