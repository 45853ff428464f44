"""The buyer's own turn: proof first, then the form, then a receipt; and nothing for anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests import make
from tests.buyer_tasks.files import picture
from tracking import buyer_tasks
from tracking.buyer_tasks import vault
from tracking.buyer_tasks.answers import accept, close, refuse, see
from tracking.buyer_tasks.papers import MOST_BYTES
from tracking.live import publish
from tracking.models import Ask, AskAnswer, Order, Paper, Shipment
from tracking.models.buyer_tasks import Actor
from tracking.pages.guessing import MOST_BY_ORDER
from tracking.vocabulary import AskKind, AskState, Milestone, Overlay, Scan

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def order() -> Order:
    return make.order("LF-1001", email="ana@example.com", country="DE", postal_code="10115")


@pytest.fixture
def shipment(order: Order) -> Shipment:
    return make.leg(of=order).shipment


def put(shipment: Shipment, **fields: Any) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(**fields)


def ask_for(shipment: Shipment, kind: AskKind, **given: Any) -> Ask:
    return buyer_tasks.open(shipment, kind, "Customs wrote to us.", NOW + timedelta(days=3), NOW, **given)


def address(shipment: Shipment, kind: AskKind) -> str:
    return reverse("ask", args=[shipment.token, kind])


def prove(client: Client, shipment: Shipment, kind: AskKind, proof: str = "ana@example.com") -> int:
    return client.post(address(shipment, kind), {"proof": proof}).status_code


def send(client: Client, shipment: Shipment, kind: AskKind, **sent: Any) -> str:
    """Give the proof, send the form, and return the page that follows."""
    assert prove(client, shipment, kind) == 302
    return client.post(address(shipment, kind), sent, follow=True).content.decode()


def photo(name: str = "photo.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, "image/jpeg")


def test_what_is_asked_stands_above_the_answer_of_the_parcels_page(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PAPERS)

    for page in (shipment.get_absolute_url(), shipment.order.get_absolute_url()):
        html = client.get(page).content.decode()
        assert html.index("Papers for customs") < html.index('class="answer')
        assert "Customs wrote to us." in html
        assert "Please answer by" in html
        assert address(shipment, AskKind.PAPERS) in html


def test_the_parcels_page_shows_nothing_of_an_answer(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PHONE)
    send(client, shipment, AskKind.PHONE, phone="0151 12345678")

    html = Client().get(shipment.get_absolute_url()).content.decode()

    assert "Sent to the shop" in html
    assert "12345678" not in html


def test_a_form_opens_only_to_who_gives_the_orders_proof(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PHONE)

    closed = client.get(address(shipment, AskKind.PHONE)).content.decode()
    assert 'name="phone"' not in closed and 'name="proof"' in closed
    assert prove(client, shipment, AskKind.PHONE, "eve@example.com") == 200
    assert 'name="phone"' not in client.get(address(shipment, AskKind.PHONE)).content.decode()
    assert prove(client, shipment, AskKind.PHONE, "10115") == 302
    assert 'name="phone"' in client.get(address(shipment, AskKind.PHONE)).content.decode()


def test_an_answer_without_the_proof_is_not_taken(client: Client, shipment: Shipment) -> None:
    ask = ask_for(shipment, AskKind.PHONE)

    client.post(address(shipment, AskKind.PHONE), {"phone": "0151 12345678"})

    ask.refresh_from_db()
    assert ask.state == AskState.ASKED


def test_the_proof_of_another_order_does_not_open_it(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PHONE)
    other = make.leg(of=make.order("LF-1002", email="bob@example.com", country="DE")).shipment
    assert prove(client, other, AskKind.PHONE, "bob@example.com") == 302

    assert 'name="phone"' in client.get(address(other, AskKind.PHONE)).content.decode()
    assert 'name="proof"' in client.get(address(shipment, AskKind.PHONE)).content.decode()
    client.cookies[f"proof-{shipment.order_id}"] = client.cookies[f"proof-{other.order_id}"].value
    assert 'name="proof"' in client.get(address(shipment, AskKind.PHONE)).content.decode()


def test_a_proof_holds_for_half_an_hour(client: Client, shipment: Shipment, today: Any) -> None:
    ask_for(shipment, AskKind.PHONE)
    prove(client, shipment, AskKind.PHONE)

    today.shift(timedelta(minutes=31))

    assert 'name="phone"' not in client.get(address(shipment, AskKind.PHONE)).content.decode()


def test_who_came_through_the_front_door_is_not_asked_again(client: Client, shipment: Shipment) -> None:
    client.post(reverse("lookup"), {"number": "LF-1001", "proof": "ana@example.com"})

    assert 'name="phone"' in client.get(address(shipment, AskKind.PHONE)).content.decode()


def test_guessing_the_proof_is_stopped(client: Client, shipment: Shipment) -> None:
    for guess in range(MOST_BY_ORDER):
        assert prove(client, shipment, AskKind.PHONE, f"{guess}@example.com") == 200

    assert prove(client, shipment, AskKind.PHONE) == 429


def test_an_order_that_holds_no_proof_sends_the_buyer_to_the_shop(client: Client) -> None:
    shipment = make.leg(of=make.order("LF-3", email="", country="DE")).shipment

    assert "Please write to the shop" in client.get(address(shipment, AskKind.PHONE)).content.decode()


def test_an_answer_gives_a_receipt_and_rings_the_open_page(
    client: Client, shipment: Shipment, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ask = ask_for(shipment, AskKind.PHONE)

    with django_capture_on_commit_callbacks(execute=True):
        html = send(client, shipment, AskKind.PHONE, phone="0151 12345678")

    given = AskAnswer.objects.get(ask=ask)
    assert given.values["phone"] == "+4915112345678"
    assert given.receipt in html and "+49 1511 2345678" in html
    assert publish.client().get(f"{publish.LAST_RUNG}{shipment.token}")


def test_the_same_form_sent_twice_is_one_answer(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PHONE)

    first = send(client, shipment, AskKind.PHONE, phone="0151 12345678")
    second = client.post(address(shipment, AskKind.PHONE), {"phone": "0151 12345678"}, follow=True).content.decode()

    assert AskAnswer.objects.get().receipt in first and AskAnswer.objects.get().receipt in second


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        (AskKind.PHONE, {"phone": "12"}, "No telephone there"),
        (AskKind.PHONE, {"phone": "call me"}, "no telephone number"),
        (AskKind.PHONE, {}, "This field is required."),
        (AskKind.TAX_ID, {"tax_id": "?"}, "4 to 24 letters"),
        (AskKind.DAY, {"day": "2026-09-20"}, "not one of the available choices"),
        (AskKind.ADDRESS, {"street_address": "Weg 1", "city": "Berlin", "postal_code": "1"}, "An example: 26133"),
        (AskKind.PAPERS, {}, "This paper is needed."),
    ],
)
def test_a_wrong_answer_says_what_is_wrong_and_keeps_what_was_typed(
    client: Client, shipment: Shipment, kind: AskKind, sent: dict[str, str], words: str
) -> None:
    ask = ask_for(shipment, kind)

    html = send(client, shipment, kind, **sent, note="") if sent else send(client, shipment, kind, x="")

    assert words in html
    for name in {"phone", "tax_id", "city"} & sent.keys():
        assert f'value="{sent[name]}"' in html
    ask.refresh_from_db()
    assert ask.state == AskState.ASKED


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (AskKind.TAX_ID, {"tax_id": "de 123-456"}),
        (AskKind.DAY, {"day": "2026-09-23"}),
        (AskKind.PICKUP_POINT, {"point": "Packstation 101, Berlin"}),
        (AskKind.AVAILABILITY, {"there": "neighbour", "note": "Second floor"}),
        (AskKind.ADDRESS, {"street_address": "Weg 1", "city": "Berlin", "postal_code": "10115"}),
    ],
)
def test_each_kind_can_be_answered(client: Client, shipment: Shipment, kind: AskKind, sent: dict[str, str]) -> None:
    ask = ask_for(shipment, kind)

    html = send(client, shipment, kind, **sent)

    ask.refresh_from_db()
    assert ask.state == AskState.SENT
    assert "Second floor" in html or "note" not in sent


def test_no_sunday_is_offered(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.DAY)
    prove(client, shipment, AskKind.DAY)

    html = client.get(address(shipment, AskKind.DAY)).content.decode()

    assert 'value="2026-09-26"' in html and 'value="2026-09-28"' in html
    assert 'value="2026-09-27"' not in html


def test_papers_are_kept_encrypted_and_without_their_past(client: Client, shipment: Shipment) -> None:
    ask_for(shipment, AskKind.PAPERS, wants=["invoice", "identity"])

    html = send(client, shipment, AskKind.PAPERS, invoice=[photo("bill.png"), photo("bill 2.jpg")], identity=photo())

    assert [paper.kind for paper in Paper.objects.all()] == ["invoice", "invoice", "identity"]
    assert "bill.jpg" in html
    assert vault.fetch(Paper.objects.all()[0].stored_name).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([photo("x.pdf", b"MZ a program")], "x.pdf: This is neither a photo"),
        ([photo("large.jpg", b"\xff\xd8\xff" + bytes(MOST_BYTES + 1))], "large.jpg: This file is larger than 10 MB"),
        ([photo()] * 6, "At most 5 files"),
        ([photo()] * 9, "At most 5 files"),
        ([photo("none.jpg", b"")], "empty"),
    ],
    ids=["program", "11 MB", "six", "nine", "empty"],
)
def test_files_that_cannot_be_taken_are_named_and_none_is_kept(
    client: Client, shipment: Shipment, tmp_path: Path, files: list[SimpleUploadedFile], words: str
) -> None:
    ask_for(shipment, AskKind.PAPERS)

    html = send(client, shipment, AskKind.PAPERS, invoice=files)

    assert words in html
    assert not Paper.objects.exists() and not list(tmp_path.glob("??/*"))


def test_a_forged_form_is_refused(shipment: Shipment) -> None:
    browser = Client(enforce_csrf_checks=True)

    assert prove(browser, shipment, AskKind.PHONE) == 403


def test_the_buyer_reads_why_and_answers_again(client: Client, shipment: Shipment) -> None:
    operator = User.objects.create_user("olga@example.com")
    ask = ask_for(shipment, AskKind.PHONE)
    send(client, shipment, AskKind.PHONE, phone="0151 12345678")
    refuse(ask, operator, "Nobody answers there.", NOW)

    for page in (shipment.get_absolute_url(), address(shipment, AskKind.PHONE)):
        assert "Nobody answers there." in client.get(page).content.decode()
    send(client, shipment, AskKind.PHONE, phone="0151 12345679")
    ask.refresh_from_db()
    assert (ask.state, ask.answers.count()) == (AskState.SENT, 2)


def test_the_page_tells_how_far_the_answer_has_come(client: Client, shipment: Shipment, today: Any) -> None:
    operator = User.objects.create_user("olga@example.com")
    ask = ask_for(shipment, AskKind.TAX_ID)
    send(client, shipment, AskKind.TAX_ID, tax_id="DE123456")
    page = shipment.get_absolute_url()

    assert "Sent to the shop" in client.get(page).content.decode()
    see(ask, operator, NOW)
    assert "Seen by the shop" in client.get(page).content.decode()
    accept(ask, operator, NOW)
    assert "Accepted" in client.get(page).content.decode()
    today.shift(timedelta(days=15))
    assert "Accepted" not in client.get(page).content.decode()


def test_a_task_that_is_no_longer_needed_leaves_the_page_and_says_so_to_an_old_link(
    client: Client, shipment: Shipment
) -> None:
    close(ask_for(shipment, AskKind.TAX_ID), NOW, "not needed")
    prove(client, shipment, AskKind.TAX_ID)

    assert "A tax number" not in client.get(shipment.get_absolute_url()).content.decode()
    assert "This is no longer needed." in client.get(address(shipment, AskKind.TAX_ID)).content.decode()


@pytest.mark.parametrize(
    ("milestone", "overlay", "kinds"),
    [
        (Milestone.PENDING, "", {AskKind.ADDRESS, AskKind.PHONE}),
        (Milestone.LAST_MILE, "", {AskKind.DAY, AskKind.PICKUP_POINT, AskKind.ADDRESS, AskKind.PHONE}),
        (Milestone.OUT_FOR_DELIVERY, "", {AskKind.PHONE}),
        (
            Milestone.OUT_FOR_DELIVERY,
            Overlay.ATTEMPT_FAILED,
            {AskKind.DAY, AskKind.PICKUP_POINT, AskKind.ADDRESS, AskKind.PHONE},
        ),
        (Milestone.LAST_MILE, Overlay.RETURNING, set()),
        (Milestone.DELIVERED, "", {AskKind.NOT_RECEIVED}),
        (Milestone.RETURNED, "", set()),
    ],
)
def test_a_buyer_can_begin_what_makes_sense_now(
    client: Client, shipment: Shipment, milestone: str, overlay: str, kinds: set[AskKind]
) -> None:
    put(shipment, milestone=milestone, overlay=overlay, delivered_at=NOW - timedelta(days=3))

    html = client.get(shipment.get_absolute_url()).content.decode()

    assert {kind for kind in AskKind if address(shipment, kind) in html} == kinds
    assert {kind for kind in AskKind if client.get(address(shipment, kind)).status_code == 200} == kinds


def test_nothing_can_be_changed_about_a_parcel_that_is_lost(client: Client, shipment: Shipment) -> None:
    put(shipment, milestone=Milestone.LAST_MILE, overlay=Overlay.EXCEPTION, last_scan=Scan.EXCEPTION_LOST)

    html = client.get(shipment.get_absolute_url()).content.decode()

    assert not [kind for kind in AskKind if address(shipment, kind) in html]


def test_what_the_buyer_began_is_an_ask_like_any_other(client: Client, shipment: Shipment) -> None:
    send(client, shipment, AskKind.PHONE, phone="0151 12345678")

    ask = Ask.objects.get()
    assert (ask.state, ask.kind) == (AskState.SENT, AskKind.PHONE)
    assert list(ask.notes.values_list("who", flat=True)) == [Actor.BUYER, Actor.BUYER]


LOOKED = dict.fromkeys(("read_proof", "safe_places", "household", "neighbours"), "on")


def test_a_missing_parcel_is_reported_after_a_look_around_and_a_days_wait(
    client: Client, shipment: Shipment, today: Any
) -> None:
    put(shipment, milestone=Milestone.DELIVERED, delivered_at=NOW - timedelta(hours=1))

    early = send(client, shipment, AskKind.NOT_RECEIVED, **LOOKED)
    assert "You can send this from" in early and not Ask.objects.exists()
    today.shift(timedelta(days=2))
    assert "This field is required" in send(client, shipment, AskKind.NOT_RECEIVED, read_proof="on")
    assert "Neighbours asked" in send(client, shipment, AskKind.NOT_RECEIVED, **LOOKED)
    assert Ask.objects.get().state == AskState.SENT


def test_a_parcel_delivered_at_an_unknown_hour_can_be_reported_a_day_after_we_heard(
    client: Client, shipment: Shipment
) -> None:
    put(shipment, milestone=Milestone.DELIVERED, news_at=NOW - timedelta(days=4))

    assert "Neighbours asked" in send(client, shipment, AskKind.NOT_RECEIVED, **LOOKED)


@pytest.mark.parametrize("kind", ["nothing", "papers"])
def test_what_nobody_asked_is_not_found(client: Client, shipment: Shipment, kind: str) -> None:
    assert client.get(reverse("ask", args=[shipment.token, kind])).status_code == 404


def test_the_pages_are_private_and_send_no_script(client: Client, shipment: Shipment) -> None:
    response = client.get(address(shipment, AskKind.PHONE))

    assert response["Cache-Control"] == "no-store, private"
    assert "<script>" not in response.content.decode()
