"""Carriers' slugs and display names, and the other names that aggregators use for them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

SLUG_ALIASES: Final[dict[str, str]] = {
    "asendia-usa": "asendia",
    "australia-post": "auspost",
    "brazil-correios": "correios",
    "canada-post": "canadapost",
    "canpar-courier": "canpar",
    "canpar-express": "canpar",
    "china-ems": "chinapost",
    "china-post": "chinapost",
    "cn-post": "chinapost",
    "colissimo": "laposte",
    "deutsche-post": "dhl-de",
    "deutsche-post-dhl": "dhl-de",
    "dhl-express": "dhl",
    "dhl-germany": "dhl-de",
    "dhl-paket": "dhl-de",
    "fr-post": "laposte",
    "la-poste": "laposte",
    "la-poste-colissimo": "laposte",
    "landmark-global": "landmark",
    "odfl": "old-dominion",
    "old-dominion-freight-line": "old-dominion",
    "postnl-parcels": "postnl",
    "royal-mail": "royalmail",
    "sf-express": "sf",
    "spee-dee-delivery": "spee-dee",
    "speedee": "spee-dee",
    "speedee-delivery": "spee-dee",
    "us-post": "usps",
}

CARRIER_NAMES: Final[dict[str, str]] = {
    "4px": "4PX",
    "aramex": "Aramex",
    "asendia": "Asendia",
    "auspost": "Australia Post",
    "cainiao": "Cainiao",
    "canadapost": "Canada Post",
    "canpar": "Canpar Express",
    "chinapost": "China Post",
    "correios": "Correios",
    "dhl": "DHL Express",
    "dhl-de": "DHL Paket",
    "dpd": "DPD",
    "fedex": "FedEx",
    "gls": "GLS",
    "laposte": "La Poste",
    "landmark": "Landmark Global",
    "old-dominion": "Old Dominion Freight Line",
    "postnl": "PostNL",
    "royalmail": "Royal Mail",
    "sf": "SF Express",
    "spee-dee": "Spee-Dee Delivery",
    "ups": "UPS",
    "usps": "USPS",
    "yunexpress": "YunExpress",
}


def display_name_for(slug: str, reported_name: str) -> str:
    """Return a carrier's own spelling of its name if we have it, else the reported name."""
    return CARRIER_NAMES.get(slug, reported_name)


@lru_cache(maxsize=4096)
def slug_for(name: str) -> str:
    """Return our slug for a carrier's name; an unknown name becomes lower-case ASCII with dashes."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:40]
    return SLUG_ALIASES.get(slug, slug)
