"""Send messages on a channel, several at a time, and yield the outcome of each.

Threads use no database: they get a message and an address, and the caller records the outcome.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from typing import Final, NamedTuple

import structlog
from django.utils import translation

from tracking.models import Notice
from tracking.notifications.channels.channel import (
    Channel,
    DeliveryError,
    DeliveryReceipt,
    NotificationMessage,
    TemporaryDeliveryError,
)

log: Final = structlog.get_logger()


class OutgoingMessage(NamedTuple):
    """A message, its address, and the notices that it contains, highest priority first."""

    message: NotificationMessage
    address: str
    notices: list[Notice]


DeliveryOutcome = DeliveryReceipt | DeliveryError | None
"""None means not started: the deadline had passed."""


def dispatch_messages(
    channel: Channel, outgoing_messages: Sequence[OutgoingMessage], deadline: float
) -> Iterator[tuple[OutgoingMessage, DeliveryOutcome]]:
    """Yield each message with its outcome as soon as it is known; start none after `deadline` (monotonic seconds).

    With `max_concurrent` 1 a worker that dies leaves at most one message whose outcome is unknown.
    """
    if channel.max_concurrent == 1:
        yield from ((outgoing, dispatch_one(channel, outgoing, deadline)) for outgoing in outgoing_messages)
        return
    jobs = {
        thread_pool(channel.max_concurrent).submit(dispatch_one, channel, outgoing, deadline): outgoing
        for outgoing in outgoing_messages
    }
    yield from ((jobs[job], job.result()) for job in as_completed(jobs))


def dispatch_one(channel: Channel, outgoing: OutgoingMessage, deadline: float) -> DeliveryOutcome:
    """Send one message and return its outcome; an unexpected exception is logged and counts as temporary."""
    if time.monotonic() > deadline:
        return None
    try:
        with translation.override(outgoing.message.language):
            return channel.send(outgoing.message, outgoing.address)
    except DeliveryError as error:
        return error
    except Exception as error:
        # A bug in one channel or message must not stop the others.
        log.exception("channel failed", channel=channel.name)
        return TemporaryDeliveryError(f"unforeseen: {type(error).__name__}")


@lru_cache(maxsize=8)
def thread_pool(max_workers: int) -> ThreadPoolExecutor:
    """Return this process's thread pool of a size; it is created once and kept."""
    return ThreadPoolExecutor(max_workers, "notices")
