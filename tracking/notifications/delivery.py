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
from tracking.models.locks import lock_rows
from tracking.models.notices import MAX_CONSECUTIVE_FAILURES, NoticeState
from tracking.models.texts import DisabledReason
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import (
    Channel,
    DeadAddressError,
    DeliveryError,
    DeliveryReceipt,
    TemporaryDeliveryError,
    UnconfirmedDeliveryError,
)
from tracking.notifications.dispatch import DeliveryOutcome, OutgoingMessage, dispatch_messages
from tracking.notifications.texts import build_message, language_for, reader_for_subscriber
from tracking.notifications.triggers import KIND_PRIORITY, URGENT_KINDS
from tracking.vocabulary import NoticeKind

CLAIM_BATCH_SIZE: Final = 40
CLAIM_DURATION: Final = timedelta(minutes=2)
CHANNEL_JOB_SECONDS: Final = 10.0
"""So long a job begins messages on one channel; then it is the others' turn. What it has left in hand is set free."""
MIN_MESSAGE_INTERVAL: Final = timedelta(minutes=1)
"""News of one parcel that follow a message within a minute wait until it is over, and are one message then."""
RETRY_DELAYS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
MAX_NOTICE_AGE: Final = timedelta(days=3)
"""Notices that nobody could carry for so long are given up: they are no news any more."""
LAST_SENT_FIELDS: Final = ("contact_id", "shipment_id", "sent_at")
log: Final = structlog.get_logger()


def channels_due(now: datetime) -> list[str]:
    """Return the channels on which something is due."""
    names = Notice.objects.due(now).order_by().values_list("contact__channel", flat=True).distinct()
    return [name for name in names if name in CHANNELS]


def deliver_due_notices(channel_name: str, now: datetime, deadline: float | None = None) -> int:
    """Send what is due on one channel, some at a time; return how many notices were dealt with.

    After `ends` (monotonic seconds) no message is begun any more.
    """
    channel = CHANNELS[channel_name]
    notices = claim_notices(channel_name, now)
    letters = [build_outgoing_message(group) for group in group_by_message(notices, now)]
    for letter, outcome in dispatch_messages(
        channel, letters, time.monotonic() + CHANNEL_JOB_SECONDS if deadline is None else deadline
    ):
        record_outcome(channel, letter.notices, outcome)
    return len(notices)


def claim_notices(channel_name: str, now: datetime) -> list[Notice]:
    """Take due notices of one channel into this worker's hands for some minutes, and return them."""
    with transaction.atomic():
        due = lock_rows(Notice.objects.due(now).filter(contact__channel=channel_name), skip_locked=True)
        keys = list(due.values_list("pk", flat=True)[:CLAIM_BATCH_SIZE])
        Notice.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM_DURATION, attempts=F("attempts") + 1)
    found = Notice.objects.filter(pk__in=keys).select_related(
        "contact__subscriber__user", "shipment__order__shop", "shipment__forecast"
    )
    return list(found.order_by("contact", "shipment", "pk"))


def group_by_message(notices: list[Notice], now: datetime) -> Iterator[list[Notice]]:
    """Yield the notices that make one message, the heaviest first: of one parcel, or of all in a digest."""
    told = recently_sent_at(notices, now)
    for _, group in groupby(notices, key=message_key):
        ordered = sorted(group, key=lambda notice: -KIND_PRIORITY[NoticeKind(notice.kind)])
        first = ordered[0]
        last = None if first.kind in URGENT_KINDS else told.get((first.contact_id, first.shipment_id))
        if not is_usable(first.contact):
            close_notices(ordered, NoticeState.FAILED, "the address is not in use any more")
        elif last:
            release_notices(ordered, last + MIN_MESSAGE_INTERVAL)
        else:
            yield ordered


def message_key(notice: Notice) -> tuple[int, int]:
    """Return what notices of one message share."""
    return notice.contact_id, 0 if notice.contact.subscriber.digest_frequency else notice.shipment_id


def is_usable(contact: Contact) -> bool:
    """Tell whether a contact may be written to."""
    return contact.confirmed_at is not None and contact.disabled_at is None and not contact.subscriber.paused


