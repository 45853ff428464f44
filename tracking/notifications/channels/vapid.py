"""The key that signs our pushes for push services (VAPID, RFC 8292)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02


@lru_cache(maxsize=4)
def load_private_key(encoded_key: str) -> Vapid02:
    """Load a private key from text: 32 raw bytes or DER, base64url."""
    return Vapid02.from_string(encoded_key)


def public_key() -> str:
    """Return the public key for browsers: uncompressed point, base64url; '' without a private key."""
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    point = load_private_key(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint
    )
    return urlsafe_b64encode(point).decode().rstrip("=")


def vapid_headers(endpoint: str) -> dict[str, str]:
    """Return the signed header for pushes to an endpoint; it is valid for a day and names whom to contact."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": vapid_subject()}
    return dict(load_private_key(settings.VAPID_PRIVATE_KEY).sign(claims))


def vapid_subject() -> str:
    """Return the contact of this site's operator: its URL, or the mail sender if the site is not public."""
    if settings.SECURE:
        return str(settings.SITE_URL)
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
