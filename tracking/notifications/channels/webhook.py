"""Webhook: each notice as JSON to a URL of the reader's own, with an `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy

from tracking.notifications.channels import public_http
from tracking.notifications.channels.channel import (
    DeadAddressError,
    DeliveryReceipt,
    MessageRejectedError,
    NotificationMessage,
)


class WebhookChannel:
    """Posts notices to a URL of the reader's own."""

    name = "webhook"
    label = gettext_lazy("Web address")
    is_idempotent = True
    max_concurrent = 8

    def is_configured(self) -> bool:
        return bool(settings.NOTICE_WEBHOOKS)

    def clean_address(self, address: str) -> str:
        """Return the URL, ASCII only. It must be https:// on a public host, without a password."""
        return public_http.clean_url(address)

    def display_address(self, address: str) -> str:
        """Return the host: the rest of a webhook URL is often a key."""
        return urlsplit(address).netloc

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        response = public_http.post(address, build_body(message), build_headers(message))
        text = f"{response.status}: {response.text}"
        if response.status == 410:
            raise DeadAddressError(text)
        public_http.raise_if_temporary(response)
        if not 200 <= response.status < 300:
            raise MessageRejectedError(text)
        return DeliveryReceipt(text)


def build_headers(message: NotificationMessage) -> dict[str, str]:
    """Return the headers. The key is the same at every attempt, so that a receiver can drop a copy."""
    key = hashlib.sha256(message.idempotency_key.encode()).hexdigest()
    return {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "Landfall"}


def build_body(message: NotificationMessage) -> bytes:
    """Return a message as JSON: `kind` for programs, texts in the reader's language."""
    body = {
        "kind": message.kind,
        "language": message.language,
        "shop": message.sender,
        "headline": message.headline,
        "lines": message.lines,
        "facts": [{"label": label, "value": value} for label, value in message.facts],
        "link": message.action.url,
        "stop": message.unsubscribe_url,
        "thread": hashlib.sha256(message.thread_key.encode()).hexdigest()[:32],
        "parcel": message.json_ld,
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
