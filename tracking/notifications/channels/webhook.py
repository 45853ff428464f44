"""A web address of the reader's own: each notice as plain JSON, with its identity as `Idempotency-Key`."""

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
    """Posts notices where a reader's own program listens."""

    name = "webhook"
    label = gettext_lazy("Web address")
    is_idempotent = True
    max_concurrent = 8

    def is_configured(self) -> bool:
        return bool(settings.NOTICE_WEBHOOKS)

    def clean_address(self, address: str) -> str:
        """Return the address, ASCII only. It must be https:// on a public host, without a password in it."""
        return public_http.clean_url(address)

    def display_address(self, address: str) -> str:
        """Return the host: the rest of such an address is often a key."""
        return urlsplit(address).netloc

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        answer = public_http.post(address, build_body(message), build_headers(message))
        told = f"{answer.status}: {answer.text}"
        if answer.status == 410:
            raise DeadAddressError(told)
        public_http.raise_if_temporary(answer)
        if not 200 <= answer.status < 300:
            raise MessageRejectedError(told)
        return DeliveryReceipt(told)


def build_headers(message: NotificationMessage) -> dict[str, str]:
    """Return the headers. The key is the same at every try, so that a receiver can drop a copy."""
    key = hashlib.sha256(message.idempotency_key.encode()).hexdigest()
    return {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "Landfall"}


def build_body(message: NotificationMessage) -> bytes:
    """Return a message as JSON: `kind` for programs, the rest in the reader's language."""
    told = {
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
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
