"""Buyer tasks in the admin: operators create them, and open, decide and download answers, each with permission."""

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
from tests.buyer_tasks.checked_papers import submit_checked_photo
from tests.paper_check.sample_files import image_bytes
from tracking import buyer_tasks
from tracking.buyer_tasks.paper_checks import check_answer
from tracking.buyer_tasks.papers import receive_paper
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
    return buyer_tasks.open_buyer_task(
        shipment, BuyerTaskKind.PHONE, "The courier asks.", timezone.now() + timedelta(days=3), timezone.now()
    )


@pytest.fixture
def answered_task(buyer_task: BuyerTask) -> BuyerTask:
    submit_checked_photo(buyer_task, timezone.now(), {"phone": "+4915112345678"}, 'pass"port\r\n.jpg')
    return buyer_task


@pytest.fixture
def unchecked_task(buyer_task: BuyerTask) -> BuyerTask:
    paper = receive_paper(PaperKind.IDENTITY, "passport.jpg", image_bytes())
    submit_answer(buyer_task, {"phone": "+4915112345678"}, [paper], timezone.now())
    return buyer_task


def get_task_page(client: Client, buyer_task: BuyerTask) -> str:
    return client.get(reverse("admin:tracking_buyertask_change", args=[buyer_task.pk])).content.decode()


def post_transition(client: Client, buyer_task: BuyerTask, transition: str, reason: str = "") -> str:
    url = reverse("admin:tracking_buyertask_transition", args=[buyer_task.pk, transition])
    response = client.post(url, {"reason": reason}, follow=True)
    assert response.status_code == 200
    buyer_task.refresh_from_db()
    return response.content.decode()


def login_operator(*permissions: str) -> Client:
    user = User.objects.create_user("olga@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def download_paper(client: Client, buyer_task: BuyerTask) -> Any:
    return client.post(reverse("admin:tracking_buyertask_paper", args=[buyer_task.pk, Paper.objects.get().pk]))


def test_an_answer_is_hidden_until_an_operator_opens_it(admin_client: Client, answered_task: BuyerTask) -> None:
    assert "+4915112345678" not in get_task_page(admin_client, answered_task)

    assert "+4915112345678" in post_transition(admin_client, answered_task, "see")
    assert answered_task.state == BuyerTaskState.SEEN
    entry = answered_task.log_entries.get(action=BuyerTaskAction.SEEN)
    assert entry.actor == Actor.OPERATOR and entry.user is not None


def test_viewing_the_page_changes_nothing(admin_client: Client, answered_task: BuyerTask) -> None:
    get_task_page(admin_client, answered_task)

    answered_task.refresh_from_db()
    assert answered_task.state == BuyerTaskState.SUBMITTED


def test_accepting_an_answer_ends_the_task_and_updates_the_buyers_page(
    admin_client: Client, answered_task: BuyerTask, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post_transition(admin_client, answered_task, "accept")

    assert answered_task.state == BuyerTaskState.ACCEPTED
    assert publish.redis_client().get(f"{publish.LAST_UPDATE_PREFIX}{answered_task.shipment.token}")


def test_rejecting_an_answer_requires_a_reason(admin_client: Client, answered_task: BuyerTask) -> None:
    assert "Say why" in post_transition(admin_client, answered_task, "refuse")
    assert answered_task.state == BuyerTaskState.SUBMITTED

    post_transition(admin_client, answered_task, "refuse", "Nobody answers there.")
    assert (answered_task.state, answered_task.rejection_reason) == (BuyerTaskState.REJECTED, "Nobody answers there.")


def test_without_an_api_forwarding_is_recorded_as_done_by_hand(admin_client: Client, answered_task: BuyerTask) -> None:
    post_transition(admin_client, answered_task, "forward", "called them")

    assert answered_task.state == BuyerTaskState.FORWARDED
    assert answered_task.log_entries.get(action=BuyerTaskAction.FORWARDED).detail == "called them"


@pytest.mark.parametrize("name", ["see", "accept", "refuse", "forward"])
def test_nothing_can_be_decided_before_there_is_an_answer(
    admin_client: Client, buyer_task: BuyerTask, name: str
) -> None:
    assert "nothing was changed" in post_transition(admin_client, buyer_task, name, "x")
    assert buyer_task.state == BuyerTaskState.REQUESTED


def test_a_task_that_is_no_longer_needed_can_be_closed(admin_client: Client, buyer_task: BuyerTask) -> None:
    post_transition(admin_client, buyer_task, "close")

    assert buyer_task.state == BuyerTaskState.CLOSED


def test_a_paper_is_sent_as_a_download_and_the_download_is_logged(
    admin_client: Client, answered_task: BuyerTask
) -> None:
    response = download_paper(admin_client, answered_task)

    assert response.content.startswith(b"\xff\xd8\xff")
    assert response["Content-Disposition"].startswith("attachment;")
    assert '"' not in response["Content-Disposition"] and "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert answered_task.log_entries.get(action=BuyerTaskAction.DOWNLOADED).user is not None


@pytest.mark.parametrize("transition", ["see", "accept", "refuse", "forward"])
def test_nothing_is_decided_or_shown_while_papers_are_being_checked(
    admin_client: Client, unchecked_task: BuyerTask, transition: str
) -> None:
    page = get_task_page(admin_client, unchecked_task)
    assert "Being checked" in page and "Open the answer" not in page and "+4915112345678" not in page

    assert "nothing was changed" in post_transition(admin_client, unchecked_task, transition, "x")
    assert unchecked_task.state == BuyerTaskState.CHECKING
    assert download_paper(admin_client, unchecked_task).status_code == 404


def test_a_refused_paper_is_shown_with_its_reason_and_cannot_be_downloaded(
    admin_client: Client, buyer_task: BuyerTask
) -> None:
    paper = receive_paper(PaperKind.IDENTITY, "passport.pdf", b"%PDF-1.7")
    check_answer(submit_answer(buyer_task, {}, [paper], timezone.now()).pk, timezone.now())

    page = get_task_page(admin_client, buyer_task)

    assert "passport.pdf" in page and "refused by the check: This PDF is damaged" in page
    assert "Download" not in page
    assert download_paper(admin_client, buyer_task).status_code == 404


def test_an_erased_paper_cannot_be_downloaded(admin_client: Client, answered_task: BuyerTask) -> None:
    Paper.objects.update(erased_at=timezone.now())

    assert download_paper(admin_client, answered_task).status_code == 404


@pytest.mark.parametrize(
    ("permissions", "download_status", "accept_status", "sees_values"),
    [
        ((), 403, 403, False),
        (("view_buyertask",), 403, 403, False),
        (("view_buyertask", "view_paper"), 200, 403, False),
        (("view_buyertask", "change_buyertask"), 403, 200, True),
    ],
)
def test_an_operator_can_do_only_what_is_permitted(
    answered_task: BuyerTask, permissions: tuple[str, ...], download_status: int, accept_status: int, sees_values: bool
) -> None:
    client = login_operator(*permissions)
    mark_seen(answered_task, User.objects.get(), timezone.now())

    assert download_paper(client, answered_task).status_code == download_status
    assert ("+4915112345678" in get_task_page(client, answered_task)) is sees_values
    accept = reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, "accept"])
    assert client.post(accept, follow=True).status_code == accept_status


