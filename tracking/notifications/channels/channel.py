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
    url: str


@dataclass(frozen=True, slots=True)
class NotificationMessage:
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
    secondary_links: tuple[Link, ...]
    footer: tuple[str, ...]
    unsubscribe_url: str
    thread_key: str
    idempotency_key: str
    preheader: str = ""
    json_ld: Mapping[str, Any] | None = None
    calendar_file: bytes | None = None
    urgency: Urgency = "normal"
    ttl: timedelta = timedelta(days=1)
    tag: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """A message was taken; `said` is what the other side answered, for the log of an operator who must ask there."""

    response_text: str = ""


class DeliveryError(Exception):
    """A message was not carried."""


class TemporaryDeliveryError(DeliveryError):
    """It was certainly not taken now; `after` is how long the other side asks to wait."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class UnconfirmedDeliveryError(TemporaryDeliveryError):
    """It was sent, and the line was lost before the answer: nobody knows whether it was taken.

    Sending again is harmless where the channel's `knows_copies` is true; elsewhere the reader may be told twice.
    """


class DeadAddressError(DeliveryError):
    """The address is dead: nothing will ever reach it."""


class MessageRejectedError(DeliveryError):
    """This message will never be taken; the address may be good."""


class InvalidContactAddressError(ValueError):
    """What was typed is no address of this channel; the message says so to the reader."""


class Channel(Protocol):
    """One way to reach a reader. `knows_copies`: a second try under the same identity is known as the same message.

    `at_once` messages are under way at a time. Of those in doubt when a worker dies each comes a second time, so it is
    one where the reader could see that.
    """

    name: str
    is_idempotent: bool
    max_concurrent: int

    @property
    def label(self) -> Promise:
        """Return its name for readers."""

    def is_configured(self) -> bool:
        """Tell whether the site has what the channel needs: a channel without keys or a provider is hidden."""

    def clean_address(self, address: str) -> str:
        """Return an address as it is kept; raise `BadAddress`."""

    def display_address(self, address: str) -> str:
        """Return what a page may show of an address: what its reader knows it by, and no secret."""

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        """Carry a message; raise `Later`, `Doubtful`, `Gone` or `Refused`, whose words hold neither address nor key."""
