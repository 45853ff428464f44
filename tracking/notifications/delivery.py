"""What is owed is sent: claimed for some minutes, made into one message a reader and parcel, and marked.

A worker that dies after a channel took a message and before it is marked leaves a claim that ends by itself; the
message is then sent once more under the same identity.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from tracking.models import Contact, Notice
from tracking.models.locks import locked
from tracking.models.notices import FAILURES_ALLOWED, NoticeState
from tracking.models.texts import Disabled
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Channel, Doubtful, Gone, Later, Receipt, Trouble
from tracking.notifications.dispatch import Letter, Outcome, carry
from tracking.notifications.texts import language_for, message_of, reader_of
from tracking.notifications.triggers import URGENT, WEIGHT
from tracking.vocabulary import NoticeKind

AT_ONCE: Final = 40
CLAIM: Final = timedelta(minutes=2)
TURN_SECONDS: Final = 10.0
"""So long a job begins messages on one channel; then it is the others' turn. What it has left in hand is set free."""
APART: Final = timedelta(minutes=1)
"""News of one parcel that follow a message within a minute wait until it is over, and are one message then."""
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
WORTH: Final = timedelta(days=3)
"""Notices that nobody could carry for so long are given up: they are no news any more."""
WHO_AND_WHEN: Final = ("contact_id", "shipment_id", "sent_at")
log: Final = structlog.get_logger()


def channels_due(now: datetime) -> list[str]:
    """Return the channels on which something is due."""
    names = Notice.objects.due(now).order_by().values_list("contact__channel", flat=True).distinct()
    return [name for name in names if name in CHANNELS]


def deliver(name: str, now: datetime, ends: float | None = None) -> int:
    """Send what is due on one channel, some at a time; return how many notices were dealt with.

    After `ends` (monotonic seconds) no message is begun any more.
    """
    channel = CHANNELS[name]
    notices = claim(name, now)
    letters = [letter_of(group) for group in by_message(notices, now)]
    for letter, outcome in carry(channel, letters, time.monotonic() + TURN_SECONDS if ends is None else ends):
        mark(channel, letter.notices, outcome)
    return len(notices)


def claim(name: str, now: datetime) -> list[Notice]:
    """Take due notices of one channel into this worker's hands for some minutes, and return them."""
    with transaction.atomic():
        due = locked(Notice.objects.due(now).filter(contact__channel=name), skip=True)
        keys = list(due.values_list("pk", flat=True)[:AT_ONCE])
        Notice.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM, tries=F("tries") + 1)
    found = Notice.objects.filter(pk__in=keys).select_related(
        "contact__subscriber__user", "shipment__order__shop", "shipment__forecast"
    )
    return list(found.order_by("contact", "shipment", "pk"))


def by_message(notices: list[Notice], now: datetime) -> Iterator[list[Notice]]:
    """Yield the notices that make one message, the heaviest first: of one parcel, or of all in a digest."""
    told = told_lately(notices, now)
    for _, group in groupby(notices, key=of_one_message):
        ordered = sorted(group, key=lambda notice: -WEIGHT[NoticeKind(notice.kind)])
        first = ordered[0]
        last = None if first.kind in URGENT else told.get((first.contact_id, first.shipment_id))
        if not usable(first.contact):
            close(ordered, NoticeState.GIVEN_UP, "the address is not in use any more")
        elif last:
            set_free(ordered, last + APART)
        else:
            yield ordered


def of_one_message(notice: Notice) -> tuple[int, int]:
    """Return what notices of one message share."""
    return notice.contact_id, 0 if notice.contact.subscriber.digest else notice.shipment_id


def usable(contact: Contact) -> bool:
    """Tell whether a contact may be written to."""
    return contact.confirmed_at is not None and contact.disabled_at is None and not contact.subscriber.paused


