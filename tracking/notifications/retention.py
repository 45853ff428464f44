"""Erase old notices, and readers and follows that were never confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from tracking.models import Contact, Follow, Notice, Subscriber
from tracking.models.notices import NoticeState

NOTICE_RETENTION: Final = timedelta(days=180)
UNCONFIRMED_RETENTION: Final = timedelta(days=7)


def erase_expired_rows(now: datetime) -> int:
    """Delete rows whose retention has ended; return how many were deleted, dependent rows included."""
    old_notices = Notice.objects.exclude(state=NoticeState.PENDING).filter(enqueued_at__lt=now - NOTICE_RETENTION)
    unconfirmed_subscribers = Subscriber.objects.filter(created_at__lt=now - UNCONFIRMED_RETENTION, user=None).exclude(
        Q(pk__in=Contact.objects.filter(confirmed_at__isnull=False).values("subscriber"))
    )
    unconfirmed_follows = Follow.objects.filter(
        confirmed_at=None, subscriber__created_at__lt=now - UNCONFIRMED_RETENTION
    )
    return sum(rows.delete()[0] for rows in (old_notices, unconfirmed_subscribers, unconfirmed_follows))
