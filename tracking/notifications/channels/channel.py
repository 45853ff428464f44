"""What every channel shares: the message that it carries, and the ways in which carrying it can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from django.utils.functional import Promise

Urgency = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its words."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message in its reader's language, in plain text.

    `thread` is the same for all messages about one parcel, `identity` that of this one notice at every try.
    `unsubscribe` takes a POST and needs no more. `language` is a BCP 47 tag, `direction` "ltr" or "rtl".

    A channel takes what it can carry of the rest: `preheader`, the words that a list of mails shows beside the subject;
    `structured`, schema.org's JSON-LD; `calendar`, an iCalendar file with its METHOD; `urgency`, and `ttl`, after which
    a push is worth nothing; `tag`: of pushes with the same one only the last is seen, by default of one thread.
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
    preheader: str = ""
    structured: Mapping[str, Any] | None = None
    calendar: bytes | None = None
    urgency: Urgency = "normal"
    ttl: timedelta = timedelta(days=1)
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message was taken; `said` is what the other side answered, for the log of an operator who must ask there."""

    said: str = ""


class Trouble(Exception):
    """A message was not carried."""


class Later(Trouble):
    """It was certainly not taken now; `after` is how long the other side asks to wait."""

    def __init__(self, why: str, after: timedelta | None = None) -> None:
        super().__init__(why)
        self.after = after


class Doubtful(Later):
    """It was sent, and the line was lost before the answer: nobody knows whether it was taken.

    Sending again is harmless where the channel's `knows_copies` is true; elsewhere the reader may be told twice.
    """


class Gone(Trouble):
    """The address is dead: nothing will ever reach it."""


class Refused(Trouble):
    """This message will never be taken; the address may be good."""


class BadAddress(ValueError):
    """What was typed is no address of this channel; the message says so to the reader."""


class Channel(Protocol):
    """One way to reach a reader. `knows_copies`: a second try under the same identity is known as the same message.

    `at_once` messages are under way at a time. Of those in doubt when a worker dies each comes a second time, so it is
    one where the reader could see that.
    """

    name: str
    knows_copies: bool
    at_once: int

    @property
    def label(self) -> Promise:
        """Return its name for readers."""

    def ready(self) -> bool:
        """Tell whether the site has what the channel needs: a channel without keys or a provider is hidden."""

    def clean(self, address: str) -> str:
        """Return an address as it is kept; raise `BadAddress`."""

    def shown(self, address: str) -> str:
        """Return what a page may show of an address: what its reader knows it by, and no secret."""

    def send(self, message: Message, address: str) -> Receipt:
        """Carry a message; raise `Later`, `Doubtful`, `Gone` or `Refused`, whose words hold neither address nor key."""
