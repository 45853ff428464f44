"""The merchant's desk: what buyers answered is opened, decided, downloaded and written down, by whom it may be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests.buyer_tasks.sample_files import image_bytes
from tracking import buyer_tasks
from tracking.buyer_tasks.papers import check_paper
from tracking.buyer_tasks.transitions import mark_seen, submit_answer
from tracking.live import publish
from tracking.models import BuyerTask, Contact, Follow, Notice, Paper, Shipment, Subscriber
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.models.texts import PaperKind
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState


@pytest.fixture(autouse=True)
def papers_folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def buyer_task(shipment: Shipment) -> BuyerTask:
    return buyer_tasks.open(
        shipment, BuyerTaskKind.PHONE, "The courier asks.", timezone.now() + timedelta(days=3), timezone.now()
    )


@pytest.fixture
def answered_task(buyer_task: BuyerTask) -> BuyerTask:
    paper = check_paper(PaperKind.IDENTITY, 'pass"port\r\n.jpg', image_bytes())
    submit_answer(buyer_task, {"phone": "+4915112345678"}, [paper], timezone.now())
    return buyer_task


def get_task_page(client: Client, buyer_task: BuyerTask) -> str:
    return client.get(reverse("admin:tracking_buyertask_change", args=[buyer_task.pk])).content.decode()


def post_transition(client: Client, buyer_task: BuyerTask, transition: str, reason: str = "") -> str:
    address = reverse("admin:tracking_buyertask_transition", args=[buyer_task.pk, transition])
    response = client.post(address, {"reason": reason}, follow=True)
    assert response.status_code == 200
    buyer_task.refresh_from_db()
    return response.content.decode()


def operator_with(*permissions: str) -> Client:
    user = User.objects.create_user("olga@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def download_paper(client: Client, buyer_task: BuyerTask) -> Any:
    return client.post(reverse("admin:tracking_buyertask_paper", args=[buyer_task.pk, Paper.objects.get().pk]))


def test_an_answer_lies_closed_until_somebody_opens_it(admin_client: Client, answered_task: BuyerTask) -> None:
    assert "+4915112345678" not in get_task_page(admin_client, answered_task)

    assert "+4915112345678" in post_transition(admin_client, answered_task, "see")
    assert answered_task.state == BuyerTaskState.SEEN
    note = answered_task.log_entries.get(action=BuyerTaskAction.SEEN)
    assert note.actor == Actor.OPERATOR and note.user is not None


def test_looking_at_the_page_changes_nothing(admin_client: Client, answered_task: BuyerTask) -> None:
    get_task_page(admin_client, answered_task)

    answered_task.refresh_from_db()
    assert answered_task.state == BuyerTaskState.SUBMITTED


def test_an_accepted_answer_ends_the_task_and_rings_the_buyers_page(
    admin_client: Client, answered_task: BuyerTask, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post_transition(admin_client, answered_task, "accept")

    assert answered_task.state == BuyerTaskState.ACCEPTED
    assert publish.redis_client().get(f"{publish.LAST_UPDATE_PREFIX}{answered_task.shipment.token}")


def test_a_refusal_needs_its_reason(admin_client: Client, answered_task: BuyerTask) -> None:
    assert "Say why" in post_transition(admin_client, answered_task, "refuse")
    assert answered_task.state == BuyerTaskState.SUBMITTED

    post_transition(admin_client, answered_task, "refuse", "Nobody answers there.")
    assert (answered_task.state, answered_task.rejection_reason) == (BuyerTaskState.REJECTED, "Nobody answers there.")


def test_without_an_api_passing_on_is_noted_as_done_by_hand(admin_client: Client, answered_task: BuyerTask) -> None:
    post_transition(admin_client, answered_task, "forward", "called them")

    assert answered_task.state == BuyerTaskState.FORWARDED
    assert answered_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == "called them"


@pytest.mark.parametrize("name", ["see", "accept", "refuse", "forward"])
def test_nothing_can_be_decided_before_there_is_an_answer(
    admin_client: Client, buyer_task: BuyerTask, name: str
) -> None:
    assert "nothing was changed" in post_transition(admin_client, buyer_task, name, "x")
    assert buyer_task.state == BuyerTaskState.REQUESTED


def test_a_task_that_is_no_longer_needed_is_ended(admin_client: Client, buyer_task: BuyerTask) -> None:
    post_transition(admin_client, buyer_task, "close")

    assert buyer_task.state == BuyerTaskState.CLOSED


def test_a_paper_is_saved_and_never_shown_and_that_is_noted(admin_client: Client, answered_task: BuyerTask) -> None:
    response = download_paper(admin_client, answered_task)

    assert response.content.startswith(b"\xff\xd8\xff")
    assert response["Content-Disposition"].startswith("attachment;")
    assert '"' not in response["Content-Disposition"] and "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert answered_task.log_entries.get(action=BuyerTaskAction.DOWNLOADED).user is not None


def test_an_erased_paper_cannot_be_loaded(admin_client: Client, answered_task: BuyerTask) -> None:
    Paper.objects.update(erased_at=timezone.now())

    assert download_paper(admin_client, answered_task).status_code == 404


@pytest.mark.parametrize(
    ("permissions", "loads", "decides", "opens"),
    [
        ((), 403, 403, False),
        (("view_buyertask",), 403, 403, False),
        (("view_buyertask", "view_paper"), 200, 403, False),
        (("view_buyertask", "change_buyertask"), 403, 200, True),
    ],
)
def test_an_operator_does_only_what_is_permitted(
    answered_task: BuyerTask, permissions: tuple[str, ...], loads: int, decides: int, opens: bool
) -> None:
    client = operator_with(*permissions)
    mark_seen(answered_task, User.objects.get(), timezone.now())

    assert download_paper(client, answered_task).status_code == loads
    assert ("+4915112345678" in get_task_page(client, answered_task)) is opens
    accept = reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, "accept"])
    assert client.post(accept, follow=True).status_code == decides


def test_a_stranger_gets_no_paper(client: Client, answered_task: BuyerTask) -> None:
    assert download_paper(client, answered_task).status_code == 302


@pytest.mark.parametrize("name", ["see", "accept"])
def test_no_step_is_taken_by_a_link(admin_client: Client, answered_task: BuyerTask, name: str) -> None:
    assert (
        admin_client.get(reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, name])).status_code
        == 405
    )


def test_the_list_begins_with_what_is_most_urgent(
    admin_client: Client, buyer_task: BuyerTask, shipment: Shipment
) -> None:
    late = buyer_tasks.open(shipment, BuyerTaskKind.ADDRESS, "", timezone.now() - timedelta(hours=1), timezone.now())
    ended = buyer_tasks.open(shipment, BuyerTaskKind.TAX_ID, "", None, timezone.now())
    BuyerTask.objects.filter(pk=ended.pk).update(state=BuyerTaskState.CLOSED)

    html = admin_client.get(reverse("admin:tracking_buyertask_changelist")).content.decode()
    everything = admin_client.get(reverse("admin:tracking_buyertask_changelist") + "?waiting_for=all").content.decode()

    assert html.index(str(late)) < html.index(str(buyer_task))
    assert html.count("badge late") == 1
    assert str(ended) not in html and str(ended) in everything


def post_buyer_task(client: Client, shipment: Shipment, **changes: Any) -> str:
    data = {
        "buyer_task_kind": "papers",
        "deadline_days": "5",
        "reason": "Customs wrote.",
        "requested_papers": ["invoice", "x"],
    }
    address = reverse("admin:tracking_shipment_create_buyer_task", args=[shipment.pk])
    return client.post(address, data | changes, follow=True).content.decode()


def test_an_operator_asks_the_buyer_from_the_parcels_page(admin_client: Client, shipment: Shipment) -> None:
    assert (
        "Ask the buyer"
        in admin_client.get(reverse("admin:tracking_shipment_change", args=[shipment.pk])).content.decode()
    )

    assert "The buyer is asked" in post_buyer_task(admin_client, shipment)
    ask = BuyerTask.objects.get()
    assert (ask.kind, ask.requested_papers, ask.reason) == (BuyerTaskKind.PAPERS, ["invoice"], "Customs wrote.")
    assert ask.log_entries.get().user is not None
    assert "asked already" in post_buyer_task(admin_client, shipment)


@pytest.mark.parametrize(
    "changes",
    [{"buyer_task_kind": "gold"}, {"deadline_days": "0"}, {"deadline_days": "soon"}, {"deadline_days": "999"}],
)
def test_a_wrong_question_is_not_asked(admin_client: Client, shipment: Shipment, changes: dict[str, str]) -> None:
    assert "Choose what to ask for" in post_buyer_task(admin_client, shipment, **changes)
    assert not BuyerTask.objects.exists()


def test_who_may_not_change_tasks_cannot_ask(shipment: Shipment) -> None:
    client = operator_with("view_shipment", "change_shipment")

    assert client.post(reverse("admin:tracking_shipment_create_buyer_task", args=[shipment.pk])).status_code == 403


def test_a_refusal_is_told_to_who_follows_the_order(admin_client: Client, answered_task: BuyerTask) -> None:
    subscriber = Subscriber.objects.create()
    Follow.objects.create(subscriber=subscriber, order=answered_task.shipment.order, confirmed_at=timezone.now())
    Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )

    post_transition(admin_client, answered_task, "refuse", "It is blurred.")

    notice = Notice.objects.get()
    assert (notice.kind, notice.dedupe_key) == ("buyer_task_opened", f"ask {answered_task.pk} 2")


def test_a_ready_reason_is_read_in_the_readers_language(admin_client: Client, answered_task: BuyerTask) -> None:
    address = reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, "refuse"])
    admin_client.post(address, {"rejection_reason": "no_reply", "reason": "We called at noon."})

    answered_task.refresh_from_db()
    assert answered_task.localized_rejection_reason == "Nobody answers at this number.\nWe called at noon."
    with override("zh-hans"):
        assert answered_task.localized_rejection_reason == "这个号码无人接听。\nWe called at noon."
