"""The pictures of a shop: its logo, and one of each article."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracking.models.fields import generate_token


class ShopPictureQuerySet(models.QuerySet["ShopPicture"]):
    """Queries for pictures."""

    def of_articles(self) -> Self:
        """Return the pictures of articles, without logos and without the bytes."""
        return self.exclude(sku="").defer("large", "small")


class ShopPicture(models.Model):
    """A square picture as WebP in two sizes, `shops.pictures.SIDES` pixels. The one without an article is the logo.

    A row is never changed: another picture gets another token, so that its URL can be cached for ever. The token is the
    primary key, so that a foreign key alone gives the URL.
    """

    token = models.CharField(max_length=32, primary_key=True, default=generate_token, editable=False)
    shop = models.ForeignKey("tracking.Shop", models.CASCADE, related_name="pictures", verbose_name=_("shop"))
    sku = models.CharField(_("article number"), max_length=64, blank=True)
    large = models.BinaryField(editable=False)
    small = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = ShopPictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures of articles")
        ordering = ("sku",)
        constraints = (models.UniqueConstraint("shop", "sku", name="one_picture_per_article"),)

    def __str__(self) -> str:
        return self.sku or self.token