def recently_sent_at(notices: list[Notice], now: datetime) -> dict[tuple[int, int], datetime]:
    """Return when each reader was last told of each parcel, within the last minute."""
    told = Notice.objects.filter(
        contact__in={notice.contact_id for notice in notices},
        shipment__in={notice.shipment_id for notice in notices},
        sent_at__gt=now - MIN_MESSAGE_INTERVAL,
    )
    return {
        (contact, shipment): at for contact, shipment, at in told.order_by("sent_at").values_list(*LAST_SENT_FIELDS)
    }


def build_outgoing_message(notices: list[Notice]) -> OutgoingMessage:
    """Return the message for some notices, in the reader's language, and where it goes."""
    first, contact = notices[0], notices[0].contact
    language = language_for(contact.subscriber, first.shipment.order)
    with translation.override(language):
        reader = reader_for_subscriber(contact.subscriber, language, first.shipment.order.country)
        return OutgoingMessage(build_message(notices, reader, language), contact.address, notices)


def record_outcome(channel: Channel, notices: list[Notice], outcome: DeliveryOutcome) -> None:
    """Mark what became of a message: its heaviest notice as sent, the others as overtaken by it.

    Whether a message was taken whose answer was lost, nobody knows. It is sent again only where a copy does no harm.
    """
    contact = notices[0].contact
    match outcome:
        case None:
            release_notices(notices, timezone.now())
        case UnconfirmedDeliveryError() if not channel.is_idempotent:
            close_as_sent(notices, str(outcome))
        case TemporaryDeliveryError():
            postpone_notices(notices, str(outcome), outcome.retry_after)
        case DeadAddressError():
            disable_contact(contact, DisabledReason.GONE, str(outcome))
            close_notices(notices, NoticeState.FAILED, str(outcome))
        case DeliveryError():
            count_failure(contact, str(outcome))
            close_notices(notices, NoticeState.FAILED, str(outcome))
        case DeliveryReceipt():
            close_as_sent(notices)
            if contact.consecutive_failures:
                Contact.objects.filter(pk=contact.pk).update(consecutive_failures=0)
            log.info("notice sent", notice=notices[0].pk, channel=channel.name, kind=notices[0].kind)


def release_notices(notices: list[Notice], due_at: datetime) -> None:
    """Give back notices that were not tried, due when they may be."""
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        due_at=due_at, claimed_until=None, attempts=F("attempts") - 1
    )


def close_as_sent(notices: list[Notice], reason: str = "") -> None:
    """Mark the heaviest of one message's notices as sent, the others as overtaken by it."""
    close_notices(notices[:1], NoticeState.SENT, reason)
    close_notices(notices[1:], NoticeState.SUPERSEDED, "")


def close_notices(notices: list[Notice], state: NoticeState, reason: str) -> None:
    """Mark what became of notices."""
    if not notices:
        return
    sent = timezone.now() if state is NoticeState.SENT else None
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        state=state, last_error=reason[:300], claimed_until=None, sent_at=sent
    )


def postpone_notices(notices: list[Notice], reason: str, retry_after: timedelta | None) -> None:
    """Set the next try, later each time, and not before the other side wants it; give up what is no news any more."""
    now, first = timezone.now(), notices[0]
    if now - first.enqueued_at > MAX_NOTICE_AGE:
        close_notices(notices, NoticeState.FAILED, reason)
        return
    wait = max(RETRY_DELAYS[min(first.attempts, len(RETRY_DELAYS)) - 1], retry_after or timedelta())
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        due_at=now + wait, claimed_until=None, last_error=reason[:300]
    )


def count_failure(contact: Contact, reason: str) -> None:
    """Count a refused message; an address that refuses again and again is not written to any more."""
    Contact.objects.filter(pk=contact.pk).update(consecutive_failures=F("consecutive_failures") + 1)
    contact.refresh_from_db(fields=["consecutive_failures"])
    if contact.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
        disable_contact(contact, DisabledReason.REJECTED, reason)


def disable_contact(contact: Contact, reason: DisabledReason, response_text: str) -> None:
    """Use an address no more, and keep why: for the reader's page, and what the other side said for the operators."""
    Contact.objects.filter(pk=contact.pk).disable(reason, disabled_detail=response_text[:300])


def primary_keys_of(notices: Iterable[Notice]) -> list[int]:
    """Return the keys of notices."""
    return [notice.pk for notice in notices]
