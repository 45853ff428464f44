"""An ask from hand to hand: every step is noted, none can be made twice, a refusal asks again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from tests import make
from tests.buyer_tasks.files import picture
from tracking import buyer_tasks
from tracking.buyer_tasks import vault
from tracking.buyer_tasks.answers import WrongState, accept, answer, close, forwarded, refuse, see
from tracking.buyer_tasks.expiry import erase_expired, sweep
from tracking.buyer_tasks.papers import check
from tracking.models import Ask, AskAnswer, Paper, Shipment
from tracking.models.buyer_tasks import Actor, Deed
from tracking.models.texts import PaperKind
from tracking.vocabulary import AskKind, AskState

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def shipment() -> Shipment:
    return make.leg().shipment


@pytest.fixture
def operator() -> User:
    return User.objects.create_user("olga@example.com")


@pytest.fixture
def ask(shipment: Shipment) -> Ask:
    return buyer_tasks.open(shipment, AskKind.PHONE, "The carrier needs it.", NOW + timedelta(days=2), NOW)


def told(ask: Ask) -> list[str]:
    return list(ask.notes.values_list("what", flat=True))


def test_an_answer_goes_from_the_buyer_to_the_desk_and_is_accepted(ask: Ask, operator: User) -> None:
    given = answer(ask, {"phone": "+4915112345678"}, [], NOW)
    see(ask, operator, LATER)
    accept(ask, operator, LATER)

    ask.refresh_from_db()
    given.refresh_from_db()
    assert (ask.state, ask.closed_at, given.decided_by) == (AskState.ACCEPTED, LATER, operator)
    assert told(ask) == [Deed.OPENED, Deed.ANSWERED, Deed.SEEN, Deed.ACCEPTED]
    assert list(ask.notes.values_list("who", "user")) == [
        (Actor.SYSTEM, None),
        (Actor.BUYER, None),
        (Actor.OPERATOR, operator.pk),
        (Actor.OPERATOR, operator.pk),
    ]


def test_a_refused_answer_is_asked_for_again_with_the_reason_and_a_new_deadline(ask: Ask, operator: User) -> None:
    answer(ask, {"phone": "+4915112345678"}, [], NOW)
    refuse(ask, operator, "Nobody answers there.", LATER)

    ask.refresh_from_db()
    assert (ask.state, ask.round, ask.refusal) == (AskState.REFUSED, 2, "Nobody answers there.")
    assert ask.deadline_at == LATER + timedelta(days=3)
    second = answer(ask, {"phone": "+4915112345679"}, [], LATER)
    assert (second.round, list(ask.answers.values_list("reason", flat=True))) == (2, ["", "Nobody answers there."])


def test_a_refusal_needs_a_reason(ask: Ask, operator: User) -> None:
    answer(ask, {}, [], NOW)

    with pytest.raises(ValueError, match="reason"):
        refuse(ask, operator, " ", LATER)


STEPS: dict[str, Callable[[Ask, User], Any]] = {
    "answer": lambda ask, user: answer(ask, {}, [], LATER),
    "accept": lambda ask, user: accept(ask, user, LATER),
    "refuse": lambda ask, user: refuse(ask, user, "no", LATER),
    "close": lambda ask, user: close(ask, LATER, "not needed"),
    "forward": lambda ask, user: forwarded(AskAnswer(ask=ask), LATER, ""),
}


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (AskState.ASKED, {"answer", "close"}),
        (AskState.REFUSED, {"answer", "close"}),
        (AskState.SENT, {"accept", "refuse", "close", "forward"}),
        (AskState.SEEN, {"accept", "refuse", "close", "forward"}),
        (AskState.FORWARDED, {"accept", "refuse", "close"}),
        (AskState.ACCEPTED, set()),
        (AskState.CLOSED, set()),
    ],
)
@pytest.mark.parametrize("name", STEPS)
def test_only_some_steps_lead_on(ask: Ask, operator: User, state: AskState, possible: set[str], name: str) -> None:
    Ask.objects.update(state=state)
    before = told(ask)

    if name in possible:
        STEPS[name](ask, operator)
        assert len(told(ask)) == len(before) + 1
    else:
        with pytest.raises(WrongState):
            STEPS[name](ask, operator)
        assert told(ask) == before
        assert Ask.objects.get().state == state


def test_one_thing_is_asked_once_at_a_time(shipment: Shipment, ask: Ask, operator: User) -> None:
    assert buyer_tasks.open(shipment, AskKind.PHONE, "Again", None, LATER) == ask
    assert buyer_tasks.open(shipment, AskKind.ADDRESS, "Another thing", None, LATER) != ask
    close(ask, LATER, "not needed")
    assert buyer_tasks.open(shipment, AskKind.PHONE, "Once more", None, LATER) != ask


def test_what_was_typed_cannot_be_read_in_the_database(ask: Ask) -> None:
    given = answer(ask, {"phone": "+4915112345678"}, [], NOW)

    with connection.cursor() as cursor:
        cursor.execute('SELECT "values" FROM tracking_askanswer')
        assert b"4915112345678" not in bytes(cursor.fetchone()[0])
    assert AskAnswer.objects.get(pk=given.pk).values["phone"] == "+4915112345678"


def test_nothing_personal_stands_in_the_record(ask: Ask) -> None:
    answer(ask, {"phone": "+4915112345678"}, [], NOW)

    assert "4915112345678" not in "".join(ask.notes.values_list("detail", flat=True))


def hand_in(ask: Ask) -> Paper:
    answer(ask, {}, [check(PaperKind.INVOICE, "invoice.jpg", picture())], NOW)
    return Paper.objects.get()


def test_a_paper_is_erased_ninety_days_after_the_end_and_that_is_noted(ask: Ask, operator: User) -> None:
    paper = hand_in(ask)
    accept(ask, operator, LATER)

    assert erase_expired(LATER + timedelta(days=89)) == 0
    assert vault.fetch(paper.stored_name)
    assert erase_expired(LATER + timedelta(days=90)) == erase_expired(LATER + timedelta(days=91)) + 1 == 1
    paper.refresh_from_db()
    assert paper.erased_at is not None
    assert told(ask)[-1] == Deed.ERASED
    with pytest.raises(vault.LostPaper):
        vault.fetch(paper.stored_name)


def test_a_paper_does_not_outlive_an_ask_that_nobody_ends(ask: Ask) -> None:
    hand_in(ask)

    assert erase_expired(NOW + timedelta(days=179)) == 0
    assert erase_expired(NOW + timedelta(days=180)) == 1


def test_a_file_that_no_row_knows_is_swept_away_after_a_day(ask: Ask) -> None:
    paper = hand_in(ask)
    vault.keep(b"of an upload that failed")

    assert sweep(datetime.now(UTC) + timedelta(hours=23)) == 0
    assert sweep(datetime.now(UTC) + timedelta(hours=25)) == 1
    assert vault.fetch(paper.stored_name)


def test_an_accepted_number_and_address_are_the_orders_from_then_on(shipment: Shipment, operator: User) -> None:
    phone = buyer_tasks.open(shipment, AskKind.PHONE, "", None, NOW)
    address = buyer_tasks.open(shipment, AskKind.ADDRESS, "", None, NOW)
    answer(phone, {"phone": "+4915112345678"}, [], NOW)
    answer(address, {"street_address": "Torstr. 1", "city": "Berlin", "postal_code": "10119"}, [], NOW)
    accept(phone, operator, LATER)
    accept(address, operator, LATER)

    order = Shipment.objects.select_related("order").get(pk=shipment.pk).order
    assert (order.phone, order.city, order.postal_code) == ("+4915112345678", "Berlin", "10119")
    assert "10119" not in " ".join(phone.notes.values_list("detail", flat=True))


def test_a_refused_number_changes_no_order(ask: Ask, operator: User) -> None:
    before = ask.shipment.order.phone
    answer(ask, {"phone": "+4915112345678"}, [], NOW)
    refuse(ask, operator, "no_reply", LATER)

    assert Shipment.objects.select_related("order").get(pk=ask.shipment_id).order.phone == before
