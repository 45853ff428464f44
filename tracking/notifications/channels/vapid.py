"""The key by which push services know that a push is ours (VAPID, RFC 8292)."""

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
    """Return the key of a private one as text: 32 raw bytes or DER, base64url."""
    return Vapid02.from_string(encoded_key)


def public_key() -> str:
    """Return what browsers subscribe with: the public point, uncompressed, base64url; nothing where there is no key."""
    if not settings.VAPID_PRIVATE_KEY:
        return ""
    point = load_private_key(settings.VAPID_PRIVATE_KEY).public_key.public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint
    )
    return urlsafe_b64encode(point).decode().rstrip("=")


def vapid_headers(endpoint: str) -> dict[str, str]:
    """Return the header that signs pushes to an endpoint's service for a day, with whom it may write to about them."""
    place = urlsplit(endpoint)
    claims = {"aud": f"{place.scheme}://{place.netloc}", "sub": vapid_subject()}
    return dict(load_private_key(settings.VAPID_PRIVATE_KEY).sign(claims))


def vapid_subject() -> str:
    """Return who runs this site: its address, or the sender of its mails where that is not on the internet."""
    if settings.SECURE:
        return str(settings.SITE_URL)
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
