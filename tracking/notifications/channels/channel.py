"""What every channel shares: the interface, the message, the receipt and the delivery errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from django.utils.functional import Promise

from tracking.page_state.days_strip import DayCell
from tracking.page_state.headline import Headline
from tracking.shop_colours import ShopColours

Urgency = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link and its text."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """One step of a parcel: `state` is a value of `StepState`, `word` says how far it is."""

    name: str
    state: str
    word: str

    @property
    def is_current(self) -> bool:
        """Return whether the parcel is at this step."""
        return self.state in ("now", "stop")


@dataclass(frozen=True, slots=True)
class TaskCard:
    """What the reader is asked for: why, the documents by name, and until when, as a sentence with its zone."""

    title: str
    reason: str
    documents: tuple[str, ...]
    deadline: str


@dataclass(frozen=True, slots=True)
class NewsItem:
    """What happened and caused the message: what, with its place, and when, with its zone; `when` can be ''."""

    what: str
    when: str


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """The answer of a parcel's page, as texts in the reader's language.

    `title` is the task, or the answer in short. `tone` is a value of `Tone`. `days` are the cells of the strip, `code`
    is what must be shown at the pick-up point, `documents` what customs asks for where there is no task, `link` the
    page of the task or the parcel, with its text.
    """

    title: str
    tone: str
    chip: str
    headline: Headline
    likely: Headline | None
    lines: tuple[str, ...]
    days: tuple[DayCell, ...]
    steps: tuple[ProgressStep, ...]
    articles: tuple[str, ...]
    documents: tuple[str, ...]
    code: str
    task: TaskCard | None
    news: NewsItem | None
    order: str
    link: str
    link_label: str


@dataclass(frozen=True, slots=True)
class Brand:
    """How the shop looks: its name, the address of its logo or '', and its colours, None for those of the site."""

    name: str
    logo_url: str = ""
    colours: ShopColours | None = None


@dataclass(frozen=True, slots=True)
class NotificationMessage:
    """One message in its reader's language, as plain text parts.

    `thread_key` is the same for all messages about one parcel, `idempotency_key` the same at every attempt to send this
    one. `unsubscribe_url` takes a POST without further input; it is empty in a message that was asked for once.
    `language` is a BCP 47 tag, `direction` "ltr" or "rtl".

    The fields with defaults are optional for a channel: `preheader`, the sentence after the headline, where only one
    fits; `cards`, the answers of the parcels that the message is about; `brand`; `contact`, the ways to reach the shop;
    `json_ld`, schema.org data; `calendar_file`, an iCalendar file with its METHOD; `urgency`; `ttl`, after which a push
    is dropped; `tag`, by which a later push replaces an earlier one (default: the thread).
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
    cards: tuple[AnswerCard, ...] = ()
    brand: Brand | None = None
    contact: tuple[Link, ...] = ()
    json_ld: Mapping[str, Any] | None = None
    calendar_file: bytes | None = None
    urgency: Urgency = "normal"
    ttl: timedelta = timedelta(days=1)
    tag: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """The message was accepted; `response_text` is the other side's answer."""

    response_text: str = ""


class DeliveryError(Exception):
    """The message was not delivered. The text goes to the database: it must contain neither address nor key."""


class TemporaryDeliveryError(DeliveryError):
    """The message was certainly not accepted; try again, not before `retry_after` if the other side named a time."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class UnconfirmedDeliveryError(TemporaryDeliveryError):
    """The message was sent but the answer was lost, so it may or may not have been accepted.

    It is sent again only on a channel that `is_idempotent`; elsewhere the reader could get it twice.
    """


class DeadAddressError(DeliveryError):
    """The address does not exist any more: it is disabled at once."""


class MessageRejectedError(DeliveryError):
    """This message will never be accepted; after three in a row the address is disabled."""


class InvalidContactAddressError(ValueError):
    """The text is not an address of this channel; the message is shown to the reader."""


class Channel(Protocol):
    """One way to reach a reader. `README.md` of the notifications package lists the steps to add one.

    `is_idempotent`: the other side recognises a second attempt by `idempotency_key` and does not show it again.
    `max_concurrent`: messages in flight at a time. Each of them may arrive twice if the worker dies, so it must be 1
    where the reader would notice.
    """

    name: str
    is_idempotent: bool
    max_concurrent: int

    @property
    def label(self) -> Promise:
        """Return the channel's name for readers; translated in every language."""

    def is_configured(self) -> bool:
        """Return whether the site has the settings that the channel needs; otherwise it is hidden."""

    def clean_address(self, address: str) -> str:
        """Return a typed address in the form that is stored; raise `InvalidContactAddressError`."""

    def display_address(self, address: str) -> str:
        """Return the part of an address that a page may show: recognisable for its reader, without secrets."""

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        """Send a message and return a receipt; raise one of the four subclasses of `DeliveryError`."""
