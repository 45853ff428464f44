"""Pictures and colours of shops are cached by everybody, and their URLs change with them."""

from __future__ import annotations

import pytest
from django.test import Client

from tracking.models import Shop
from tracking.shops.pictures import EncodedPicture, store_picture
from tracking.shops.stylesheet import stylesheet_path

pytestmark = pytest.mark.django_db
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def shop() -> Shop:
    return Shop.objects.create(slug="alder-1_b", name="Alder & Wren", accent="#ffcc00")


def test_a_picture_is_sent_once_and_cached_for_ever(client: Client, shop: Shop) -> None:
    token = store_picture(shop, "MUG", EncodedPicture(b"large", b"small")).token

    response = client.get(f"/pictures/{token}-112.webp")
    again = client.get(f"/pictures/{token}-112.webp", headers={"if-none-match": response["ETag"]})

    assert (response.content, response["Content-Type"]) == (b"small", "image/webp")
    assert response["Cache-Control"] == FOR_EVER
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Vary" not in response and not response.cookies
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["MUG-112", "1-112", "unknown-208"])
def test_a_picture_cannot_be_found_by_its_article(client: Client, shop: Shop, name: str) -> None:
    store_picture(shop, "MUG", EncodedPicture(b"large", b"small"))

    assert client.get(f"/pictures/{name}.webp").status_code == 404


def test_a_picture_has_only_its_two_sizes(client: Client, shop: Shop) -> None:
    token = store_picture(shop, "MUG", EncodedPicture(b"large", b"small")).token

    assert [client.get(f"/pictures/{token}-{side}.webp").status_code for side in (208, 4096)] == [200, 404]


def test_a_picture_is_only_read(client: Client, shop: Shop) -> None:
    assert client.post("/pictures/token-208.webp").status_code == 405


def test_the_colours_are_rules_for_both_themes_and_cached_for_ever(client: Client, shop: Shop) -> None:
    response = client.get(stylesheet_path(shop))
    css = response.content.decode()

    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert response["Cache-Control"] == FOR_EVER
    assert css.startswith("@layer shop{") and css.count("{") == css.count("}")
    assert f'[data-shop="alder-1_b"]{{--accent:{shop.accent_light};--on-accent:{shop.on_accent_light};' in css
    assert f'[data-shop="alder-1_b"][data-theme="dark"]{{--accent:{shop.accent_dark};' in css
    assert '@media (prefers-color-scheme:dark){[data-shop="alder-1_b"]:not([data-theme="light"])' in css


def test_unchanged_colours_are_not_sent_again(client: Client, shop: Shop) -> None:
    tag = client.get(stylesheet_path(shop))["ETag"]

    assert client.get(stylesheet_path(shop), headers={"if-none-match": tag}).status_code == 304


def test_an_open_page_gets_the_present_colours_under_the_old_path_and_keeps_them_shortly(
    client: Client, shop: Shop
) -> None:
    old_path = stylesheet_path(shop)
    old_tag = client.get(old_path)["ETag"]
    shop.accent = "#6d2b66"
    shop.save()

    response = client.get(old_path, headers={"if-none-match": old_tag})

    assert stylesheet_path(shop) != old_path
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=60"
    assert b"#6d2b66" in response.content


def test_a_shop_without_a_colour_has_no_stylesheet(client: Client, shop: Shop) -> None:
    plain = Shop.objects.create(slug="plain", name="Plain")

    assert stylesheet_path(plain) == ""
    assert client.get("/shops/plain-0.css").status_code == 404
    assert client.get("/shops/nobody-0.css").status_code == 404


def test_pages_still_vary_by_reader(client: Client, shop: Shop) -> None:
    assert "Cookie" in client.get("/")["Vary"]
