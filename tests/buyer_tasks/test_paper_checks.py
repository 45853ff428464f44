"""Papers are checked after the request, once and to the end, whatever happens to the worker."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests import factories
from tests.paper_check.hostile_pdfs import hostile_pdf, saved
from tests.paper_check.sample_files import image_bytes
from tracking import buyer_tasks, tasks
from tracking.buyer_tasks import encrypted_store, paper_checks
from tracking.buyer_tasks.expiry import delete_orphaned_files
from tracking.buyer_tasks.paper_checks import CLAIM_DURATION, MAX_ATTEMPTS, check_answer, unchecked_answers
from tracking.buyer_tasks.papers import ReceivedPaper, receive_paper
from tracking.buyer_tasks.transitions import close_buyer_task, submit_answer
from tracking.live import publish
from tracking.models import BuyerTask, BuyerTaskAnswer, Contact, Follow, Notice, Paper, Subscriber
from tracking.models.buyer_tasks import BuyerTaskAction, PaperCheckState
from tracking.models.texts import PaperKind, PaperRefusal
from tracking.paper_check import child_process
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
DEADLINE = NOW + timedelta(days=3)
CUT_JPEG = image_bytes(size=(400, 400))[:700]


@pytest.fixture(autouse=True)
def papers_folder(settings: Any, tmp_path: Path) -> Path:
    settings.PAPERS_DIR = tmp_path
    return tmp_path


@pytest.fixture
def buyer_task() -> BuyerTask:
    shipment = factories.create_leg().shipment
    return buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.PAPERS, "", DEADLINE, NOW)


def received(content: bytes, name: str = "bill") -> ReceivedPaper:
    return receive_paper(PaperKind.INVOICE, name, content)


def submit(buyer_task: BuyerTask, *contents: bytes) -> BuyerTaskAnswer:
    return submit_answer(buyer_task, {}, [received(content) for content in contents], NOW)


def state_of(buyer_task: BuyerTask) -> str:
    return BuyerTask.objects.get(pk=buyer_task.pk).state


def stored_files(folder: Path) -> list[Path]:
    return list(folder.glob("??/*"))


def break_child(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(child_process, "CHILD_COMMAND", (sys.executable, "-c", program))


def test_papers_go_to_the_shop_only_once_they_are_checked(buyer_task: BuyerTask, papers_folder: Path) -> None:
    answer = submit(buyer_task, saved(hostile_pdf("script in a name tree")), image_bytes("PNG"))
    assert state_of(buyer_task) == BuyerTaskState.CHECKING
    assert not Paper.objects.available().exists()

    finished = check_answer(answer.pk, NOW)

    assert finished is not None and not finished.is_refused
    assert state_of(buyer_task) == BuyerTaskState.SUBMITTED
    pdf, photo = (encrypted_store.load_paper(paper.stored_name) for paper in Paper.objects.available())
    with pikepdf.open(BytesIO(pdf)) as rewritten:
        assert "/Names" not in rewritten.Root or "/JavaScript" not in rewritten.Root.Names
    assert photo.startswith(b"\xff\xd8\xff")
    assert [paper.size_bytes for paper in Paper.objects.all()] == [len(pdf), len(photo)]
    assert buyer_task.log_entries.last().action == BuyerTaskAction.CHECKED  # type: ignore[union-attr]


def test_the_upload_itself_is_erased_after_its_check(
    buyer_task: BuyerTask, papers_folder: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    answer = submit(buyer_task, image_bytes(), CUT_JPEG)
    uploads = stored_files(papers_folder)

    with django_capture_on_commit_callbacks(execute=True):
        check_answer(answer.pk, NOW)

    assert len(uploads) == 2 and not set(uploads) & set(stored_files(papers_folder))
    assert len(stored_files(papers_folder)) == 1


def test_a_refused_paper_returns_the_task_to_the_buyer(buyer_task: BuyerTask) -> None:
    answer = submit(buyer_task, CUT_JPEG, image_bytes(), b"%PDF-1.7 cut")

    finished = check_answer(answer.pk, NOW)

    assert finished is not None and finished.is_refused
    buyer_task.refresh_from_db()
    assert (buyer_task.state, buyer_task.round, buyer_task.deadline_at) == (BuyerTaskState.REJECTED, 2, DEADLINE)
    assert buyer_task.rejection_reason.splitlines() == [PaperRefusal.DAMAGED_IMAGE, PaperRefusal.DAMAGED_PDF]
    assert "Please send it again." in buyer_task.localized_rejection_reason
    assert [paper.refusal for paper in Paper.objects.all()] == [
        PaperRefusal.DAMAGED_IMAGE,
        "",
        PaperRefusal.DAMAGED_PDF,
    ]

    second = submit(buyer_task, image_bytes())
    assert check_answer(second.pk, NOW) is not None
    assert state_of(buyer_task) == BuyerTaskState.SUBMITTED


def test_a_killed_child_refuses_the_paper(buyer_task: BuyerTask, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = submit(buyer_task, b"%PDF-1.7")
    break_child(monkeypatch)

    check_answer(answer.pk, NOW)

    assert state_of(buyer_task) == BuyerTaskState.REJECTED
    assert Paper.objects.get().refusal == PaperRefusal.UNCHECKABLE_PDF


def test_an_upload_that_is_gone_is_refused(buyer_task: BuyerTask) -> None:
    answer = submit(buyer_task, image_bytes())
    encrypted_store.delete_paper(Paper.objects.get().stored_name)

    check_answer(answer.pk, NOW)

    assert Paper.objects.get().refusal == PaperRefusal.DAMAGED_IMAGE


def test_a_check_is_made_by_one_worker(buyer_task: BuyerTask) -> None:
    answer = submit(buyer_task, image_bytes())
    other = BuyerTaskAnswer.objects.get(pk=answer.pk)

    assert paper_checks.claim_answer(answer, NOW)
    assert not paper_checks.claim_answer(other, NOW)
    assert check_answer(answer.pk, NOW) is None
    assert Paper.objects.get().check_state == PaperCheckState.WAITING


def test_a_lost_check_is_found_and_finished(buyer_task: BuyerTask, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = submit(buyer_task, image_bytes(), image_bytes("PNG"))
    monkeypatch.setattr(paper_checks, "finish_check", kill_worker)
    with pytest.raises(WorkerKilledError):
        check_answer(answer.pk, NOW)
    monkeypatch.undo()
    assert unchecked_answers(NOW + CLAIM_DURATION - timedelta(seconds=1)) == []

    later = NOW + CLAIM_DURATION
    assert unchecked_answers(later) == [answer.pk]
    assert check_answer(answer.pk, later) is not None
    assert state_of(buyer_task) == BuyerTaskState.SUBMITTED
    assert unchecked_answers(later + timedelta(days=1)) == []


class WorkerKilledError(Exception):
    """The worker was killed at this point."""


def kill_worker(*args: Any, **kwargs: Any) -> None:
    raise WorkerKilledError


def test_a_paper_that_kills_workers_is_refused_in_the_end(
    buyer_task: BuyerTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, now = submit(buyer_task, image_bytes()), NOW
    monkeypatch.setattr(paper_checks, "check_file", kill_worker)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(WorkerKilledError):
            check_answer(answer.pk, now)
        now += CLAIM_DURATION
        assert state_of(buyer_task) == BuyerTaskState.CHECKING

    finished = check_answer(answer.pk, now)

    assert finished is not None and finished.is_refused
    assert state_of(buyer_task) == BuyerTaskState.REJECTED


def test_the_sweep_checks_an_answer_whose_task_was_lost(buyer_task: BuyerTask, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(buyer_task, image_bytes())
    monkeypatch.setattr(tasks.check_papers, "apply_async", lambda args, **_options: tasks.check_papers(*args))

    assert tasks.check_waiting_papers() == 1
    assert state_of(buyer_task) == BuyerTaskState.SUBMITTED
    assert tasks.check_waiting_papers() == 0


def test_a_task_that_is_closed_during_the_check_stays_closed(
    buyer_task: BuyerTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = submit(buyer_task, image_bytes())

    def close_and_check(content: bytes) -> bytes:
        close_buyer_task(buyer_task, NOW, "not needed")
        return content

    monkeypatch.setattr(paper_checks, "check_file", close_and_check)

    assert check_answer(answer.pk, NOW) is None
    assert state_of(buyer_task) == BuyerTaskState.CLOSED
    assert unchecked_answers(NOW + timedelta(days=1)) == []


def test_a_waiting_upload_is_no_orphan(buyer_task: BuyerTask) -> None:
    answer = submit(buyer_task, image_bytes())

    assert delete_orphaned_files(datetime.now(UTC) + timedelta(days=2)) == 0
    assert check_answer(answer.pk, NOW) is not None


@pytest.mark.parametrize(("content", "notice_count"), [(image_bytes(), 0), (CUT_JPEG, 1)])
def test_the_result_updates_open_pages_and_a_refusal_notifies_followers(
    buyer_task: BuyerTask,
    content: bytes,
    notice_count: int,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    subscriber = Subscriber.objects.create()
    Follow.objects.create(subscriber=subscriber, order=buyer_task.shipment.order, confirmed_at=NOW)
    Contact.objects.create(subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=NOW)
    answer = submit(buyer_task, content)

    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.check_papers(answer.pk)

    assert publish.redis_client().get(f"{publish.LAST_UPDATE_PREFIX}{buyer_task.shipment.token}")
    keys = [f"ask {buyer_task.pk} 2"] * notice_count
    assert list(Notice.objects.values_list("dedupe_key", flat=True)) == keys
