"""Papers whose time is over are erased, and with them what a broken upload left behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tracking.buyer_tasks import vault
from tracking.buyer_tasks.answers import note
from tracking.models import Paper
from tracking.models.buyer_tasks import Actor, Deed

MOST_AT_ONCE: Final = 500
LEFT_BEHIND: Final = timedelta(days=1)


def erase_expired(now: datetime) -> int:
    """Erase the papers that have expired; return how many there were."""
    expired = Paper.objects.filter(erased_at=None, expires_at__lte=now).select_related("answer__ask")
    papers = list(expired.order_by("expires_at")[:MOST_AT_ONCE])
    for paper in papers:
        vault.erase(paper.stored_name)
        Paper.objects.filter(pk=paper.pk).update(erased_at=now)
        note(paper.answer.ask, now, Deed.ERASED, Actor.SYSTEM, None, paper.get_kind_display())
    return len(papers)


def sweep(now: datetime) -> int:
    """Remove files that no row knows: of an upload whose transaction failed, or of a row that was deleted."""
    old = list(vault.older_than(now - LEFT_BEHIND))
    known = set(Paper.objects.filter(erased_at=None).values_list("stored_name", flat=True)) if old else set()
    lost = [path for path in old if path.name not in known]
    for path in lost:
        path.unlink(missing_ok=True)
    return len(lost)
