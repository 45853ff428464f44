"""The channels: one file each, and one line here. They know messages and addresses, and no tables."""

from __future__ import annotations

from typing import Final

from tracking.notifications.channels.channel import Channel
from tracking.notifications.channels.email import Email
from tracking.notifications.channels.messengers import MESSENGERS
from tracking.notifications.channels.push import Push
from tracking.notifications.channels.webhook import Webhook

CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel
    for channel in (
        Email(),
        Push(),
        *MESSENGERS,
        Webhook(),
    )
}


def ready() -> dict[str, Channel]:
    """Return the channels that this site can use, by name; those without keys or a provider are hidden."""
    return {name: channel for name, channel in CHANNELS.items() if channel.ready()}
