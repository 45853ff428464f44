"""Erase expired papers and files that failed uploads left behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tracking.buyer_tasks import encrypted_store
from tracking.buyer_tasks.transitions import record_action
from tracking.models import Paper
from tracking.models.buyer_tasks import Actor, BuyerTaskAction

ERASE_BATCH_SIZE: Final = 500
ORPHAN_MIN_AGE: Final = timedelta(days=1)


def erase_expired_papers(now: datetime) -> int:
    """Erase one batch of expired papers; return how many were erased."""
    expired = Paper.objects.filter(erased_at=None, expires_at__lte=now).select_related("answer__buyer_task")
    papers = list(expired.order_by("expires_at")[:ERASE_BATCH_SIZE])
    for paper in papers:
        encrypted_store.delete_paper(paper.stored_name)
        Paper.objects.filter(pk=paper.pk).update(erased_at=now)
        record_action(
            paper.answer.buyer_task, now, BuyerTaskAction.ERASED, Actor.SYSTEM, None, paper.get_kind_display()
        )
    return len(papers)


def delete_orphaned_files(now: datetime) -> int:
    """Delete files without a database row and return how many: their transaction failed, or the row was deleted."""
    # Younger files may belong to a transaction that is not committed yet.
    old = list(encrypted_store.files_older_than(now - ORPHAN_MIN_AGE))
    known = set(Paper.objects.filter(erased_at=None).values_list("stored_name", flat=True)) if old else set()
    orphans = [path for path in old if path.name not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
