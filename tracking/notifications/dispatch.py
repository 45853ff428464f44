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
from tracking.notifications.channels.channel import Channel, Later, Message, Receipt, Trouble

log: Final = structlog.get_logger()


class Letter(NamedTuple):
    """A message, where it goes, and the notices that it tells of, the heaviest first."""

    message: Message
    address: str
    notices: list[Notice]


Outcome = Receipt | Trouble | None
"""None: not begun, because time was up."""


def carry(channel: Channel, letters: Sequence[Letter], ends: float) -> Iterator[tuple[Letter, Outcome]]:
    """Yield what became of each letter as soon as it is known; after `ends` (monotonic seconds) none is begun.

    A channel that carries one at a time leaves at most one in doubt when its worker dies.
    """
    if channel.at_once == 1:
        yield from ((letter, carried(channel, letter, ends)) for letter in letters)
        return
    jobs = {lanes(channel.at_once).submit(carried, channel, letter, ends): letter for letter in letters}
    yield from ((jobs[job], job.result()) for job in as_completed(jobs))


def carried(channel: Channel, letter: Letter, ends: float) -> Outcome:
    """Carry one letter. What nobody foresaw goes to the log, and is tried again: the others must not wait for it."""
    if time.monotonic() > ends:
        return None
    try:
        with translation.override(letter.message.language):
            return channel.send(letter.message, letter.address)
    except Trouble as trouble:
        return trouble
    except Exception as trouble:
        log.exception("a channel failed", channel=channel.name)
        return Later(f"unforeseen: {type(trouble).__name__}")


@lru_cache(maxsize=8)
def lanes(count: int) -> ThreadPoolExecutor:
    """Return so many threads of this process, made once."""
    return ThreadPoolExecutor(count, "notices")
