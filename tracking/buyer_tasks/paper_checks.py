"""Check the papers of an answer after the request, once and to the end: claim it, check each file, then decide.

A claim expires by itself. An answer whose worker was killed is due again, and after `MAX_ATTEMPTS` it is refused: one
of its files probably kills workers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import F

from tracking.buyer_tasks import encrypted_store
from tracking.buyer_tasks.papers import PDF_MEDIA_TYPE, hash_content
from tracking.buyer_tasks.transitions import InvalidTransitionError, finish_check
from tracking.models import BuyerTaskAnswer, Paper
from tracking.models.buyer_tasks import PaperCheckState
from tracking.models.texts import PaperRefusal
from tracking.paper_check.child_process import check_file
from tracking.paper_check.formats import PaperRefusedError

log: Final = structlog.get_logger()
CLAIM_DURATION: Final = timedelta(minutes=4)
"""Longer than five files at the wall time limit of `CheckLimits`, shorter than the time limit of a task."""
MAX_ATTEMPTS: Final = 3
MAX_ANSWERS_PER_SWEEP: Final = 100


class FinishedCheck(NamedTuple):
    """An answer whose papers were checked just now, and whether the buyer has to send others."""

    answer: BuyerTaskAnswer
    is_refused: bool


def unchecked_answers(now: datetime) -> list[int]:
    """Return the ids of answers that wait for a check which nobody has claimed, longest waiting first."""
    due = BuyerTaskAnswer.objects.filter(next_check_at__lte=now).order_by("next_check_at")
    return list(due.values_list("pk", flat=True)[:MAX_ANSWERS_PER_SWEEP])


def check_answer(answer_id: int, now: datetime) -> FinishedCheck | None:
    """Check the papers of an answer that is due; return None if another worker has it, or the task was closed."""
    answer = BuyerTaskAnswer.objects.select_related("buyer_task__shipment__order").get(pk=answer_id)
    if not claim_answer(answer, now):
        return None
    for paper in answer.papers.filter(check_state=PaperCheckState.WAITING):
        check_paper(paper, now, is_last_attempt=answer.check_attempts >= MAX_ATTEMPTS)
    refusals = [paper.refusal for paper in answer.papers.filter(check_state=PaperCheckState.REFUSED)]
    try:
        finish_check(answer, refusals, now)
    except InvalidTransitionError:
        log.info("papers checked, but the buyer task was closed meanwhile", answer=answer_id)
        return None
    return FinishedCheck(answer, bool(refusals))


def claim_answer(answer: BuyerTaskAnswer, now: datetime) -> bool:
    """Claim an answer that is due for this worker; return False if it is not due or another worker was faster."""
    if answer.next_check_at is None or answer.next_check_at > now:
        return False
    # Comparing the time that was read makes the claim atomic: of two workers only one update matches the row.
    unclaimed = BuyerTaskAnswer.objects.filter(pk=answer.pk, next_check_at=answer.next_check_at)
    return bool(unclaimed.update(next_check_at=now + CLAIM_DURATION, check_attempts=F("check_attempts") + 1))


def check_paper(paper: Paper, now: datetime, *, is_last_attempt: bool) -> None:
    """Check one paper, and store the rewritten file in place of the upload, or nothing if it is refused."""
    if is_last_attempt:
        refuse_paper(paper, now, refusal_without_result(paper))
        return
    try:
        rewritten = check_file(encrypted_store.load_paper(paper.stored_name))
    except PaperRefusedError as error:
        refuse_paper(paper, now, PaperRefusal(error.refusal.value))
    except encrypted_store.UnreadablePaperError:
        log.error("an upload cannot be read from the store", paper=paper.pk)
        refuse_paper(paper, now, refusal_without_result(paper))
    else:
        replace_upload(paper, rewritten)


def refusal_without_result(paper: Paper) -> PaperRefusal:
    """Return why a paper is refused whose check never came to an end."""
    return PaperRefusal.UNCHECKABLE_PDF if paper.media_type == PDF_MEDIA_TYPE else PaperRefusal.DAMAGED_IMAGE


def refuse_paper(paper: Paper, now: datetime, refusal: PaperRefusal) -> None:
    """Refuse a paper and erase it at once."""
    with transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(check_state=PaperCheckState.REFUSED, refusal=refusal, erased_at=now)
        transaction.on_commit(lambda: encrypted_store.delete_paper(paper.stored_name))


def replace_upload(paper: Paper, rewritten: bytes) -> None:
    """Store the rewritten file and erase the upload."""
    stored_name = encrypted_store.save_paper(rewritten)
    with transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(
            check_state=PaperCheckState.PASSED,
            stored_name=stored_name,
            size_bytes=len(rewritten),
            content_hash=hash_content(rewritten),
        )
        transaction.on_commit(lambda: encrypted_store.delete_paper(paper.stored_name))
