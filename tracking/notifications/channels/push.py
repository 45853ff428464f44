"""Web push: encrypted for one browser (RFC 8291), signed with our own key (RFC 8292), shown by the service worker.

An address is the browser's PushSubscription as JSON. Push services keep a push until the browser is online (RFC 8030).
The service worker is `templates/service_worker/service_worker.js`.
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
"""Push services accept at least 4,096 bytes after encryption (RFC 8030); some accept less in practice."""
SHORT_PAYLOAD_BYTES: Final = 1_000
OPERATOR_FAULT_STATUSES: Final = (401, 402, 403)
"""Our signature or our account is the problem, not the reader's address."""


class PushChannel:
    """Shows notices on the screen of a phone or computer, without an app."""

    name = "push"
    label = gettext_lazy("This device")
    is_idempotent = True
    max_concurrent = 8

    def is_configured(self) -> bool:
        return bool(settings.VAPID_PRIVATE_KEY)

    def clean_address(self, address: str) -> str:
        """Return a PushSubscription with endpoint and keys only; raise `InvalidContactAddressError` if unusable."""
        try:
            parsed = json.loads(address)
            endpoint, keys = parsed["endpoint"], {name: parsed["keys"][name] for name in ("p256dh", "auth")}
            subscription = {"endpoint": public_http.clean_url(endpoint), "keys": keys}
            # A trial run: keys that cannot encrypt would otherwise fail at the first notice.
            encrypt_payload(subscription, b"{}")
        except (ValueError, TypeError, LookupError, AttributeError, pywebpush.WebPushException) as error:
            raise InvalidContactAddressError(
                _("This browser's subscription cannot be read. Please try again.")
            ) from error
        return json.dumps(subscription, sort_keys=True)

    def display_address(self, address: str) -> str:
        """Return the host of the push service; anybody with the full endpoint could push to it."""
        return str(urlsplit(json.loads(address)["endpoint"]).netloc)

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        subscription = json.loads(address)
        response = post_push(message, subscription, MAX_PAYLOAD_BYTES)
        if response.status == 413:
            response = post_push(message, subscription, SHORT_PAYLOAD_BYTES)
        return interpret_response(response)


def post_push(
    message: NotificationMessage, subscription: dict[str, Any], max_bytes: int
) -> public_http.PublicHttpResponse:
    """Post a message to a browser's push service, with a payload of at most `max_bytes`."""
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
    """Return data encrypted for the browser of a subscription; raise ValueError for invalid keys."""
    pusher = pywebpush.WebPusher(subscription)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), pusher.receiver_key or b"")
    if len(pusher.auth_key or b"") != 16:
        raise ValueError("the secret of a subscription has 16 bytes")
    return bytes(pusher.encode(data)["body"])


def build_payload(message: NotificationMessage, max_bytes: int = MAX_PAYLOAD_BYTES) -> bytes:
    """Return the JSON that the browser's service worker shows, at most `max_bytes` long; the body is cut to fit."""
    facts = [f"{label}: {value}" for label, value in message.facts]
    full_body = message.preheader if message.cards else "\n".join([*message.lines, *facts])
    # Binary search: bytes per character differ by script and by JSON escapes.
    body, low, high = "", 0, len(full_body)
    while low <= high:
        length = (low + high) // 2
        candidate = truncate_text(full_body, length)
        fits = len(encode_payload(message, candidate)) <= max_bytes
        body, low, high = (candidate, length + 1, high) if fits else (body, low, length - 1)
    return encode_payload(message, body)


def encode_payload(message: NotificationMessage, body: str) -> bytes:
    """Return the payload with this body; the title is cut to 120 characters."""
    payload = {
        "title": truncate_text(message.headline, 120),
        "body": body,
        "url": message.action.url,
        "tag": topic_of(message),
        "lang": message.language,
        "dir": message.direction,
        "renotify": message.urgency == "high",
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def truncate_text(text: str, max_length: int) -> str:
    """Return text cut to `max_length` characters, with an ellipsis if something is missing."""
    return text if len(text) <= max_length else text[: max(0, max_length - 1)].rstrip() + "…"


def topic_of(message: NotificationMessage) -> str:
    """Return the topic by which a later push replaces this one: 32 characters at most (RFC 8030, 5.4)."""
    return hashlib.sha256((message.tag or message.thread_key).encode()).hexdigest()[:32]


def interpret_response(response: public_http.PublicHttpResponse) -> DeliveryReceipt:
    """Return the receipt for a response of a push service; raise the delivery error that its status means."""
    text = f"{response.status}: {response.text}"
    if response.status in (404, 410):
        raise DeadAddressError(text)
    if response.status in OPERATOR_FAULT_STATUSES:
        raise TemporaryDeliveryError(text, response.retry_after)
    public_http.raise_if_temporary(response)
    if not 200 <= response.status < 300:
        raise MessageRejectedError(text)
    return DeliveryReceipt(text)
