"""Deliver due notices: claim them, group them into one message per reader and parcel, send, record the outcome.

If a worker dies after a channel accepted a message and before the outcome is recorded, the claim expires and the
message is sent again with the same idempotency key.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
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
from tracking.notifications.parcels import NotifiedParcel, load_parcels, parcel_prefetches
from tracking.notifications.texts import build_message, language_for, reader_for_subscriber
from tracking.notifications.triggers import KIND_PRIORITY, URGENT_KINDS
from tracking.vocabulary import NoticeKind

CLAIM_BATCH_SIZE: Final = 40
CLAIM_DURATION: Final = timedelta(minutes=2)
CHANNEL_JOB_SECONDS: Final = 10.0
"""How long one job starts messages on a channel; then it releases the rest, so that other channels get a worker."""
MIN_MESSAGE_INTERVAL: Final = timedelta(minutes=1)
"""Notices of a parcel that follow a message within this time wait for its end and become one message."""
RETRY_DELAYS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
MAX_NOTICE_AGE: Final = timedelta(days=3)
"""Retries stop after this time: the notice is out of date by then."""
LAST_SENT_FIELDS: Final = ("contact_id", "shipment_id", "sent_at")
log: Final = structlog.get_logger()


def channels_due(now: datetime) -> list[str]:
    """Return the names of the channels with due notices."""
    names = Notice.objects.due(now).order_by().values_list("contact__channel", flat=True).distinct()
    return [name for name in names if name in CHANNELS]


def deliver_due_notices(channel_name: str, now: datetime, deadline: float | None = None) -> int:
    """Deliver one batch of due notices on a channel; return how many notices were claimed.

    No message is started after `deadline` (monotonic seconds); by default the job has `CHANNEL_JOB_SECONDS`.
    """
    channel = CHANNELS[channel_name]
    notices = claim_notices(channel_name, now)
    parcels = load_parcels((notice.shipment for notice in notices), now)
    groups = group_by_message(drop_outdated(notices, parcels), now)
    messages = [build_outgoing_message(group, parcels, now) for group in groups]
    if deadline is None:
        deadline = time.monotonic() + CHANNEL_JOB_SECONDS
    for message, outcome in dispatch_messages(channel, messages, deadline):
        record_outcome(channel, message.notices, outcome)
    return len(notices)


def claim_notices(channel_name: str, now: datetime) -> list[Notice]:
    """Claim a batch of due notices of one channel for `CLAIM_DURATION`; return them with their related rows."""
    with transaction.atomic():
        due = lock_rows(Notice.objects.due(now).filter(contact__channel=channel_name), skip_locked=True)
        keys = list(due.values_list("pk", flat=True)[:CLAIM_BATCH_SIZE])
        Notice.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM_DURATION, attempts=F("attempts") + 1)
    notices = Notice.objects.filter(pk__in=keys).select_related(
        "contact__subscriber__user", "shipment__order__shop", "shipment__forecast"
    )
    notices = notices.prefetch_related(*parcel_prefetches("shipment__"))
    return list(notices.order_by("contact", "shipment", "pk"))


def drop_outdated(notices: list[Notice], parcels: Mapping[int, NotifiedParcel]) -> list[Notice]:
    """Close the notices that the page no longer confirms; return the others."""
    outdated = [notice for notice in notices if not parcels[notice.shipment_id].says(notice)]
    close_notices(outdated, NoticeState.OUTDATED, "")
    for notice in outdated:
        log.info("notice dropped: the page no longer says it", notice=notice.pk, kind=notice.kind)
    return [notice for notice in notices if notice not in outdated]


def group_by_message(notices: list[Notice], now: datetime) -> Iterator[list[Notice]]:
    """Yield groups of notices that become one message, highest priority first: one parcel each, or a whole digest.

    Notices of unusable contacts are closed here; those that follow a message too soon are released.
    """
    sent_at = recently_sent_at(notices, now)
    for _, group in groupby(notices, key=message_key):
        ordered = sorted(group, key=lambda notice: -KIND_PRIORITY[NoticeKind(notice.kind)])
        first = ordered[0]
        last = None if first.kind in URGENT_KINDS else sent_at.get((first.contact_id, first.shipment_id))
        if not is_usable(first.contact):
            close_notices(ordered, NoticeState.FAILED, "the address is not in use any more")
        elif last:
            release_notices(ordered, last + MIN_MESSAGE_INTERVAL)
        else:
            yield ordered


def message_key(notice: Notice) -> tuple[int, int]:
    """Return the key that the notices of one message share: a contact, and a parcel unless it is a digest."""
    return notice.contact_id, 0 if notice.contact.subscriber.digest_frequency else notice.shipment_id


def is_usable(contact: Contact) -> bool:
    """Return whether messages may be sent to a contact."""
    return contact.confirmed_at is not None and contact.disabled_at is None and not contact.subscriber.paused


def recently_sent_at(notices: list[Notice], now: datetime) -> dict[tuple[int, int], datetime]:
    """Return when the last message went to each (contact, shipment), within `MIN_MESSAGE_INTERVAL`."""
    sent = Notice.objects.filter(
        contact__in={notice.contact_id for notice in notices},
        shipment__in={notice.shipment_id for notice in notices},
        sent_at__gt=now - MIN_MESSAGE_INTERVAL,
    )
    return {
        (contact, shipment): sent_at
        for contact, shipment, sent_at in sent.order_by("sent_at").values_list(*LAST_SENT_FIELDS)
    }


def build_outgoing_message(
    notices: list[Notice], parcels: Mapping[int, NotifiedParcel], now: datetime
) -> OutgoingMessage:
    """Return the message for a group of notices, in the reader's language, with its address."""
    first, contact = notices[0], notices[0].contact
    language = language_for(contact.subscriber, first.shipment.order)
    with translation.override(language):
        reader = reader_for_subscriber(contact.subscriber, language, first.shipment.order.country)
        return OutgoingMessage(build_message(notices, parcels, reader, language, now), contact.address, notices)


