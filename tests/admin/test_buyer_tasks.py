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
from tests.buyer_tasks.files import picture
from tracking import buyer_tasks
from tracking.buyer_tasks.answers import answer, see
from tracking.buyer_tasks.papers import check
from tracking.live import publish
from tracking.models import Ask, Contact, Follow, Notice, Paper, Shipment, Subscriber
from tracking.models.buyer_tasks import Actor, Deed
from tracking.models.texts import PaperKind
from tracking.vocabulary import AskKind, AskState


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def ask(shipment: Shipment) -> Ask:
    return buyer_tasks.open(
        shipment, AskKind.PHONE, "The courier asks.", timezone.now() + timedelta(days=3), timezone.now()
    )


@pytest.fixture
def answered(ask: Ask) -> Ask:
    paper = check(PaperKind.IDENTITY, 'pass"port\r\n.jpg', picture())
    answer(ask, {"phone": "+4915112345678"}, [paper], timezone.now())
    return ask


def page(client: Client, ask: Ask) -> str:
    return client.get(reverse("admin:tracking_ask_change", args=[ask.pk])).content.decode()


def step(client: Client, ask: Ask, name: str, reason: str = "") -> str:
    address = reverse("admin:tracking_ask_step", args=[ask.pk, name])
    response = client.post(address, {"reason": reason}, follow=True)
    assert response.status_code == 200
    ask.refresh_from_db()
    return response.content.decode()


