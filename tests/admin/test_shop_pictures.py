"""Pictures of articles in the admin."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.paper_check.sample_files import image_bytes
from tracking.models import Shop, ShopPicture
from tracking.shops.pictures import EncodedPicture, store_logo, store_picture

ADD = "admin:tracking_shoppicture_add"


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(slug="hill", name="Hill")


def upload(color: str = "teal") -> SimpleUploadedFile:
    return SimpleUploadedFile("mug.png", image_bytes("PNG", (240, 240), color))


def test_a_picture_is_added_to_an_article_and_replaced(admin_client: Client, shop: Shop) -> None:
    tokens = []
    for color in ("teal", "red"):
        response = admin_client.post(reverse(ADD), {"shop": shop.pk, "article": " MUG-1 ", "picture": upload(color)})
        assert response.status_code == 302
        picture = ShopPicture.objects.get()
        tokens.append(picture.token)

    assert (picture.sku, bytes(picture.large)[:4]) == ("MUG-1", b"RIFF")
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize("missing", ["article", "picture"])
def test_a_picture_needs_an_article_and_a_file(admin_client: Client, shop: Shop, missing: str) -> None:
    fields = {"shop": shop.pk, "article": "MUG-1", "picture": upload()}

    response = admin_client.post(reverse(ADD), {name: value for name, value in fields.items() if name != missing})

    assert list(response.context["adminform"].form.errors) == [missing]


def test_the_list_shows_articles_and_no_logos(admin_client: Client, shop: Shop) -> None:
    picture = store_picture(shop, "MUG-1", EncodedPicture(b"large", b"small"))
    logo = store_logo(shop, EncodedPicture(b"large", b"small"))

    page = admin_client.get(reverse("admin:tracking_shoppicture_changelist")).content.decode()

    assert f"/pictures/{picture.token}-112.webp" in page
    assert logo.token not in page


def test_a_picture_is_shown_and_deleted(admin_client: Client, shop: Shop) -> None:
    picture = store_picture(shop, "MUG-1", EncodedPicture(b"large", b"small"))

    page = admin_client.get(reverse("admin:tracking_shoppicture_change", args=[picture.pk]))
    admin_client.post(reverse("admin:tracking_shoppicture_delete", args=[picture.pk]), {"post": "yes"})

    assert f"/pictures/{picture.token}-112.webp" in page.content.decode()
    assert not ShopPicture.objects.exists()


def test_chosen_pictures_are_deleted_together(admin_client: Client, shop: Shop) -> None:
    pictures = [store_picture(shop, sku, EncodedPicture(b"large", b"small")) for sku in ("MUG-1", "MUG-2")]
    before = Shop.objects.get().updated_at

    data = {"action": "delete_selected", "_selected_action": [picture.pk for picture in pictures], "post": "yes"}
    admin_client.post(reverse("admin:tracking_shoppicture_changelist"), data)

    assert not ShopPicture.objects.exists()
    assert Shop.objects.get().updated_at > before
