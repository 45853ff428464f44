"""What is owed is sent: claimed for some minutes, made into one message a reader and parcel, and marked.

A worker that dies after a channel took a message and before it is marked leaves a claim that ends by itself; the
message is then sent once more under the same identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from tracking.localization.reader import locale_for
from tracking.models import Contact, Notice
from tracking.models.locks import locked
from tracking.models.notices import FAILURES_ALLOWED, NoticeState
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Channel, Gone, Later, Refused
from tracking.notifications.nodes import URGENT, WEIGHT
from tracking.notifications.words import message_of, reader_of
from tracking.vocabulary import NoticeKind

AT_ONCE: Final = 100
CLAIM: Final = timedelta(minutes=5)
APART: Final = timedelta(minutes=1)
"""News of one parcel that follow a message within a minute wait until it is over, and are one message then."""
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
WORTH: Final = timedelta(days=3)
"""Notices that nobody could carry for so long are given up: they are no news any more."""
log: Final = structlog.get_logger()


def channels_due(now: datetime) -> list[str]:
    """Return the channels on which something is due."""
    names = Notice.objects.due(now).order_by().values_list("contact__channel", flat=True).distinct()
    return [name for name in names if name in CHANNELS]


def deliver(name: str, now: datetime) -> int:
    """Send what is due on one channel, some at a time; return how many notices were dealt with."""
    channel = CHANNELS[name]
    notices = claim(name, now)
    for group in by_message(notices, now):
        tell(channel, group)
    return len(notices)


def claim(name: str, now: datetime) -> list[Notice]:
    """Take due notices of one channel into this worker's hands for some minutes, and return them."""
    with transaction.atomic():
        due = locked(Notice.objects.due(now).filter(contact__channel=name), skip=True)
        keys = list(due.values_list("pk", flat=True)[:AT_ONCE])
        Notice.objects.filter(pk__in=keys).update(claimed_until=now + CLAIM, tries=F("tries") + 1)
    found = Notice.objects.filter(pk__in=keys).select_related(
        "contact__subscriber", "shipment__order__shop", "shipment__forecast"
    )
    return list(found.order_by("contact", "shipment", "pk"))


def by_message(notices: Iterable[Notice], now: datetime) -> Iterator[list[Notice]]:
    """Yield the notices that make one message, the heaviest first: of one parcel, or of all in a digest."""
    for _, group in groupby(notices, key=of_one_message):
        ordered = sorted(group, key=lambda notice: -WEIGHT[NoticeKind(notice.kind)])
        contact = ordered[0].contact
        if not usable(contact):
            close(ordered, NoticeState.GIVEN_UP, "the address is not in use any more")
        elif ordered[0].kind not in URGENT and (free := told_lately(ordered[0], now)):
            Notice.objects.filter(pk__in=keys_of(ordered)).update(due_at=free, claimed_until=None, tries=F("tries") - 1)
        else:
            yield ordered


def of_one_message(notice: Notice) -> tuple[int, int]:
    """Return what notices of one message share."""
    return notice.contact_id, 0 if notice.contact.subscriber.digest else notice.shipment_id


def usable(contact: Contact) -> bool:
    """Tell whether a contact may be written to."""
    return contact.confirmed_at is not None and contact.disabled_at is None and not contact.subscriber.paused


def told_lately(notice: Notice, now: datetime) -> datetime | None:
    """Return when the reader may hear of this parcel again; None for at once."""
    told = Notice.objects.filter(contact=notice.contact_id, shipment=notice.shipment_id, sent_at__gt=now - APART)
    last = told.order_by("-sent_at").values_list("sent_at", flat=True).first()
    return last + APART if last else None


def tell(channel: Channel, notices: list[Notice]) -> None:
    """Send one message for some notices and mark them: the heaviest as sent, the others as overtaken by it."""
    first, contact = notices[0], notices[0].contact
    language = contact.subscriber.language or first.shipment.order.language or settings.LANGUAGE_CODE
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    with translation.override(language):
        reader = reader_of(contact.subscriber, locale_for(language), first.shipment.order.country)
        message = message_of(notices, reader, language)
    try:
        channel.send(message, contact.address)
    except Later as trouble:
        put_off(notices, str(trouble), trouble.after)
    except Gone as trouble:
        disable(contact, str(trouble))
        close(notices, NoticeState.GIVEN_UP, str(trouble))
    except Refused as trouble:
        count_failure(contact, str(trouble))
        close(notices, NoticeState.GIVEN_UP, str(trouble))
    else:
        close(notices[:1], NoticeState.SENT, "")
        close(notices[1:], NoticeState.SUPERSEDED, "")
        Contact.objects.filter(pk=contact.pk, failures__gt=0).update(failures=0)
        log.info("notice sent", notice=first.pk, channel=channel.name, kind=first.kind)


def close(notices: list[Notice], state: NoticeState, why: str) -> None:
    """Mark what became of notices."""
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
        disable(contact, why)


def disable(contact: Contact, why: str) -> None:
    """Use an address no more, and keep the reason for the reader's page."""
    Contact.objects.filter(pk=contact.pk).update(disabled_at=timezone.now(), disabled_because=why[:300])


def keys_of(notices: Iterable[Notice]) -> list[int]:
    """Return the keys of notices."""
    return [notice.pk for notice in notices]
