"""One sample per channel: an address, settings, and the answers of a real server that lead to each outcome.

`test_extension.py` tries every channel with its sample.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from tracking.notifications.channels.channel import (
    DeadAddressError,
    DeliveryError,
    DeliveryReceipt,
    MessageRejectedError,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.channels.messengers import MESSENGER_CHANNELS, MessengerChannel

HttpResponse = tuple[int, dict[str, str], bytes]
Outcome = type[DeliveryReceipt] | type[DeliveryError]

MESSENGER_PROVIDERS: Final = {
    "sms": f"twilio://AC{'1' * 32}:{'2' * 32}@+15551230000/{{to}}",
    "whatsapp": "whatsapp://token123@15551230000/{to}",
    "signal": "signal://127.0.0.1:9922/+15551230000/{to}",
    "telegram": "tgram://123456789:abcdefghijklmnopqrstuvwxyz_ABCDEFGH/{to}",
    "line": "line://a-long-token-of-a-channel/{to}",
    "wecom": "wecombot://{to}",
    "feishu": "feishu://{to}",
    "slack": "slack://{to}",
}
"""A provider for each messenger, as an operator would name it in the setting MESSENGERS."""

SMTP_REPLIES: Final[Mapping[Outcome, str]] = {
    DeliveryReceipt: "250 OK",
    TemporaryDeliveryError: "451 try later, ana@example.com",
    UnconfirmedDeliveryError: "drop",
    DeadAddressError: "550 5.1.1 <ana@example.com>: user unknown",
    MessageRejectedError: "554 no thanks, ana@example.com",
}
HTTP_RESPONSES: Final[Mapping[Outcome, HttpResponse | str]] = {
    DeliveryReceipt: (200, {}, b"{}"),
    TemporaryDeliveryError: (503, {}, b"busy"),
    UnconfirmedDeliveryError: "drop",
    DeadAddressError: (410, {}, b"gone"),
    MessageRejectedError: (400, {}, b"no"),
}


class ChannelSample(NamedTuple):
    """How to try a channel. `address` and `settings` get the URL of the HTTP server that the test runs.

    `secret` is the part of the address that no page may show, "" if there is none; `variable` the environment variable
    that switches the channel on; `responses` the answers of `server`, a fixture, that lead to each outcome.
    """

    address: Callable[[str], str]
    secret: str
    variable: str
    settings: Callable[[str], dict[str, Any]]
    settings_off: dict[str, Any]
    responses: Mapping[Outcome, HttpResponse | str] = HTTP_RESPONSES
    server: Literal["receiver", "mail_server"] = "receiver"


PUSH_KEYS: Final = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
"""The example of RFC 8291."""


def messenger_sample(messenger: MessengerChannel) -> ChannelSample:
    """Return the sample of a messenger: Apprise posts JSON to the test's own server instead of the provider."""
    is_phone = messenger.sample_address.startswith("+")
    return ChannelSample(
        address=lambda url: messenger.sample_address,
        secret="" if is_phone else messenger.sample_address[:-4],
        variable="MESSENGERS",
        settings=lambda url: {"MESSENGERS": {messenger.name: f"{url.replace('http:', 'json:')}/{{to}}"}},
        settings_off={"MESSENGERS": {}},
    )


CHANNEL_SAMPLES: Final[Mapping[str, ChannelSample]] = {
    "email": ChannelSample(
        address=lambda url: "ana@example.com",
        secret="",
        variable="EMAIL_URL",
        settings=lambda url: {},
        settings_off={"EMAIL_BACKEND": ""},
        responses=SMTP_REPLIES,
        server="mail_server",
    ),
    "push": ChannelSample(
        address=lambda url: json.dumps({"endpoint": f"{url}/push/secret", "keys": PUSH_KEYS}),
        secret="secret",
        variable="VAPID_PRIVATE_KEY",
        settings=lambda url: {},
        settings_off={"VAPID_PRIVATE_KEY": ""},
    ),
    "webhook": ChannelSample(
        address=lambda url: f"{url}/hook?key=secret",
        secret="secret",
        variable="NOTICE_WEBHOOKS",
        settings=lambda url: {"NOTICE_WEBHOOKS": True},
        settings_off={"NOTICE_WEBHOOKS": False},
    ),
    **{
        messenger.name: messenger_sample(messenger)
        for messenger in MESSENGER_CHANNELS
        if messenger.name in MESSENGER_PROVIDERS
    },
}
