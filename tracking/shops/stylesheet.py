"""The stylesheet of a shop: its six colours as rules for `<html data-shop="...">`.

It comes after the stylesheet of the pages, whose first line orders the layers: `shop` is stronger than `tokens`.
"""

from __future__ import annotations

from django.urls import reverse

from tracking.models import Shop
from tracking.shop_colours import AccentColours


def shop_stylesheet(shop: Shop) -> str:
    """Return the CSS of a shop; "" if it has named no colour."""
    colours = shop.colours
    if colours is None:
        return ""
    # A slug has only letters, digits, hyphens and underscores, and the colours are `#rrggbb`: nothing to escape.
    element = f'[data-shop="{shop.slug}"]'
    light, dark = format_tokens(colours.light), format_tokens(colours.dark)
    return (
        "@layer shop{"
        f"{element}{light}"
        f'@media (prefers-color-scheme:dark){{{element}:not([data-theme="light"]){dark}}}'
        f'{element}[data-theme="dark"]{dark}'
        "}\n"
    )


def stylesheet_path(shop: Shop) -> str:
    """Return the path of a shop's stylesheet, which changes with its colours; "" if it has named no colour."""
    version = shop.colours_version
    return reverse("shop_stylesheet", args=[shop.slug, version]) if version else ""


def format_tokens(colours: AccentColours) -> str:
    """Return a block with the three tokens that a shop sets."""
    return f"{{--accent:{colours.accent};--on-accent:{colours.on_accent};--accent-soft:{colours.soft}}}"
