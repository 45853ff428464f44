"""What pages load in the name of a shop: its pictures, and the stylesheet with its colours.

Both are the same for every reader, and their URLs change with their content, so that everybody may cache them.
"""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import etag, require_safe

from tracking.models import Shop
from tracking.shops.pictures import load_picture
from tracking.shops.stylesheet import shop_stylesheet

CACHE_FOR_EVER: Final = "public, max-age=31536000, immutable"
CACHE_SHORTLY: Final = "public, max-age=60"


def picture_etag(request: HttpRequest, token: str, side: int) -> str:
    """Return the entity tag of a picture: its content never changes."""
    return f'"{token}-{side}"'


@require_safe
@etag(picture_etag)
def shop_picture(request: HttpRequest, token: str, side: int) -> HttpResponse:
    """Send a picture of a shop."""
    content = load_picture(token, side)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/webp", headers={"Cache-Control": CACHE_FOR_EVER})


def stylesheet_etag(request: HttpRequest, slug: str, version: str) -> str | None:
    """Return the entity tag of a shop's stylesheet as it is now; None if there is none."""
    shop = Shop.objects.filter(slug=slug).first()
    return f'"{shop.colours_version}"' if shop and shop.colours_version else None


@require_safe
@etag(stylesheet_etag)
def stylesheet(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Send the colours of a shop. Under an old version it sends the present ones, for pages that are still open."""
    shop = get_object_or_404(Shop.objects.exclude(accent_light=""), slug=slug)
    cache = CACHE_FOR_EVER if version == shop.colours_version else CACHE_SHORTLY
    return HttpResponse(shop_stylesheet(shop), content_type="text/css; charset=utf-8", headers={"Cache-Control": cache})
