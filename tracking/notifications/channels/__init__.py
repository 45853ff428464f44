"""The list of channels: one file each, and one line here. Channels know messages and addresses, and no tables."""

from __future__ import annotations

from typing import Final

from tracking.notifications.channels.channel import Channel
from tracking.notifications.channels.email import EmailChannel
from tracking.notifications.channels.messengers import MESSENGER_CHANNELS
from tracking.notifications.channels.push import PushChannel
from tracking.notifications.channels.webhook import WebhookChannel

CHANNELS: Final[dict[str, Channel]] = {
    channel.name: channel
    for channel in (
        EmailChannel(),
        PushChannel(),
        *MESSENGER_CHANNELS,
        WebhookChannel(),
    )
}


def configured_channels() -> dict[str, Channel]:
    """Return the channels that this site can use, by name; those without key or provider are left out."""
    return {name: channel for name, channel in CHANNELS.items() if channel.is_configured()}
