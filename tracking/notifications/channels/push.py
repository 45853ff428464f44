"""Web push: encrypted for one browser (RFC 8291), signed with our own key (RFC 8292), shown by `static/js/worker.js`.

An address is the browser's PushSubscription as JSON. Push services keep a push until the browser is there (RFC 8030).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.notifications.channels import public_http, vapid
from tracking.notifications.channels.channel import (
    DeadAddressError,
    DeliveryReceipt,
    InvalidContactAddressError,
    MessageRejectedError,
    NotificationMessage,
    TemporaryDeliveryError,
)
from tracking.notifications.channels.lazy_import import lazy_import

if TYPE_CHECKING:
    import pywebpush
else:
    pywebpush = lazy_import("pywebpush")

MAX_PAYLOAD_BYTES: Final = 3_000
"""Of the payload. Services take 4,096 once it is encrypted, some of them less."""
SHORT_PAYLOAD_BYTES: Final = 1_000
OPERATOR_FAULT_STATUSES: Final = (401, 402, 403)
"""Our signature or our account is at fault, and no reader's address."""


class PushChannel:
    """Notices on the screen of a phone or computer, without an app."""

    name = "push"
    label = gettext_lazy("This device")
    is_idempotent = True
    max_concurrent = 8

    def is_configured(self) -> bool:
        return bool(settings.VAPID_PRIVATE_KEY)

    def clean_address(self, address: str) -> str:
        """Return a PushSubscription with its endpoint and keys only; raise `BadAddress` where nothing can be sent."""
        try:
            told = json.loads(address)
            endpoint, keys = told["endpoint"], {name: told["keys"][name] for name in ("p256dh", "auth")}
            subscription = {"endpoint": public_http.clean_url(endpoint), "keys": keys}
            encrypt_payload(subscription, b"{}")
        except (ValueError, TypeError, LookupError, AttributeError, pywebpush.WebPushException) as trouble:
            raise InvalidContactAddressError(
                _("This browser's subscription cannot be read. Please try again.")
            ) from trouble
        return json.dumps(subscription, sort_keys=True)

    def display_address(self, address: str) -> str:
        """Return the host of the push service, which tells the browser's maker; the rest would let others push."""
        return str(urlsplit(json.loads(address)["endpoint"]).netloc)

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        subscription = json.loads(address)
        answer = post_push(message, subscription, MAX_PAYLOAD_BYTES)
        if answer.status == 413:
            answer = post_push(message, subscription, SHORT_PAYLOAD_BYTES)
        return interpret_response(answer)


def post_push(
    message: NotificationMessage, subscription: dict[str, Any], max_bytes: int
) -> public_http.PublicHttpResponse:
    """Send a message of at most so many bytes to a browser's push service."""
    endpoint = subscription["endpoint"]
    headers = {
        **vapid.vapid_headers(endpoint),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, int(message.ttl.total_seconds()))),
        "Urgency": message.urgency,
        "Topic": topic_of(message),
    }
    return public_http.post(endpoint, encrypt_payload(subscription, build_payload(message, max_bytes)), headers)


def encrypt_payload(subscription: dict[str, Any], data: bytes) -> bytes:
    """Return data that only the browser of a subscription can read; raise ValueError where its keys are none."""
    pusher = pywebpush.WebPusher(subscription)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), pusher.receiver_key or b"")
    if len(pusher.auth_key or b"") != 16:
        raise ValueError("the secret of a subscription has 16 bytes")
    return bytes(pusher.encode(data)["body"])


def build_payload(message: NotificationMessage, max_bytes: int = MAX_PAYLOAD_BYTES) -> bytes:
    """Return what the worker in the browser shows, in at most so many bytes; the body is cut where it is too long."""
    lines = [f"{label}: {value}" for label, value in message.facts]
    whole = "\n".join([*message.lines, *lines])
    body, low, high = "", 0, len(whole)
    while low <= high:
        length = (low + high) // 2
        tried = truncate_text(whole, length)
        fits = len(encode_payload(message, tried)) <= max_bytes
        body, low, high = (tried, length + 1, high) if fits else (body, low, length - 1)
    return encode_payload(message, body)


def encode_payload(message: NotificationMessage, body: str) -> bytes:
    """Return a payload with a body. A title takes at most 120 signs of it."""
    told = {
        "title": truncate_text(message.headline, 120),
        "body": body,
        "url": message.action.url,
        "tag": topic_of(message),
        "lang": message.language,
        "dir": message.direction,
        "loud": message.urgency == "high",
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def truncate_text(text: str, max_length: int) -> str:
    """Return at most so many signs of words, with a mark where some are missing."""
    return text if len(text) <= max_length else text[: max(0, max_length - 1)].rstrip() + "…"


def topic_of(message: NotificationMessage) -> str:
    """Return the name by which a later push takes this one's place, of 32 signs at most (RFC 8030, 5.4)."""
    return hashlib.sha256((message.tag or message.thread_key).encode()).hexdigest()[:32]


def interpret_response(response: public_http.PublicHttpResponse) -> DeliveryReceipt:
    """Return the receipt of an answer that took a push; raise what any other means."""
    told = f"{response.status}: {response.text}"
    if response.status in (404, 410):
        raise DeadAddressError(told)
    if response.status in OPERATOR_FAULT_STATUSES:
        raise TemporaryDeliveryError(told, response.retry_after)
    public_http.raise_if_temporary(response)
    if not 200 <= response.status < 300:
        raise MessageRejectedError(told)
    return DeliveryReceipt(told)
