"""Answers with papers that have been checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tests.paper_check.sample_files import image_bytes
from tracking.buyer_tasks.paper_checks import check_answer
from tracking.buyer_tasks.papers import receive_paper
from tracking.buyer_tasks.transitions import submit_answer
from tracking.models import BuyerTask
from tracking.models.texts import PaperKind


def submit_checked_photo(
    buyer_task: BuyerTask, now: datetime, values: Mapping[str, str] | None = None, name: str = "invoice.jpg"
) -> None:
    """Submit an answer with a photo, and check it."""
    answer = submit_answer(buyer_task, values or {}, [receive_paper(PaperKind.INVOICE, name, image_bytes())], now)
    finished = check_answer(answer.pk, now)
    assert finished is not None and not finished.is_refused
    buyer_task.refresh_from_db()
