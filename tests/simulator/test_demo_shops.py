"""Three shops show what a page says with everything, with another colour, and with little."""

from __future__ import annotations

import io
import json
from io import BytesIO
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from tracking.demo.orders import get_or_create_shop
from tracking.models import Order, Shop, ShopPicture
from tracking.shops import policy_of
from tracking.shops.missing import MissingFact, missing_facts
from tracking.shops.pictures import article_pictures
from tracking.simulator.demo_shops import DEMO_SHOPS, PICTURE_SIDES, PICTURES_FOLDER, DemoShop, shop_of_order
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS
from tracking.simulator.parcels.held_orders import HELD_ORDERS

EVERYTHING, OTHER_COLOUR, LITTLE = DEMO_SHOPS


def build_shop(demo_shop: DemoShop) -> Shop:
    facts: dict[str, Any] = dict(demo_shop.facts)
    return Shop(slug=demo_shop.slug, name=demo_shop.name, **facts)


@pytest.mark.parametrize("demo_shop", DEMO_SHOPS, ids=lambda shop: shop.slug)
@pytest.mark.django_db
def test_what_a_demo_shop_says_is_what_an_operator_could_type(demo_shop: DemoShop) -> None:
    build_shop(demo_shop).full_clean()


@pytest.mark.django_db
def test_the_first_shop_says_everything_and_the_last_almost_nothing() -> None:
    assert missing_facts(get_or_create_shop(EVERYTHING)) == []
    assert policy_of(build_shop(LITTLE)) == (LITTLE.name, "", None, "", None, None, None, None, None, None, None)
    assert MissingFact.CONTACT in missing_facts(build_shop(LITTLE))


@pytest.mark.django_db
def test_pages_must_change_the_colour_of_the_second_shop() -> None:
    shop = get_or_create_shop(OTHER_COLOUR)

    assert shop.colours is not None
    assert shop.accent not in (shop.colours.light.accent, "")


def test_every_demo_order_that_a_shop_names_exists() -> None:
    slugs = {order.slug for order in DEMO_ORDERS}

    assert {slug for shop in DEMO_SHOPS for slug in shop.orders} <= slugs
    assert {shop_of_order(slug) for slug in slugs} == {shop.slug for shop in DEMO_SHOPS}


def test_every_article_of_the_demo_has_a_picture_in_its_shop() -> None:
    articles = {shop.slug: set(shop.articles) for shop in DEMO_SHOPS}

    for order in DEMO_ORDERS:
        assert {line.sku for line in order.lines} <= articles[shop_of_order(order.slug)]


@pytest.mark.parametrize("drawing", sorted(PICTURES_FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_each_drawing_is_rendered_small_in_both_sizes(drawing: Any) -> None:
    for side in PICTURE_SIDES:
        content = (PICTURES_FOLDER / f"{drawing.stem}-{side}.webp").read_bytes()
        with Image.open(BytesIO(content)) as image:
            assert (image.format, image.size) == ("WEBP", (side, side))
        assert len(content) < 6_000


@pytest.mark.django_db
def test_the_demo_has_its_orders_in_three_shops_with_pictures_and_makes_them_once() -> None:
    for _start in range(2):
        out = io.StringIO()
        call_command("demo_orders", carrier_url="http://127.0.0.1:1", carrier_key="key", stdout=out)

    assert len([json.loads(line) for line in out.getvalue().splitlines()]) == len(DEMO_ORDERS) + len(HELD_ORDERS)
    assert Order.objects.count() == len(DEMO_ORDERS) + len(HELD_ORDERS)
    assert Shop.objects.filter(orders__isnull=False).distinct().count() == len(DEMO_SHOPS)
    assert Shop.objects.filter(logo=None).get().slug == LITTLE.slug
    order = Order.objects.get(number="LF-1009")
    skus = list(order.lines.values_list("sku", flat=True))
    assert set(article_pictures(order.shop_id, skus)) == set(skus)
    assert ShopPicture.objects.count() == len(list(PICTURES_FOLDER.glob("*.svg")))
