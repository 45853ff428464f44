"""What every channel shares: the message that it carries, and the ways in which carrying it can go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its words."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message in its reader's language, in plain text.

    `thread` is the same for all messages about one parcel, `identity` that of this one notice at every try.
    `unsubscribe` takes a POST and needs no more.
    """

    kind: str
    language: str
    direction: str
    sender: str
    subject: str
    headline: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    action: Link
    more: tuple[Link, ...]
    footer: tuple[str, ...]
    unsubscribe: str
    thread: str
    identity: str
    structured: str = ""


class Trouble(Exception):
    """A message was not carried."""


class Later(Trouble):
    """It was certainly not taken now; `after` is how long the other side asks to wait."""

    def __init__(self, why: str, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.after = after


class Gone(Trouble):
    """The address is dead: nothing will ever reach it."""


class Refused(Trouble):
    """This message will never be taken; the address may be good."""


class BadAddress(ValueError):
    """What was typed is no address of this channel; the message says so to the reader."""


class Channel(Protocol):
    """One way to reach a reader."""

    name: str

    @property
    def label(self) -> Promise:
        """Return its name for readers."""

    def ready(self) -> bool:
        """Tell whether the site has what the channel needs."""

    def clean(self, address: str) -> str:
        """Return an address as it is kept; raise `BadAddress`."""

    def send(self, message: Message, address: str) -> None:
        """Carry a message; raise `Later`, `Gone` or `Refused`."""
