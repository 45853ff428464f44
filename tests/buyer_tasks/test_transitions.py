"""Transitions of a buyer task are logged, allowed from some states only, and a refusal asks again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests import factories
from tests.buyer_tasks.checked_papers import submit_checked_photo
from tracking import buyer_tasks
from tracking.buyer_tasks import encrypted_store
from tracking.buyer_tasks.expiry import delete_orphaned_files, erase_expired_papers
from tracking.buyer_tasks.transitions import (
    InvalidTransitionError,
    accept_answer,
    close_buyer_task,
    mark_forwarded,
    mark_seen,
    reject_answer,
    submit_answer,
)
from tracking.models import BuyerTask, BuyerTaskAnswer, Paper, Shipment
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def papers_folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def shipment() -> Shipment:
    return factories.create_leg().shipment


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("olga@example.com")


@pytest.fixture
def buyer_task(shipment: Shipment) -> BuyerTask:
    return buyer_tasks.open_buyer_task(
        shipment, BuyerTaskKind.PHONE, "The carrier needs it.", NOW + timedelta(days=2), NOW
    )


def recorded_actions(buyer_task: BuyerTask) -> list[str]:
    return list(buyer_task.log_entries.values_list("action", flat=True))


def test_answer_is_submitted_seen_and_accepted(buyer_task: BuyerTask, operator: User) -> None:
    answer = submit_answer(buyer_task, {"phone": "+4915112345678"}, [], NOW)
    mark_seen(buyer_task, operator, LATER)
    accept_answer(buyer_task, operator, LATER)

    buyer_task.refresh_from_db()
    answer.refresh_from_db()
    assert (buyer_task.state, buyer_task.closed_at, answer.decided_by) == (BuyerTaskState.ACCEPTED, LATER, operator)
    assert recorded_actions(buyer_task) == [
        BuyerTaskAction.OPENED,
        BuyerTaskAction.ANSWERED,
        BuyerTaskAction.SEEN,
        BuyerTaskAction.ACCEPTED,
    ]
    assert list(buyer_task.log_entries.values_list("actor", "user")) == [
        (Actor.SYSTEM, None),
        (Actor.BUYER, None),
        (Actor.OPERATOR, operator.pk),
        (Actor.OPERATOR, operator.pk),
    ]


def test_refused_answer_is_requested_again_with_reason_and_deadline(buyer_task: BuyerTask, operator: User) -> None:
    submit_answer(buyer_task, {"phone": "+4915112345678"}, [], NOW)
    reject_answer(buyer_task, operator, "Nobody answers there.", LATER)

    buyer_task.refresh_from_db()
    assert (buyer_task.state, buyer_task.round, buyer_task.rejection_reason) == (
        BuyerTaskState.REJECTED,
        2,
        "Nobody answers there.",
    )
    assert buyer_task.deadline_at == LATER + timedelta(days=3)
    second = submit_answer(buyer_task, {"phone": "+4915112345679"}, [], LATER)
    assert (second.round, list(buyer_task.answers.values_list("rejection_reason", flat=True))) == (
        2,
        ["", "Nobody answers there."],
    )


def test_refusal_needs_a_reason(buyer_task: BuyerTask, operator: User) -> None:
    submit_answer(buyer_task, {}, [], NOW)

    with pytest.raises(ValueError, match="reason"):
        reject_answer(buyer_task, operator, " ", LATER)


TRANSITIONS: dict[str, Callable[[BuyerTask, User], Any]] = {
    "answer": lambda buyer_task, user: submit_answer(buyer_task, {}, [], LATER),
    "accept": lambda buyer_task, user: accept_answer(buyer_task, user, LATER),
    "refuse": lambda buyer_task, user: reject_answer(buyer_task, user, "no", LATER),
    "close": lambda buyer_task, user: close_buyer_task(buyer_task, LATER, "not needed"),
    "forward": lambda buyer_task, user: mark_forwarded(BuyerTaskAnswer(buyer_task=buyer_task), LATER, ""),
}


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (BuyerTaskState.REQUESTED, {"answer", "close"}),
        (BuyerTaskState.REJECTED, {"answer", "close"}),
        (BuyerTaskState.CHECKING, {"close"}),
        (BuyerTaskState.SUBMITTED, {"accept", "refuse", "close", "forward"}),
        (BuyerTaskState.SEEN, {"accept", "refuse", "close", "forward"}),
        (BuyerTaskState.FORWARDED, {"accept", "refuse", "close"}),
        (BuyerTaskState.ACCEPTED, set()),
        (BuyerTaskState.CLOSED, set()),
    ],
)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_each_state_allows_only_some_transitions(
    buyer_task: BuyerTask, operator: User, state: BuyerTaskState, possible: set[str], name: str
) -> None:
    BuyerTask.objects.update(state=state)
    before = recorded_actions(buyer_task)

    if name in possible:
        TRANSITIONS[name](buyer_task, operator)
        assert len(recorded_actions(buyer_task)) == len(before) + 1
    else:
        with pytest.raises(InvalidTransitionError):
            TRANSITIONS[name](buyer_task, operator)
        assert recorded_actions(buyer_task) == before
        assert BuyerTask.objects.get().state == state


def test_parcel_has_one_open_buyer_task_of_a_kind(shipment: Shipment, buyer_task: BuyerTask, operator: User) -> None:
    assert buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.PHONE, "Again", None, LATER) == buyer_task
    assert buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.ADDRESS, "Another thing", None, LATER) != buyer_task
    close_buyer_task(buyer_task, LATER, "not needed")
    assert buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.PHONE, "Once more", None, LATER) != buyer_task


def test_answer_values_are_encrypted_in_the_database(buyer_task: BuyerTask) -> None:
    answer = submit_answer(buyer_task, {"phone": "+4915112345678"}, [], NOW)

    with connection.cursor() as cursor:
        cursor.execute('SELECT "values" FROM tracking_buyertaskanswer')
        assert b"4915112345678" not in bytes(cursor.fetchone()[0])
    assert BuyerTaskAnswer.objects.get(pk=answer.pk).values["phone"] == "+4915112345678"


def test_log_contains_no_personal_data(buyer_task: BuyerTask) -> None:
    submit_answer(buyer_task, {"phone": "+4915112345678"}, [], NOW)

    assert "4915112345678" not in "".join(buyer_task.log_entries.values_list("detail", flat=True))


def submit_paper(buyer_task: BuyerTask) -> Paper:
    submit_checked_photo(buyer_task, NOW)
    return Paper.objects.get()


def test_paper_is_erased_and_logged_ninety_days_after_the_end(buyer_task: BuyerTask, operator: User) -> None:
    paper = submit_paper(buyer_task)
    accept_answer(buyer_task, operator, LATER)

    assert erase_expired_papers(LATER + timedelta(days=89)) == 0
    assert encrypted_store.load_paper(paper.stored_name)
    assert erase_expired_papers(LATER + timedelta(days=90)) == erase_expired_papers(LATER + timedelta(days=91)) + 1 == 1
    paper.refresh_from_db()
    assert paper.erased_at is not None
    assert recorded_actions(buyer_task)[-1] == BuyerTaskAction.ERASED
    with pytest.raises(encrypted_store.UnreadablePaperError):
        encrypted_store.load_paper(paper.stored_name)


def test_paper_of_a_task_that_never_ends_is_erased_too(buyer_task: BuyerTask) -> None:
    submit_paper(buyer_task)

    assert erase_expired_papers(NOW + timedelta(days=179)) == 0
    assert erase_expired_papers(NOW + timedelta(days=180)) == 1


def test_file_without_a_row_is_deleted_after_a_day(
    buyer_task: BuyerTask, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        paper = submit_paper(buyer_task)
    encrypted_store.save_paper(b"of an upload that failed")

    assert delete_orphaned_files(datetime.now(UTC) + timedelta(hours=23)) == 0
    assert delete_orphaned_files(datetime.now(UTC) + timedelta(hours=25)) == 1
    assert encrypted_store.load_paper(paper.stored_name)


def test_accepted_phone_and_address_are_copied_to_the_order(shipment: Shipment, operator: User) -> None:
    phone = buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.PHONE, "", None, NOW)
    address = buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.ADDRESS, "", None, NOW)
    submit_answer(phone, {"phone": "+4915112345678"}, [], NOW)
    submit_answer(address, {"street_address": "Torstr. 1", "city": "Berlin", "postal_code": "10119"}, [], NOW)
    accept_answer(phone, operator, LATER)
    accept_answer(address, operator, LATER)

    order = Shipment.objects.select_related("order").get(pk=shipment.pk).order
    assert (order.phone, order.city, order.postal_code) == ("+4915112345678", "Berlin", "10119")
    assert "10119" not in " ".join(phone.log_entries.values_list("detail", flat=True))


def test_refused_phone_does_not_change_the_order(buyer_task: BuyerTask, operator: User) -> None:
    before = buyer_task.shipment.order.phone
    submit_answer(buyer_task, {"phone": "+4915112345678"}, [], NOW)
    reject_answer(buyer_task, operator, "no_reply", LATER)

    assert Shipment.objects.select_related("order").get(pk=buyer_task.shipment_id).order.phone == before