def test_an_anonymous_visitor_gets_no_paper(client: Client, answered_task: BuyerTask) -> None:
    assert download_paper(client, answered_task).status_code == 302


@pytest.mark.parametrize("name", ["see", "accept"])
def test_a_get_request_applies_no_transition(admin_client: Client, answered_task: BuyerTask, name: str) -> None:
    assert (
        admin_client.get(reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, name])).status_code
        == 405
    )


def test_the_list_starts_with_the_nearest_deadline_and_hides_closed_tasks(
    admin_client: Client, buyer_task: BuyerTask, shipment: Shipment
) -> None:
    late = buyer_tasks.open_buyer_task(
        shipment, BuyerTaskKind.ADDRESS, "", timezone.now() - timedelta(hours=1), timezone.now()
    )
    closed = buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.TAX_ID, "", None, timezone.now())
    BuyerTask.objects.filter(pk=closed.pk).update(state=BuyerTaskState.CLOSED)

    url = reverse("admin:tracking_buyertask_changelist")
    open_tasks = admin_client.get(url).content.decode()
    all_tasks = admin_client.get(url + "?waiting_for=all").content.decode()

    assert open_tasks.index(str(late)) < open_tasks.index(str(buyer_task))
    assert open_tasks.count("badge late") == 1
    assert str(closed) not in open_tasks and str(closed) in all_tasks


def post_buyer_task(client: Client, shipment: Shipment, **changes: Any) -> str:
    data = {
        "buyer_task_kind": "papers",
        "deadline_days": "5",
        "reason": "Customs wrote.",
        "requested_papers": ["invoice", "x"],
    }
    url = reverse("admin:tracking_shipment_create_buyer_task", args=[shipment.pk])
    return client.post(url, data | changes, follow=True).content.decode()