def operator_with(*permissions: str) -> Client:
    user = User.objects.create_user("olga@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def load(client: Client, ask: Ask) -> Any:
    return client.post(reverse("admin:tracking_ask_paper", args=[ask.pk, Paper.objects.get().pk]))


def test_an_answer_lies_closed_until_somebody_opens_it(admin_client: Client, answered: Ask) -> None:
    assert "+4915112345678" not in page(admin_client, answered)

    assert "+4915112345678" in step(admin_client, answered, "see")
    assert answered.state == AskState.SEEN
    note = answered.notes.get(what=Deed.SEEN)
    assert note.who == Actor.OPERATOR and note.user is not None


def test_looking_at_the_page_changes_nothing(admin_client: Client, answered: Ask) -> None:
    page(admin_client, answered)

    answered.refresh_from_db()
    assert answered.state == AskState.SENT


def test_an_accepted_answer_ends_the_task_and_rings_the_buyers_page(
    admin_client: Client, answered: Ask, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        step(admin_client, answered, "accept")

    assert answered.state == AskState.ACCEPTED
    assert publish.client().get(f"{publish.LAST_RUNG}{answered.shipment.token}")


def test_a_refusal_needs_its_reason(admin_client: Client, answered: Ask) -> None:
    assert "Say why" in step(admin_client, answered, "refuse")
    assert answered.state == AskState.SENT

    step(admin_client, answered, "refuse", "Nobody answers there.")
    assert (answered.state, answered.refusal) == (AskState.REFUSED, "Nobody answers there.")


def test_without_an_api_passing_on_is_noted_as_done_by_hand(admin_client: Client, answered: Ask) -> None:
    step(admin_client, answered, "forward", "called them")

    assert answered.state == AskState.FORWARDED
    assert answered.notes.get(what=Deed.FORWARDED).detail == "called them"


@pytest.mark.parametrize("name", ["see", "accept", "refuse", "forward"])
def test_nothing_can_be_decided_before_there_is_an_answer(admin_client: Client, ask: Ask, name: str) -> None:
    assert "nothing was changed" in step(admin_client, ask, name, "x")
    assert ask.state == AskState.ASKED


def test_a_task_that_is_no_longer_needed_is_ended(admin_client: Client, ask: Ask) -> None:
    step(admin_client, ask, "close")

    assert ask.state == AskState.CLOSED


def test_a_paper_is_saved_and_never_shown_and_that_is_noted(admin_client: Client, answered: Ask) -> None:
    response = load(admin_client, answered)

    assert response.content.startswith(b"\xff\xd8\xff")
    assert response["Content-Disposition"].startswith("attachment;")
    assert '"' not in response["Content-Disposition"] and "\n" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert answered.notes.get(what=Deed.DOWNLOADED).user is not None


def test_an_erased_paper_cannot_be_loaded(admin_client: Client, answered: Ask) -> None:
    Paper.objects.update(erased_at=timezone.now())

    assert load(admin_client, answered).status_code == 404


@pytest.mark.parametrize(
    ("permissions", "loads", "decides", "opens"),
    [
        ((), 403, 403, False),
        (("view_ask",), 403, 403, False),
        (("view_ask", "view_paper"), 200, 403, False),
        (("view_ask", "change_ask"), 403, 200, True),
    ],
)
def test_an_operator_does_only_what_is_permitted(
    answered: Ask, permissions: tuple[str, ...], loads: int, decides: int, opens: bool
) -> None:
    client = operator_with(*permissions)
    see(answered, User.objects.get(), timezone.now())

    assert load(client, answered).status_code == loads
    assert ("+4915112345678" in page(client, answered)) is opens
    accept = reverse("admin:tracking_ask_step", args=[answered.pk, "accept"])
    assert client.post(accept, follow=True).status_code == decides


def test_a_stranger_gets_no_paper(client: Client, answered: Ask) -> None:
    assert load(client, answered).status_code == 302


@pytest.mark.parametrize("name", ["see", "accept"])
def test_no_step_is_taken_by_a_link(admin_client: Client, answered: Ask, name: str) -> None:
    assert admin_client.get(reverse("admin:tracking_ask_step", args=[answered.pk, name])).status_code == 405


def test_the_list_begins_with_what_is_most_urgent(admin_client: Client, ask: Ask, shipment: Shipment) -> None:
    late = buyer_tasks.open(shipment, AskKind.ADDRESS, "", timezone.now() - timedelta(hours=1), timezone.now())
    ended = buyer_tasks.open(shipment, AskKind.TAX_ID, "", None, timezone.now())
    Ask.objects.filter(pk=ended.pk).update(state=AskState.CLOSED)

    html = admin_client.get(reverse("admin:tracking_ask_changelist")).content.decode()
    everything = admin_client.get(reverse("admin:tracking_ask_changelist") + "?turn=all").content.decode()

    assert html.index(str(late)) < html.index(str(ask))
    assert html.count("badge late") == 1
    assert str(ended) not in html and str(ended) in everything


def ask_on_the_parcels_page(client: Client, shipment: Shipment, **sent: Any) -> str:
    given = {"ask_kind": "papers", "ask_days": "5", "ask_because": "Customs wrote.", "ask_wants": ["invoice", "x"]}
    address = reverse("admin:tracking_ask_buyer", args=[shipment.pk])
    return client.post(address, given | sent, follow=True).content.decode()


def test_an_operator_asks_the_buyer_from_the_parcels_page(admin_client: Client, shipment: Shipment) -> None:
    assert (
        "Ask the buyer"
        in admin_client.get(reverse("admin:tracking_shipment_change", args=[shipment.pk])).content.decode()
    )

    assert "The buyer is asked" in ask_on_the_parcels_page(admin_client, shipment)
    ask = Ask.objects.get()
    assert (ask.kind, ask.wants, ask.because) == (AskKind.PAPERS, ["invoice"], "Customs wrote.")
    assert ask.notes.get().user is not None
    assert "asked already" in ask_on_the_parcels_page(admin_client, shipment)


@pytest.mark.parametrize("wrong", [{"ask_kind": "gold"}, {"ask_days": "0"}, {"ask_days": "soon"}, {"ask_days": "999"}])
def test_a_wrong_question_is_not_asked(admin_client: Client, shipment: Shipment, wrong: dict[str, str]) -> None:
    assert "Choose what to ask for" in ask_on_the_parcels_page(admin_client, shipment, **wrong)
    assert not Ask.objects.exists()


def test_who_may_not_change_tasks_cannot_ask(shipment: Shipment) -> None:
    client = operator_with("view_shipment", "change_shipment")

    assert client.post(reverse("admin:tracking_ask_buyer", args=[shipment.pk])).status_code == 403


def test_a_refusal_is_told_to_who_follows_the_order(admin_client: Client, answered: Ask) -> None:
    subscriber = Subscriber.objects.create()
    Follow.objects.create(subscriber=subscriber, order=answered.shipment.order, confirmed_at=timezone.now())
    Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )

    step(admin_client, answered, "refuse", "It is blurred.")

    notice = Notice.objects.get()
    assert (notice.kind, notice.episode) == ("asked", f"ask {answered.pk} 2")


def test_a_ready_reason_is_read_in_the_readers_language(admin_client: Client, answered: Ask) -> None:
    address = reverse("admin:tracking_ask_step", args=[answered.pk, "refuse"])
    admin_client.post(address, {"ready": "no_reply", "reason": "We called at noon."})

    answered.refresh_from_db()
    assert answered.refused_because == "Nobody answers at this number.\nWe called at noon."
    with override("zh-hans"):
        assert answered.refused_because == "这个号码无人接听。\nWe called at noon."
