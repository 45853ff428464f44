"""The shops of the demo: one that says everything, one with a colour that pages must change, one that says little.

Plain data, named as the fields of `tracking.models.Shop`. Addresses and telephone numbers are reserved for examples.
The drawings in `pictures/` are our own; `tests/simulator/render_pictures.py` makes the WebP files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

PICTURES_FOLDER: Final = Path(__file__).resolve().parent / "pictures"
PICTURE_SIDES: Final = (208, 112)
DEFAULT_SHOP: Final = "nordlicht"


class DemoShop(NamedTuple):
    """One shop: `facts` are fields of the model; `logo` and the files of `articles` are drawings."""

    slug: str
    name: str
    facts: Mapping[str, str | int]
    logo: str = ""
    articles: tuple[str, ...] = ()
    """Article numbers; each drawing is named by the number in small letters."""
    orders: frozenset[str] = frozenset()
    """The demo orders, by slug. Those that no shop names are orders of `DEFAULT_SHOP`."""


DEMO_SHOPS: Final = (
    DemoShop(
        slug=DEFAULT_SHOP,
        name="Nordlicht Outdoor",
        facts={
            "zone": "Europe/Berlin",
            "website_url": "https://nordlicht.example",
            "accent": "#0b5c63",
            "support_email": "help@nordlicht.example",
            "support_phone": "+493023125000",
            "support_chat_url": "https://nordlicht.example/chat",
            "reply_hours": 3,
            "support_hours": "Mo-Fr 09:00-17:00; Sa 10:00-14:00",
            "return_address": "Nordlicht Outdoor\nRetouren\nMusterstraße 12\n10115 Berlin\nGermany",
            "handover_days": 1,
            "refund_days": 5,
            "search_days": 3,
            "lost_remedy": "choice",
            "lost_days": 2,
            "lost_fallback": "refund",
            "lost_fallback_days": 14,
            "damaged_remedy": "choice",
            "damaged_days": 2,
            "damaged_fallback": "replacement",
            "damaged_fallback_days": 3,
            "damaged_keep_percent": 50,
            "returned_remedy": "choice",
            "returned_days": 2,
            "returned_fallback": "refund",
            "returned_fallback_days": 14,
        },
        logo="logo-nordlicht",
        articles=(
            *("SHOE-TR-42", "SOCK-ME-M", "KEYB-75-BL", "SHRT-LN-M", "CAMP-CH-GR", "HAT-WB-NV", "EAR-BT-BK"),
            *("PACK-30-OL", "PACK-CB-4", "PACK-RC-30", "HAMM-CT-XL", "YOGA-MT-6"),
        ),
    ),
    DemoShop(
        slug="kiln-kettle",
        name="Kiln & Kettle",
        facts={
            "zone": "Europe/London",
            "website_url": "https://kilnandkettle.example",
            "accent": "#ff8a3d",
            "support_email": "hello@kilnandkettle.example",
            "support_phone": "+441134960142",
            "reply_hours": 24,
            "support_hours": "Tu-Sa 10:00-16:00",
            "return_address": "Kiln & Kettle\n3 Potter's Yard\nLeeds LS1 4ZZ\nUnited Kingdom",
            "handover_days": 2,
            "refund_days": 10,
            "search_days": 5,
            "lost_remedy": "refund",
            "lost_days": 5,
            "damaged_remedy": "replacement",
            "damaged_days": 3,
            "returned_remedy": "refund",
            "returned_days": 10,
        },
        logo="logo-kiln-kettle",
        articles=("COFF-PO-02", "LAMP-DK-WH", "OATC-TN-05", "MATC-WS-01", "SEW-FT-32"),
        orders=frozenset({"customs-inspected", "new-number", "out-today", "duties-due", "before-it-left"}),
    ),
    DemoShop(
        slug="inkwell-lane",
        name="Inkwell Lane",
        facts={"zone": "Asia/Tokyo"},
        articles=("PEN-FP-EF", "CLCK-CH-01", "PUZZ-1K-03"),
        orders=frozenset({"label-only", "told-twice", "one-clock"}),
    ),
)


def shop_of_order(order_slug: str) -> str:
    """Return the slug of the shop that a demo order belongs to."""
    return next((shop.slug for shop in DEMO_SHOPS if order_slug in shop.orders), DEFAULT_SHOP)


def load_demo_picture(name: str) -> tuple[bytes, bytes]:
    """Return a picture as WebP of 208 and of 112 pixels; `name` is that of a drawing, in any case."""
    large, small = ((PICTURES_FOLDER / f"{name.lower()}-{side}.webp").read_bytes() for side in PICTURE_SIDES)
    return large, small