def record_outcome(channel: Channel, notices: list[Notice], outcome: DeliveryOutcome) -> None:
    """Record the outcome of a message on its notices and its contact.

    If the answer was lost, the message is sent again only on an idempotent channel: elsewhere the reader could get it
    twice, so it counts as sent.
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
    """Release claimed notices that were not tried; they become due at `due_at`."""
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        due_at=due_at, claimed_until=None, attempts=F("attempts") - 1
    )


def close_as_sent(notices: list[Notice], reason: str = "") -> None:
    """Close the first notice of a message as sent and the others as superseded by it."""
    close_notices(notices[:1], NoticeState.SENT, reason)
    close_notices(notices[1:], NoticeState.SUPERSEDED, "")


def close_notices(notices: list[Notice], state: NoticeState, reason: str) -> None:
    """Close notices in a final state, with the error if there was one."""
    if not notices:
        return
    sent_at = timezone.now() if state is NoticeState.SENT else None
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        state=state, last_error=reason[:300], claimed_until=None, sent_at=sent_at
    )


def postpone_notices(notices: list[Notice], reason: str, retry_after: timedelta | None) -> None:
    """Schedule the next attempt with a growing delay, not before `retry_after`; give up after `MAX_NOTICE_AGE`."""
    now, first = timezone.now(), notices[0]
    if now - first.enqueued_at > MAX_NOTICE_AGE:
        close_notices(notices, NoticeState.FAILED, reason)
        return
    delay = max(RETRY_DELAYS[min(first.attempts, len(RETRY_DELAYS)) - 1], retry_after or timedelta())
    Notice.objects.filter(pk__in=primary_keys_of(notices)).update(
        due_at=now + delay, claimed_until=None, last_error=reason[:300]
    )


def count_failure(contact: Contact, reason: str) -> None:
    """Count a rejected message; disable the contact after `MAX_CONSECUTIVE_FAILURES` in a row."""
    Contact.objects.filter(pk=contact.pk).update(consecutive_failures=F("consecutive_failures") + 1)
    contact.refresh_from_db(fields=["consecutive_failures"])
    if contact.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
        disable_contact(contact, DisabledReason.REJECTED, reason)


def disable_contact(contact: Contact, reason: DisabledReason, response_text: str) -> None:
    """Disable a contact; the reader's page shows the reason, operators see the response text."""
    Contact.objects.filter(pk=contact.pk).disable(reason, disabled_detail=response_text[:300])


def primary_keys_of(notices: Iterable[Notice]) -> list[int]:
    """Return the primary keys of notices."""
    return [notice.pk for notice in notices]
