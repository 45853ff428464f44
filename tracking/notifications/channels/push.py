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
from tracking.notifications.channels.channel import BadAddress, Gone, Later, Message, Receipt, Refused
from tracking.notifications.channels.lazy_import import heavy

if TYPE_CHECKING:
    import pywebpush
else:
    pywebpush = heavy("pywebpush")

MOST_BYTES: Final = 3_000
"""Of the payload. Services take 4,096 once it is encrypted, some of them less."""
FEW_BYTES: Final = 1_000
OURS_TO_MEND: Final = (401, 402, 403)
"""Our signature or our account is at fault, and no reader's address."""


class Push:
    """Notices on the screen of a phone or computer, without an app."""

    name = "push"
    label = gettext_lazy("This device")
    knows_copies = True
    at_once = 8

    def ready(self) -> bool:
        return bool(settings.VAPID_PRIVATE_KEY)

    def clean(self, address: str) -> str:
        """Return a PushSubscription with its endpoint and keys only; raise `BadAddress` where nothing can be sent."""
        try:
            told = json.loads(address)
            endpoint, keys = told["endpoint"], {name: told["keys"][name] for name in ("p256dh", "auth")}
            subscription = {"endpoint": public_http.clean(endpoint), "keys": keys}
            encrypted(subscription, b"{}")
        except (ValueError, TypeError, LookupError, AttributeError, pywebpush.WebPushException) as trouble:
            raise BadAddress(_("This browser's subscription cannot be read. Please try again.")) from trouble
        return json.dumps(subscription, sort_keys=True)

    def shown(self, address: str) -> str:
        """Return the host of the push service, which tells the browser's maker; the rest would let others push."""
        return str(urlsplit(json.loads(address)["endpoint"]).netloc)

    def send(self, message: Message, address: str) -> Receipt:
        subscription = json.loads(address)
        answer = post(message, subscription, MOST_BYTES)
        if answer.status == 413:
            answer = post(message, subscription, FEW_BYTES)
        return judged(answer)


def post(message: Message, subscription: dict[str, Any], most: int) -> public_http.Answer:
    """Send a message of at most so many bytes to a browser's push service."""
    endpoint = subscription["endpoint"]
    headers = {
        **vapid.signature(endpoint),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(0, int(message.ttl.total_seconds()))),
        "Urgency": message.urgency,
        "Topic": topic(message),
    }
    return public_http.post(endpoint, encrypted(subscription, payload(message, most)), headers)


def encrypted(subscription: dict[str, Any], data: bytes) -> bytes:
    """Return data that only the browser of a subscription can read; raise ValueError where its keys are none."""
    pusher = pywebpush.WebPusher(subscription)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), pusher.receiver_key or b"")
    if len(pusher.auth_key or b"") != 16:
        raise ValueError("the secret of a subscription has 16 bytes")
    return bytes(pusher.encode(data)["body"])


def payload(message: Message, most: int = MOST_BYTES) -> bytes:
    """Return what the worker in the browser shows, in at most so many bytes; the body is cut where it is too long."""
    lines = [f"{label}: {value}" for label, value in message.facts]
    whole = "\n".join([*message.lines, *lines])
    body, low, high = "", 0, len(whole)
    while low <= high:
        length = (low + high) // 2
        tried = cut(whole, length)
        fits = len(packed(message, tried)) <= most
        body, low, high = (tried, length + 1, high) if fits else (body, low, length - 1)
    return packed(message, body)


def packed(message: Message, body: str) -> bytes:
    """Return a payload with a body. A title takes at most 120 signs of it."""
    told = {
        "title": cut(message.headline, 120),
        "body": body,
        "url": message.action.address,
        "tag": topic(message),
        "lang": message.language,
        "dir": message.direction,
        "loud": message.urgency == "high",
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def cut(words: str, length: int) -> str:
    """Return at most so many signs of words, with a mark where some are missing."""
    return words if len(words) <= length else words[: max(0, length - 1)].rstrip() + "…"


def topic(message: Message) -> str:
    """Return the name by which a later push takes this one's place, of 32 signs at most (RFC 8030, 5.4)."""
    return hashlib.sha256((message.tag or message.thread).encode()).hexdigest()[:32]


def judged(answer: public_http.Answer) -> Receipt:
    """Return the receipt of an answer that took a push; raise what any other means."""
    told = f"{answer.status}: {answer.said}"
    if answer.status in (404, 410):
        raise Gone(told)
    if answer.status in OURS_TO_MEND:
        raise Later(told, answer.after)
    public_http.later_if_busy(answer)
    if not 200 <= answer.status < 300:
        raise Refused(told)
    return Receipt(told)
