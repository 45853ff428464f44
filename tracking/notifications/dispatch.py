"""Carry messages over a channel, several at a time, and tell what became of each.

Threads touch no tables: they get a message and an address, and their outcome is marked by who asked.
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
    """A message, where it goes, and the notices that it tells of, the heaviest first."""

    message: NotificationMessage
    address: str
    notices: list[Notice]


DeliveryOutcome = DeliveryReceipt | DeliveryError | None
"""None: not begun, because time was up."""


def dispatch_messages(
    channel: Channel, outgoing_messages: Sequence[OutgoingMessage], deadline: float
) -> Iterator[tuple[OutgoingMessage, DeliveryOutcome]]:
    """Yield what became of each letter as soon as it is known; after `ends` (monotonic seconds) none is begun.

    A channel that carries one at a time leaves at most one in doubt when its worker dies.
    """
    if channel.max_concurrent == 1:
        yield from ((letter, dispatch_one(channel, letter, deadline)) for letter in outgoing_messages)
        return
    jobs = {
        thread_pool(channel.max_concurrent).submit(dispatch_one, channel, letter, deadline): letter
        for letter in outgoing_messages
    }
    yield from ((jobs[job], job.result()) for job in as_completed(jobs))


def dispatch_one(channel: Channel, outgoing: OutgoingMessage, deadline: float) -> DeliveryOutcome:
    """Carry one letter. What nobody foresaw goes to the log, and is tried again: the others must not wait for it."""
    if time.monotonic() > deadline:
        return None
    try:
        with translation.override(outgoing.message.language):
            return channel.send(outgoing.message, outgoing.address)
    except DeliveryError as trouble:
        return trouble
    except Exception as trouble:
        log.exception("a channel failed", channel=channel.name)
        return TemporaryDeliveryError(f"unforeseen: {type(trouble).__name__}")


@lru_cache(maxsize=8)
def thread_pool(max_workers: int) -> ThreadPoolExecutor:
    """Return so many threads of this process, made once."""
    return ThreadPoolExecutor(max_workers, "notices")