def told_lately(notices: list[Notice], now: datetime) -> dict[tuple[int, int], datetime]:
    """Return when each reader was last told of each parcel, within the last minute."""
    told = Notice.objects.filter(
        contact__in={notice.contact_id for notice in notices},
        shipment__in={notice.shipment_id for notice in notices},
        sent_at__gt=now - APART,
    )
    return {(contact, shipment): at for contact, shipment, at in told.order_by("sent_at").values_list(*WHO_AND_WHEN)}


def letter_of(notices: list[Notice]) -> Letter:
    """Return the message for some notices, in the reader's language, and where it goes."""
    first, contact = notices[0], notices[0].contact
    language = language_for(contact.subscriber, first.shipment.order)
    with translation.override(language):
        reader = reader_of(contact.subscriber, language, first.shipment.order.country)
        return Letter(message_of(notices, reader, language), contact.address, notices)


def mark(channel: Channel, notices: list[Notice], outcome: Outcome) -> None:
    """Mark what became of a message: its heaviest notice as sent, the others as overtaken by it.

    Whether a message was taken whose answer was lost, nobody knows. It is sent again only where a copy does no harm.
    """
    contact = notices[0].contact
    match outcome:
        case None:
            set_free(notices, timezone.now())
        case Doubtful() if not channel.knows_copies:
            close_as_sent(notices, str(outcome))
        case Later():
            put_off(notices, str(outcome), outcome.after)
        case Gone():
            disable(contact, Disabled.GONE, str(outcome))
            close(notices, NoticeState.GIVEN_UP, str(outcome))
        case Trouble():
            count_failure(contact, str(outcome))
            close(notices, NoticeState.GIVEN_UP, str(outcome))
        case Receipt():
            close_as_sent(notices)
            if contact.failures:
                Contact.objects.filter(pk=contact.pk).update(failures=0)
            log.info("notice sent", notice=notices[0].pk, channel=channel.name, kind=notices[0].kind)


def set_free(notices: list[Notice], due: datetime) -> None:
    """Give back notices that were not tried, due when they may be."""
    Notice.objects.filter(pk__in=keys_of(notices)).update(due_at=due, claimed_until=None, tries=F("tries") - 1)


def close_as_sent(notices: list[Notice], why: str = "") -> None:
    """Mark the heaviest of one message's notices as sent, the others as overtaken by it."""
    close(notices[:1], NoticeState.SENT, why)
    close(notices[1:], NoticeState.SUPERSEDED, "")


def close(notices: list[Notice], state: NoticeState, why: str) -> None:
    """Mark what became of notices."""
    if not notices:
        return
    sent = timezone.now() if state is NoticeState.SENT else None
    Notice.objects.filter(pk__in=keys_of(notices)).update(state=state, why=why[:300], claimed_until=None, sent_at=sent)


def put_off(notices: list[Notice], why: str, after: timedelta | None) -> None:
    """Set the next try, later each time, and not before the other side wants it; give up what is no news any more."""
    now, first = timezone.now(), notices[0]
    if now - first.owed_at > WORTH:
        close(notices, NoticeState.GIVEN_UP, why)
        return
    wait = max(WAITS[min(first.tries, len(WAITS)) - 1], after or timedelta())
    Notice.objects.filter(pk__in=keys_of(notices)).update(due_at=now + wait, claimed_until=None, why=why[:300])


def count_failure(contact: Contact, why: str) -> None:
    """Count a refused message; an address that refuses again and again is not written to any more."""
    Contact.objects.filter(pk=contact.pk).update(failures=F("failures") + 1)
    contact.refresh_from_db(fields=["failures"])
    if contact.failures >= FAILURES_ALLOWED:
        disable(contact, Disabled.REFUSES, why)


def disable(contact: Contact, why: Disabled, said: str) -> None:
    """Use an address no more, and keep why: for the reader's page, and what the other side said for the operators."""
    Contact.objects.filter(pk=contact.pk).disable(why, disabled_after=said[:300])


def keys_of(notices: Iterable[Notice]) -> list[int]:
    """Return the keys of notices."""
    return [notice.pk for notice in notices]
