"""Logo and article pictures of shops: made safe when they are uploaded, found for a page, loaded to be served."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tracking.models import Shop, ShopPicture
from tracking.paper_check.child_process import shrink_picture

LARGE_SIDE: Final = 208
"""The widest place of a picture has 104 px; screens have two pixels to each."""
SMALL_SIDE: Final = 112
"""For phones (56 px, two pixels to each) and for logos (32 px, up to three)."""
FIELD_BY_SIDE: Final = {LARGE_SIDE: "large", SMALL_SIDE: "small"}


class EncodedPicture(NamedTuple):
    """A picture that is safe to store and to serve: two square WebP files."""

    large: bytes
    small: bytes


class PictureLinks(NamedTuple):
    """The paths of a picture: `large` has 208 x 208 pixels, `small` 112 x 112."""

    large: str
    small: str


def encode_picture(content: bytes) -> EncodedPicture:
    """Return an uploaded JPEG, PNG or WebP as WebP in both sizes, without metadata; raise `PaperRefusedError`."""
    return EncodedPicture(shrink_picture(content, LARGE_SIDE), shrink_picture(content, SMALL_SIDE))


@transaction.atomic
def store_logo(shop: Shop, picture: EncodedPicture) -> ShopPicture:
    """Make a picture the logo of a shop, in place of its present one."""
    stored = store_picture(shop, "", picture)
    shop.logo = stored
    shop.save(update_fields=["logo"])
    return stored


@transaction.atomic
def store_picture(shop: Shop, sku: str, picture: EncodedPicture) -> ShopPicture:
    """Store the picture of an article, in place of its present one, under a new token."""
    # Of two uploads at once the second waits here; without the lock it would violate `one_picture_per_article`.
    Shop.objects.select_for_update().get(pk=shop.pk)
    remove_pictures(ShopPicture.objects.filter(shop=shop, sku=sku))
    stored = ShopPicture.objects.create(shop=shop, sku=sku, large=picture.large, small=picture.small)
    mark_as_updated([shop.pk])
    return stored


def remove_logo(shop: Shop) -> None:
    """Remove the logo of a shop."""
    remove_pictures(ShopPicture.objects.filter(shop=shop, sku=""))
    shop.logo = None


@transaction.atomic
def remove_pictures(pictures: QuerySet[ShopPicture]) -> None:
    """Delete pictures; pages no longer show them."""
    shop_ids = list(pictures.order_by().values_list("shop", flat=True).distinct())
    pictures.delete()
    mark_as_updated(shop_ids)


def mark_as_updated(shop_ids: Collection[int]) -> None:
    """Change `updated_at` of shops, so that pages which are cached for them are made again."""
    Shop.objects.filter(pk__in=shop_ids).update(updated_at=timezone.now())


def logo_links(shop: Shop) -> PictureLinks | None:
    """Return the paths of a shop's logo, or None. It reads the shop's row only."""
    return picture_links(shop.logo_id) if shop.logo_id else None


def article_pictures(shop_id: int, skus: Iterable[str]) -> dict[str, PictureLinks]:
    """Return the paths of the pictures that a shop has of some articles, by article number, in one query."""
    wanted = {sku for sku in skus if sku}
    if not wanted:
        return {}
    tokens = ShopPicture.objects.filter(shop=shop_id, sku__in=wanted).values_list("sku", "token")
    return {sku: picture_links(token) for sku, token in tokens}


def picture_links(token: str) -> PictureLinks:
    """Return the paths of a picture."""
    return PictureLinks(*(reverse("shop_picture", args=[token, side]) for side in (LARGE_SIDE, SMALL_SIDE)))


def load_picture(token: str, side: int) -> bytes | None:
    """Return the WebP file of a picture in one of its sizes; None if there is no such picture or size."""
    field = FIELD_BY_SIDE.get(side)
    if field is None:
        return None
    content = ShopPicture.objects.filter(pk=token).values_list(field, flat=True).first()
    return None if content is None else bytes(content)
