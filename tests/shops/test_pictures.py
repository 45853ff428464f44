"""Pictures of shops are safe to serve, replaced as a whole, and found with one query."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.paper_check.sample_files import image_with_metadata
from tracking.models import Shop, ShopPicture
from tracking.paper_check.formats import PaperRefusedError
from tracking.shops.pictures import (
    EncodedPicture,
    article_pictures,
    encode_picture,
    load_picture,
    logo_links,
    remove_logo,
    remove_pictures,
    store_logo,
    store_picture,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PICTURE = EncodedPicture(b"large", b"small")


@pytest.fixture
def shop() -> Shop:
    return Shop.objects.create(slug="alder", name="Alder & Wren")


def test_an_upload_becomes_webp_in_two_sizes_without_its_metadata() -> None:
    encoded = encode_picture(image_with_metadata())

    for content, side in ((encoded.large, 208), (encoded.small, 112)):
        assert b"Fictional Camera" not in content
        with Image.open(BytesIO(content)) as image:
            assert (image.format, image.size) == ("WEBP", (side, side))


def test_a_file_that_is_no_picture_is_refused() -> None:
    with pytest.raises(PaperRefusedError):
        encode_picture(b"<svg onload='alert(1)'/>")


def test_an_ordinary_photo_becomes_a_small_file() -> None:
    buffer = BytesIO()
    Image.effect_noise((800, 800), 60).convert("RGB").save(buffer, "JPEG")

    encoded = encode_picture(buffer.getvalue())

    assert len(buffer.getvalue()) > 200_000
    assert len(encoded.large) + len(encoded.small) < 20_000


def test_a_logo_is_linked_without_a_query(shop: Shop, django_assert_num_queries: Any) -> None:
    stored = store_logo(shop, PICTURE)
    shop = Shop.objects.get()

    with django_assert_num_queries(0):
        links = logo_links(shop)
    assert links == (f"/pictures/{stored.token}-208.webp", f"/pictures/{stored.token}-112.webp")


def test_another_logo_gets_another_path_and_the_old_one_is_gone(shop: Shop) -> None:
    first = store_logo(shop, PICTURE).token
    second = store_logo(shop, EncodedPicture(b"new", b"n")).token

    shop.refresh_from_db()
    assert shop.logo_id == second != first
    assert (load_picture(first, 208), load_picture(second, 208)) == (None, b"new")


def test_a_removed_logo_leaves_the_shop_without_one(shop: Shop) -> None:
    store_logo(shop, PICTURE)
    remove_logo(shop)

    shop.refresh_from_db()
    assert logo_links(shop) is None
    assert not ShopPicture.objects.exists()


def test_pictures_of_articles_are_found_in_one_query(shop: Shop, django_assert_num_queries: Any) -> None:
    mug = store_picture(shop, "MUG-1", PICTURE)
    store_picture(shop, "LAMP-1", PICTURE)
    other = Shop.objects.create(slug="other", name="Other")
    store_picture(other, "MUG-2", PICTURE)
    store_logo(shop, PICTURE)

    with django_assert_num_queries(1):
        found = article_pictures(shop.pk, ["MUG-1", "MUG-2", "", "UNKNOWN"])

    assert {sku: links.small for sku, links in found.items()} == {"MUG-1": f"/pictures/{mug.token}-112.webp"}


def test_articles_without_numbers_need_no_query(shop: Shop, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert article_pictures(shop.pk, ["", ""]) == {}


def test_the_picture_of_an_article_is_replaced(shop: Shop) -> None:
    store_picture(shop, "MUG-1", PICTURE)
    store_picture(shop, "MUG-1", EncodedPicture(b"new", b"n"))

    assert [bytes(picture.large) for picture in ShopPicture.objects.all()] == [b"new"]


def test_a_deleted_shop_takes_its_pictures_with_it(shop: Shop) -> None:
    store_logo(shop, PICTURE)
    store_picture(shop, "MUG-1", PICTURE)

    shop.delete()

    assert not ShopPicture.objects.exists()


def test_every_change_of_a_picture_changes_the_time_of_the_shop(shop: Shop) -> None:
    seen = {shop.updated_at}
    for change in (
        lambda: store_picture(shop, "MUG-1", PICTURE),
        lambda: store_logo(shop, PICTURE),
        lambda: remove_logo(shop),
        lambda: remove_pictures(ShopPicture.objects.filter(sku="MUG-1")),
    ):
        change()
        seen.add(Shop.objects.get().updated_at)

    assert len(seen) == 5
