"""System checks: settings that an operator still has to make."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from tracking.notifications.channels.messengers import ADDRESS_PLACEHOLDER, MESSENGER_CHANNELS


def check_production(**_: Any) -> list[CheckMessage]:
    """Report what a production site still lacks; nothing on any other site."""
    if not settings.PRODUCTION:
        return []
    return [message for is_missing, message in production_findings() if is_missing]


def check_messengers(**_: Any) -> list[CheckMessage]:
    """Report the entries of MESSENGERS that can never be used: an unknown name, or no placeholder for the recipient."""
    known = {channel.name for channel in MESSENGER_CHANNELS}
    unknown_names = [
        f"{name} is none; there are {', '.join(sorted(known))}" for name in settings.MESSENGERS if name not in known
    ]
    missing_placeholders = [
        f"{name} has no {ADDRESS_PLACEHOLDER}"
        for name, address in settings.MESSENGERS.items()
        if ADDRESS_PLACEHOLDER not in address
    ]
    return [Error(f"MESSENGERS: {fault}.", id="landfall.E004") for fault in unknown_names + missing_placeholders]


def production_findings() -> list[tuple[bool, CheckMessage]]:
    """List what a production site can lack: whether it does, and the message to show then."""
    sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    return [
        (settings.DEBUG, Error("DEBUG is on in production.", hint="Unset DEBUG.", id="landfall.E001")),
        (len(settings.SECRET_KEY) < 32, Error("SECRET_KEY is shorter than 32 signs.", id="landfall.E002")),
        (
            "*" in settings.ALLOWED_HOSTS,
            Error("ALLOWED_HOSTS allows every name.", hint="List the site's own names.", id="landfall.E003"),
        ),
        (
            not settings.SECURE,
            Warning(
                "SITE_URL is not https: cookies and parcel links travel readable.",
                hint="Set SITE_URL=https://your.name, and BEHIND_TLS_PROXY=1 behind a proxy that ends TLS.",
                id="landfall.W001",
            ),
        ),
        (
            settings.EMBEDDED_BROKER,
            Warning(
                "REDIS_URL is not set: workers on other machines cannot join.",
                hint="Set REDIS_URL=redis://host:6379/0.",
                id="landfall.W002",
            ),
        ),
        (
            sqlite,
            Warning(
                "DATABASE_URL is not set: SQLite serves one machine only.",
                hint="Set DATABASE_URL=postgres://user:password@host/name.",
                id="landfall.W003",
            ),
        ),
        (
            settings.EMAIL_BACKEND.endswith("console.EmailBackend"),
            Warning(
                "EMAIL_URL is not set: no mail is sent.", hint="smtp+tls://user:password@host:587", id="landfall.W004"
            ),
        ),
    ]
