"""A web address of the reader's own: each notice as plain JSON, with its identity as `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy

from tracking.notifications.channels import public_http
from tracking.notifications.channels.channel import Gone, Message, Receipt, Refused


class Webhook:
    """Posts notices where a reader's own program listens."""

    name = "webhook"
    label = gettext_lazy("Web address")
    knows_copies = True
    at_once = 8

    def ready(self) -> bool:
        return bool(settings.NOTICE_WEBHOOKS)

    def clean(self, address: str) -> str:
        """Return the address, ASCII only. It must be https:// on a public host, without a password in it."""
        return public_http.clean(address)

    def shown(self, address: str) -> str:
        """Return the host: the rest of such an address is often a key."""
        return urlsplit(address).netloc

    def send(self, message: Message, address: str) -> Receipt:
        answer = public_http.post(address, body(message), headers(message))
        told = f"{answer.status}: {answer.said}"
        if answer.status == 410:
            raise Gone(told)
        public_http.later_if_busy(answer)
        if not 200 <= answer.status < 300:
            raise Refused(told)
        return Receipt(told)


def headers(message: Message) -> dict[str, str]:
    """Return the headers. The key is the same at every try, so that a receiver can drop a copy."""
    key = hashlib.sha256(message.identity.encode()).hexdigest()
    return {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "Landfall"}


def body(message: Message) -> bytes:
    """Return a message as JSON: `kind` for programs, the rest in the reader's language."""
    told = {
        "kind": message.kind,
        "language": message.language,
        "shop": message.sender,
        "headline": message.headline,
        "lines": message.lines,
        "facts": [{"label": label, "value": value} for label, value in message.facts],
        "link": message.action.address,
        "stop": message.unsubscribe,
        "thread": hashlib.sha256(message.thread.encode()).hexdigest()[:32],
        "parcel": message.structured,
    }
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