def test_an_operator_creates_a_buyer_task_on_the_parcels_page(admin_client: Client, shipment: Shipment) -> None:
    page = admin_client.get(reverse("admin:tracking_shipment_change", args=[shipment.pk])).content.decode()
    assert "Ask the buyer" in page

    assert "The buyer is asked" in post_buyer_task(admin_client, shipment)
    buyer_task = BuyerTask.objects.get()
    assert (buyer_task.kind, buyer_task.requested_papers) == (BuyerTaskKind.PAPERS, ["invoice"])
    assert buyer_task.reason == "Customs wrote."
    assert buyer_task.log_entries.get().user is not None
    assert "asked already" in post_buyer_task(admin_client, shipment)


@pytest.mark.parametrize(
    "changes",
    [{"buyer_task_kind": "gold"}, {"deadline_days": "0"}, {"deadline_days": "soon"}, {"deadline_days": "999"}],
)
def test_an_invalid_form_creates_no_buyer_task(
    admin_client: Client, shipment: Shipment, changes: dict[str, str]
) -> None:
    assert "Choose what to ask for" in post_buyer_task(admin_client, shipment, **changes)
    assert not BuyerTask.objects.exists()


def test_creating_a_buyer_task_requires_permission_to_change_tasks(shipment: Shipment) -> None:
    client = login_operator("view_shipment", "change_shipment")

    assert client.post(reverse("admin:tracking_shipment_create_buyer_task", args=[shipment.pk])).status_code == 403


def test_a_rejection_notifies_followers_of_the_order(admin_client: Client, answered_task: BuyerTask) -> None:
    subscriber = Subscriber.objects.create()
    Follow.objects.create(subscriber=subscriber, order=answered_task.shipment.order, confirmed_at=timezone.now())
    Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )

    post_transition(admin_client, answered_task, "refuse", "It is blurred.")

    notice = Notice.objects.get()
    assert (notice.kind, notice.dedupe_key) == ("buyer_task_opened", f"ask {answered_task.pk} 2")


def test_a_chosen_rejection_reason_is_shown_in_the_readers_language(
    admin_client: Client, answered_task: BuyerTask
) -> None:
    url = reverse("admin:tracking_buyertask_transition", args=[answered_task.pk, "refuse"])
    admin_client.post(url, {"rejection_reason": "no_reply", "reason": "We called at noon."})

    answered_task.refresh_from_db()
    assert answered_task.localized_rejection_reason == "Nobody answers at this number.\nWe called at noon."
    with override("zh-hans"):
        assert answered_task.localized_rejection_reason == "这个号码无人接听。\nWe called at noon."


@pytest.fixture
def refund_request(shipment: Shipment) -> BuyerTask:
    task = buyer_tasks.open_buyer_task(shipment, BuyerTaskKind.REFUND, "", None, timezone.now(), actor=Actor.BUYER)
    submit_answer(task, {"note": "please"}, [], timezone.now())
    return task


def test_a_request_of_the_buyer_is_accepted_with_a_reply(admin_client: Client, refund_request: BuyerTask) -> None:
    page = post_transition(admin_client, refund_request, "accept", "It is on its way to your card.")

    assert (refund_request.state, refund_request.shop_reply) == ("accepted", "It is on its way to your card.")
    assert page.count("It is on its way to your card.") >= 2, "as the reply, and in the record"


def test_a_request_of_the_buyer_is_declined_for_a_reason_and_not_asked_again(
    admin_client: Client, refund_request: BuyerTask
) -> None:
    assert "Say why" in post_transition(admin_client, refund_request, "refuse")
    assert "Declined" in post_transition(admin_client, refund_request, "refuse", "It was found this morning.")

    assert (refund_request.state, refund_request.round) == (BuyerTaskState.DECLINED, 1)
    assert not refund_request.is_waiting_for_buyer


def test_a_request_is_found_by_the_code_of_its_receipt(admin_client: Client, refund_request: BuyerTask) -> None:
    code = refund_request.answers.get().receipt_code
    url = reverse("admin:tracking_buyertask_changelist")

    assert str(refund_request) in admin_client.get(url, {"q": code}).content.decode()
    assert str(refund_request) not in admin_client.get(url, {"q": "ZZZZ-ZZZZ"}).content.decode()


def test_the_shop_cannot_make_a_request_in_the_buyers_name(admin_client: Client, shipment: Shipment) -> None:
    url = reverse("admin:tracking_shipment_create_buyer_task", args=[shipment.pk])
    for kind in (BuyerTaskKind.REFUND, BuyerTaskKind.PHONE):
        admin_client.post(url, {"buyer_task_kind": kind, "deadline_days": "3"})

    assert [task.kind for task in BuyerTask.objects.all()] == [BuyerTaskKind.PHONE]
