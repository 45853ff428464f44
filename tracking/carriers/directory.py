"""Names that aggregators use for carriers, as our slugs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

ALIASES: Final[dict[str, str]] = {
    "australia-post": "auspost",
    "canada-post": "canadapost",
    "china-ems": "chinapost",
    "china-post": "chinapost",
    "colissimo": "laposte",
    "deutsche-post": "dhl-de",
    "deutsche-post-dhl": "dhl-de",
    "dhl-express": "dhl",
    "dhl-germany": "dhl-de",
    "dhl-paket": "dhl-de",
    "la-poste": "laposte",
    "la-poste-colissimo": "laposte",
    "royal-mail": "royalmail",
    "sf-express": "sf",
}


@lru_cache(maxsize=4096)
def slug_for(name: str) -> str:
    """Return our slug for a carrier's name: the known one, else the name itself in lower-case ASCII with dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    return ALIASES.get(slug, slug)
