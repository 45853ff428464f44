"""What is erased in time: notices that are history, and addresses that nobody confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from tracking.models import Contact, Follow, Notice, Subscriber
from tracking.models.notices import NoticeState

NOTICE_RETENTION: Final = timedelta(days=180)
UNCONFIRMED_RETENTION: Final = timedelta(days=7)


def erase_expired_rows(now: datetime) -> int:
    """Erase what has been kept long enough and return how many rows that were."""
    ended = Notice.objects.exclude(state=NoticeState.PENDING).filter(enqueued_at__lt=now - NOTICE_RETENTION)
    strangers = Subscriber.objects.filter(created_at__lt=now - UNCONFIRMED_RETENTION, user=None).exclude(
        Q(pk__in=Contact.objects.filter(confirmed_at__isnull=False).values("subscriber"))
    )
    wishes = Follow.objects.filter(confirmed_at=None, subscriber__created_at__lt=now - UNCONFIRMED_RETENTION)
    return sum(found.delete()[0] for found in (ended, strangers, wishes))
