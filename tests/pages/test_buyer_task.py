"""The page of a buyer task: identity check, form, receipt; nothing without passing the check."""

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
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from tests import factories
from tests.paper_check.sample_files import image_bytes
from tracking import buyer_tasks, tasks
from tracking.buyer_tasks import encrypted_store
from tracking.buyer_tasks.paper_checks import check_answer, unchecked_answers
from tracking.buyer_tasks.transitions import accept_answer, close_buyer_task, mark_seen, reject_answer
from tracking.live import publish
from tracking.models import Alert, BuyerTask, BuyerTaskAnswer, Order, Paper, Shipment, Shop
from tracking.models.buyer_tasks import Actor
from tracking.pages.lockout import MAX_FAILURES_BY_ORDER
from tracking.paper_check.formats import MAX_FILE_BYTES
from tracking.vocabulary import AlertKind, BuyerTaskKind, BuyerTaskState, Milestone, Overlay, Scan

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen_time() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def papers_folder(settings: Any, tmp_path: Path) -> None:
    settings.PAPERS_DIR = tmp_path


@pytest.fixture
def order() -> Order:
    return factories.create_order("LF-1001", email="ana@example.com", country="DE", postal_code="10115")


@pytest.fixture
def shipment(order: Order) -> Shipment:
    return factories.create_leg(for_order=order).shipment


def update_shipment(shipment: Shipment, **fields: Any) -> None:
    Shipment.objects.filter(pk=shipment.pk).update(**fields)


def open_buyer_task(shipment: Shipment, kind: BuyerTaskKind, **fields: Any) -> BuyerTask:
    return buyer_tasks.open_buyer_task(shipment, kind, "Customs wrote to us.", NOW + timedelta(days=3), NOW, **fields)


def buyer_task_url(shipment: Shipment, kind: BuyerTaskKind) -> str:
    return reverse("buyer_task", args=[shipment.token, kind])


def submit_identity(client: Client, shipment: Shipment, kind: BuyerTaskKind, identity: str = "ana@example.com") -> int:
    return client.post(buyer_task_url(shipment, kind), {"identity": identity}).status_code


def submit_answer(client: Client, shipment: Shipment, kind: BuyerTaskKind, **data: Any) -> str:
    """Pass the identity check, submit the form, and return the page that follows."""
    assert submit_identity(client, shipment, kind) == 302
    return client.post(buyer_task_url(shipment, kind), data, follow=True).content.decode()


def photo(name: str = "photo.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, image_bytes() if content is None else content, "image/jpeg")


def test_an_open_task_stands_above_the_summary_on_the_parcels_page(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS)

    html = client.get(shipment.get_absolute_url()).content.decode()
    assert html.index("Documents for customs") < html.index('class="card ticket')
    assert "Customs wrote to us." in html
    assert "Please answer by" in html
    assert buyer_task_url(shipment, BuyerTaskKind.PAPERS) in html
    assert "Documents for customs" in client.get(shipment.order.get_absolute_url()).content.decode()


def test_the_parcels_page_shows_that_an_answer_was_sent_but_not_its_content(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)
    submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345678")

    html = Client().get(shipment.get_absolute_url()).content.decode()

    assert "Sent to the shop" in html
    assert "12345678" not in html


def test_the_form_opens_only_after_the_identity_check(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)

    page = client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()
    assert 'name="phone"' not in page and 'name="identity"' in page
    assert submit_identity(client, shipment, BuyerTaskKind.PHONE, "eve@example.com") == 200
    assert 'name="phone"' not in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()
    assert submit_identity(client, shipment, BuyerTaskKind.PHONE, "10115") == 302
    assert 'name="phone"' in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()


def test_an_answer_without_the_identity_check_is_ignored(client: Client, shipment: Shipment) -> None:
    task = open_buyer_task(shipment, BuyerTaskKind.PHONE)

    client.post(buyer_task_url(shipment, BuyerTaskKind.PHONE), {"phone": "0151 12345678"})

    task.refresh_from_db()
    assert task.state == BuyerTaskState.REQUESTED


def test_the_identity_check_of_another_order_does_not_open_the_form(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)
    other = factories.create_leg(
        for_order=factories.create_order("LF-1002", email="bob@example.com", country="DE")
    ).shipment
    assert submit_identity(client, other, BuyerTaskKind.PHONE, "bob@example.com") == 302

    assert 'name="phone"' in client.get(buyer_task_url(other, BuyerTaskKind.PHONE)).content.decode()
    assert 'name="identity"' in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()
    client.cookies[f"identity-{shipment.order_id}"] = client.cookies[f"identity-{other.order_id}"].value
    assert 'name="identity"' in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()


def test_an_identity_check_is_valid_for_half_an_hour(client: Client, shipment: Shipment, frozen_time: Any) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)
    submit_identity(client, shipment, BuyerTaskKind.PHONE)

    frozen_time.shift(timedelta(minutes=31))

    assert 'name="phone"' not in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()


def test_the_order_lookup_counts_as_identity_check(client: Client, shipment: Shipment) -> None:
    client.post(reverse("lookup"), {"number": "LF-1001", "identity": "ana@example.com"})

    assert 'name="phone"' in client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()


def test_guessing_in_the_identity_check_is_locked_out(client: Client, shipment: Shipment) -> None:
    for guess in range(MAX_FAILURES_BY_ORDER):
        assert submit_identity(client, shipment, BuyerTaskKind.PHONE, f"{guess}@example.com") == 200

    assert submit_identity(client, shipment, BuyerTaskKind.PHONE) == 429


def test_strangers_who_guess_lock_out_each_other_but_not_the_buyer(client: Client, shipment: Shipment) -> None:
    url = buyer_task_url(shipment, BuyerTaskKind.PHONE)
    statuses = [
        client.post(url, {"identity": f"{guess}@example.com"}, REMOTE_ADDR=f"192.0.2.{guess}").status_code
        for guess in range(MAX_FAILURES_BY_ORDER + 5)
    ]

    assert statuses == [200] * MAX_FAILURES_BY_ORDER + [429] * 5
    assert submit_identity(client, shipment, BuyerTaskKind.PHONE) == 302


def test_failures_in_the_order_lookup_count_in_the_identity_check(client: Client, shipment: Shipment) -> None:
    for _ in range(MAX_FAILURES_BY_ORDER):
        client.post(reverse("lookup"), {"number": "lf 1001", "identity": "eve@example.com"})

    assert submit_identity(client, shipment, BuyerTaskKind.PHONE) == 429
    assert submit_identity(Client(REMOTE_ADDR="192.0.2.1"), shipment, BuyerTaskKind.PHONE) == 302


@pytest.mark.parametrize("contact", ["", "help@shop.example"])
def test_an_order_without_contact_data_sends_the_buyer_to_the_shop_only_if_it_can_be_reached(
    client: Client, contact: str
) -> None:
    shipment = factories.create_leg(for_order=factories.create_order("LF-3", email="", country="DE")).shipment
    Shop.objects.update(support_email=contact)

    html = client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE)).content.decode()

    assert "we cannot check that it is yours" in html and 'name="identity"' not in html
    assert ('href="#help"' in html) is ("mailto:help@shop.example" in html) is bool(contact)


def test_an_answer_gives_a_receipt_and_updates_open_pages(
    client: Client, shipment: Shipment, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    task = open_buyer_task(shipment, BuyerTaskKind.PHONE)

    with django_capture_on_commit_callbacks(execute=True):
        html = submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345678")

    answer = BuyerTaskAnswer.objects.get(buyer_task=task)
    assert answer.values["phone"] == "+4915112345678"
    assert answer.receipt_code in html and "+49 1511 2345678" in html
    assert publish.redis_client().get(f"{publish.LAST_UPDATE_PREFIX}{shipment.token}")


def test_the_same_form_sent_twice_stores_one_answer(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)

    first = submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345678")
    second = client.post(
        buyer_task_url(shipment, BuyerTaskKind.PHONE), {"phone": "0151 12345678"}, follow=True
    ).content.decode()

    assert BuyerTaskAnswer.objects.get().receipt_code in first and BuyerTaskAnswer.objects.get().receipt_code in second


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        (BuyerTaskKind.PHONE, {"phone": "12"}, "No phone there"),
        (BuyerTaskKind.PHONE, {"phone": "call me"}, "not a phone number"),
        (BuyerTaskKind.PHONE, {}, "This field is required."),
        (BuyerTaskKind.TAX_ID, {"tax_id": "?"}, "4 to 24 letters"),
        (BuyerTaskKind.DAY, {"day": "2026-09-20"}, "not one of the available choices"),
        (BuyerTaskKind.ADDRESS, {"street_address": "Weg 1", "city": "Berlin", "postal_code": "1"}, "Example: 26133"),
        (BuyerTaskKind.PAPERS, {}, "This document is needed."),
    ],
)
def test_an_invalid_answer_shows_its_error_and_keeps_the_input(
    client: Client, shipment: Shipment, kind: BuyerTaskKind, data: dict[str, str], error: str
) -> None:
    task = open_buyer_task(shipment, kind)

    html = (
        submit_answer(client, shipment, kind, **data, note="") if data else submit_answer(client, shipment, kind, x="")
    )

    assert error in html
    for name in {"phone", "tax_id", "city"} & data.keys():
        assert f'value="{data[name]}"' in html
    task.refresh_from_db()
    assert task.state == BuyerTaskState.REQUESTED


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (BuyerTaskKind.TAX_ID, {"tax_id": "de 123-456"}),
        (BuyerTaskKind.DAY, {"day": "2026-09-23"}),
        (BuyerTaskKind.PICKUP_POINT, {"point": "Packstation 101, Berlin"}),
        (BuyerTaskKind.AVAILABILITY, {"there": "neighbour", "note": "Second floor"}),
        (BuyerTaskKind.ADDRESS, {"street_address": "Weg 1", "city": "Berlin", "postal_code": "10115"}),
    ],
)
def test_each_kind_can_be_answered(
    client: Client, shipment: Shipment, kind: BuyerTaskKind, data: dict[str, str]
) -> None:
    task = open_buyer_task(shipment, kind)

    html = submit_answer(client, shipment, kind, **data)

    task.refresh_from_db()
    assert task.state == BuyerTaskState.SUBMITTED
    assert "Second floor" in html or "note" not in data


def test_no_sunday_is_offered(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.DAY)
    submit_identity(client, shipment, BuyerTaskKind.DAY)

    html = client.get(buyer_task_url(shipment, BuyerTaskKind.DAY)).content.decode()

    assert 'value="2026-09-26"' in html and 'value="2026-09-28"' in html
    assert 'value="2026-09-27"' not in html


def test_papers_are_stored_encrypted_and_checked_after_the_request(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS, requested_papers=["invoice", "identity"])

    html = submit_answer(
        client, shipment, BuyerTaskKind.PAPERS, invoice=[photo("bill.png"), photo("bill 2.jpg")], identity=photo()
    )

    assert [paper.kind for paper in Paper.objects.all()] == ["invoice", "invoice", "identity"]
    assert "bill.jpg" in html and "are being checked" in html and 'href="' + shipment.get_absolute_url() in html
    check_answer(BuyerTaskAnswer.objects.get().pk, NOW)
    assert "The shop has your answer" in client.get(buyer_task_url(shipment, BuyerTaskKind.PAPERS)).content.decode()
    assert encrypted_store.load_paper(Paper.objects.all()[0].stored_name).startswith(b"\xff\xd8\xff")


def test_the_buyer_reads_which_file_was_refused_and_sends_another(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS)
    url = buyer_task_url(shipment, BuyerTaskKind.PAPERS)
    submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=[photo("Ana 7.pdf", b"%PDF-1.7"), photo()])
    check_answer(BuyerTaskAnswer.objects.get().pk, NOW)

    html = client.get(url).content.decode()
    assert "<bdi>Ana 7.pdf</bdi>: This PDF is damaged" in html and "Please print it as a new PDF." in html
    assert 'type="file"' in html and "Please choose the files again" in html and "photo.jpg" not in html
    public_page = Client().get(shipment.get_absolute_url()).content.decode()
    assert "This PDF is damaged" in public_page and "Ana 7" not in public_page

    assert "are being checked" in submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=[photo()])


def test_the_receipt_updates_itself_only_while_papers_are_being_checked(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS)
    url, live = buyer_task_url(shipment, BuyerTaskKind.PAPERS), f'data-live="/live/{shipment.token}"'
    assert live not in client.get(url).content.decode()

    html = submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=[photo("cut.pdf", b"%PDF-1.7")])
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert live in html and "js/live" in html and 'class="button quiet refresh">Refresh' in html
    assert 'data-state="Being checked"' in fragment and "data-live-ended" not in fragment and "<html" not in fragment

    check_answer(BuyerTaskAnswer.objects.get().pk, NOW)
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert 'type="file"' in fragment and "data-live-ended" in fragment and "Not accepted" in fragment


def test_an_error_stands_at_its_field_and_the_title_counts_it(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PHONE)

    html = submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="12")

    assert "<title>1 thing to fix: " in html
    field = html.partition('<div class="field wrong">')[2].partition("</div>")[0]
    assert 'aria-invalid="true"' in field and 'aria-describedby="id_phone_helptext id_phone_error"' in field
    assert '<p id="id_phone_error" class="error">' in field and 'id="id_phone_helptext"' in field


def test_a_photo_and_a_chosen_file_of_one_document_are_both_stored(client: Client, shipment: Shipment) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS)
    submit_identity(client, shipment, BuyerTaskKind.PAPERS)

    html = client.get(buyer_task_url(shipment, BuyerTaskKind.PAPERS)).content.decode()

    assert html.count('type="file" name="invoice"') == 2 and 'capture="environment"' in html
    assert f'data-max-bytes="{MAX_FILE_BYTES}"' in html and "js/files" in html
    submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=[photo("camera.jpg"), photo("file.jpg")])
    assert Paper.objects.count() == 2


def test_papers_are_kept_while_the_broker_is_away(
    client: Client,
    shipment: Shipment,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise BrokerError("refused")

    open_buyer_task(shipment, BuyerTaskKind.PAPERS)
    monkeypatch.setattr(tasks.check_papers, "apply_async", fail)

    with django_capture_on_commit_callbacks(execute=True):
        assert "are being checked" in submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=[photo()])

    assert unchecked_answers(NOW) == [BuyerTaskAnswer.objects.get().pk]


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([photo("x.pdf", b"MZ a program")], "x.pdf: This is neither a photo"),
        (
            [photo("large.jpg", b"\xff\xd8\xff" + bytes(MAX_FILE_BYTES + 1))],
            "large.jpg: This file is larger than 10 MB",
        ),
        ([photo()] * 6, "At most 5 files"),
        ([photo()] * 9, "At most 5 files"),
        ([photo("none.jpg", b"")], "empty"),
    ],
    ids=["program", "11 MB", "six", "nine", "empty"],
)
def test_invalid_files_are_named_and_none_is_stored(
    client: Client, shipment: Shipment, tmp_path: Path, files: list[SimpleUploadedFile], error: str
) -> None:
    open_buyer_task(shipment, BuyerTaskKind.PAPERS)

    html = submit_answer(client, shipment, BuyerTaskKind.PAPERS, invoice=files)

    assert error in html
    assert not Paper.objects.exists() and not list(tmp_path.glob("??/*"))


def test_a_form_without_csrf_token_is_refused(shipment: Shipment) -> None:
    browser = Client(enforce_csrf_checks=True)

    assert submit_identity(browser, shipment, BuyerTaskKind.PHONE) == 403


def test_the_buyer_reads_why_an_answer_was_refused_and_answers_again(client: Client, shipment: Shipment) -> None:
    operator = User.objects.create_user("olga@example.com")
    task = open_buyer_task(shipment, BuyerTaskKind.PHONE)
    submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345678")
    reject_answer(task, operator, "Nobody answers there.", NOW)

    for page in (shipment.get_absolute_url(), buyer_task_url(shipment, BuyerTaskKind.PHONE)):
        assert "Nobody answers there." in client.get(page).content.decode()
    submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345679")
    task.refresh_from_db()
    assert (task.state, task.answers.count()) == (BuyerTaskState.SUBMITTED, 2)


def test_the_parcels_page_shows_the_state_of_the_answer(client: Client, shipment: Shipment, frozen_time: Any) -> None:
    operator = User.objects.create_user("olga@example.com")
    task = open_buyer_task(shipment, BuyerTaskKind.TAX_ID)
    submit_answer(client, shipment, BuyerTaskKind.TAX_ID, tax_id="DE123456")
    page = shipment.get_absolute_url()

    assert "Sent to the shop" in client.get(page).content.decode()
    mark_seen(task, operator, NOW)
    assert "Seen by the shop" in client.get(page).content.decode()
    accept_answer(task, operator, NOW)
    assert "Accepted" in client.get(page).content.decode()
    frozen_time.shift(timedelta(days=15))
    assert "Accepted" not in client.get(page).content.decode()


def test_a_closed_task_leaves_the_parcels_page_and_its_own_page_says_so(client: Client, shipment: Shipment) -> None:
    close_buyer_task(open_buyer_task(shipment, BuyerTaskKind.TAX_ID), NOW, "not needed")
    submit_identity(client, shipment, BuyerTaskKind.TAX_ID)

    assert "A tax number" not in client.get(shipment.get_absolute_url()).content.decode()
    assert "This is no longer needed." in client.get(buyer_task_url(shipment, BuyerTaskKind.TAX_ID)).content.decode()


@pytest.mark.parametrize(
    ("milestone", "overlay", "kinds"),
    [
        (Milestone.PENDING, "", {BuyerTaskKind.ADDRESS, BuyerTaskKind.PHONE}),
        (
            Milestone.LAST_MILE,
            "",
            {BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT, BuyerTaskKind.ADDRESS, BuyerTaskKind.PHONE},
        ),
        (Milestone.OUT_FOR_DELIVERY, "", {BuyerTaskKind.PHONE}),
        (
            Milestone.OUT_FOR_DELIVERY,
            Overlay.ATTEMPT_FAILED,
            {BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT, BuyerTaskKind.ADDRESS, BuyerTaskKind.PHONE},
        ),
        (Milestone.LAST_MILE, Overlay.RETURNING, set()),
        (Milestone.DELIVERED, "", {BuyerTaskKind.NOT_RECEIVED}),
        (Milestone.RETURNED, "", set()),
    ],
)
def test_a_buyer_can_request_what_fits_the_milestone(
    client: Client, shipment: Shipment, milestone: str, overlay: str, kinds: set[BuyerTaskKind]
) -> None:
    update_shipment(shipment, milestone=milestone, overlay=overlay, delivered_at=NOW - timedelta(days=3))

    html = client.get(shipment.get_absolute_url()).content.decode()

    assert {kind for kind in BuyerTaskKind if buyer_task_url(shipment, kind) in html} == kinds
    assert {kind for kind in BuyerTaskKind if client.get(buyer_task_url(shipment, kind)).status_code == 200} == kinds


def test_nothing_can_be_requested_for_a_lost_parcel(client: Client, shipment: Shipment) -> None:
    update_shipment(shipment, milestone=Milestone.LAST_MILE, overlay=Overlay.EXCEPTION, last_scan=Scan.EXCEPTION_LOST)

    html = client.get(shipment.get_absolute_url()).content.decode()

    assert not [kind for kind in BuyerTaskKind if buyer_task_url(shipment, kind) in html]


def test_a_request_of_the_buyer_becomes_a_buyer_task(client: Client, shipment: Shipment) -> None:
    submit_answer(client, shipment, BuyerTaskKind.PHONE, phone="0151 12345678")

    task = BuyerTask.objects.get()
    assert (task.state, task.kind) == (BuyerTaskState.SUBMITTED, BuyerTaskKind.PHONE)
    assert list(task.log_entries.values_list("actor", flat=True)) == [Actor.BUYER, Actor.BUYER]


ALL_CHECKS_DONE = dict.fromkeys(("read_proof", "safe_places", "household", "neighbours"), "on")


def test_a_missing_parcel_can_be_reported_after_all_checks_and_a_day(
    client: Client, shipment: Shipment, frozen_time: Any
) -> None:
    update_shipment(shipment, milestone=Milestone.DELIVERED, delivered_at=NOW - timedelta(hours=1))

    early = submit_answer(client, shipment, BuyerTaskKind.NOT_RECEIVED, **ALL_CHECKS_DONE)
    assert "You can send this from" in early and not BuyerTask.objects.exists()
    frozen_time.shift(timedelta(days=2))
    assert "This field is required" in submit_answer(client, shipment, BuyerTaskKind.NOT_RECEIVED, read_proof="on")
    assert "Neighbours asked" in submit_answer(client, shipment, BuyerTaskKind.NOT_RECEIVED, **ALL_CHECKS_DONE)
    assert BuyerTask.objects.get().state == BuyerTaskState.SUBMITTED


def test_a_delivery_of_unknown_time_can_be_reported_a_day_after_we_received_it(
    client: Client, shipment: Shipment
) -> None:
    update_shipment(shipment, milestone=Milestone.DELIVERED, last_received_at=NOW - timedelta(days=4))

    assert "Neighbours asked" in submit_answer(client, shipment, BuyerTaskKind.NOT_RECEIVED, **ALL_CHECKS_DONE)


@pytest.mark.parametrize("kind", ["nothing", "papers"])
def test_a_kind_that_nobody_requested_is_not_found(client: Client, shipment: Shipment, kind: str) -> None:
    assert client.get(reverse("buyer_task", args=[shipment.token, kind])).status_code == 404


def test_the_page_is_not_cached_and_has_no_inline_script(client: Client, shipment: Shipment) -> None:
    response = client.get(buyer_task_url(shipment, BuyerTaskKind.PHONE))

    assert response["Cache-Control"] == "no-store, private"
    assert "<script>" not in response.content.decode()


def test_a_request_of_the_shop_is_offered_sent_once_and_gets_a_receipt(
    client: Client, order: Order, shipment: Shipment
) -> None:
    order.shop.lost_remedy = "choice"
    order.shop.save()
    update_shipment(shipment, milestone=Milestone.LINEHAUL, overlay=Overlay.EXCEPTION, problem_scan=Scan.EXCEPTION_LOST)

    html = submit_answer(client, shipment, BuyerTaskKind.REPLACEMENT, note="In blue, please")
    again = client.post(buyer_task_url(shipment, BuyerTaskKind.REPLACEMENT), {"note": ""}, follow=True)

    task = BuyerTask.objects.get()
    receipt = task.answers.get().receipt_code
    assert receipt in html and "In blue, please" in html
    assert receipt in again.content.decode()
    assert client.get(buyer_task_url(shipment, BuyerTaskKind.REFUND)).status_code == 404


def test_the_shops_reply_to_a_request_stands_on_its_receipt(client: Client, order: Order, shipment: Shipment) -> None:
    order.shop.lost_remedy = "refund"
    order.shop.save()
    update_shipment(shipment, milestone=Milestone.LINEHAUL, overlay=Overlay.EXCEPTION, problem_scan=Scan.EXCEPTION_LOST)
    submit_answer(client, shipment, BuyerTaskKind.REFUND, note="")
    BuyerTask.objects.update(state=BuyerTaskState.DECLINED, shop_reply="It was found this morning.")

    update_shipment(shipment, overlay="", problem_scan="")
    html = client.get(buyer_task_url(shipment, BuyerTaskKind.REFUND)).content.decode()

    assert "It was found this morning." in html and "Declined by the shop" in html


def test_a_shop_that_said_nothing_about_lost_parcels_gets_no_requests(client: Client, shipment: Shipment) -> None:
    update_shipment(shipment, milestone=Milestone.LINEHAUL, overlay=Overlay.EXCEPTION, problem_scan=Scan.EXCEPTION_LOST)

    assert client.get(buyer_task_url(shipment, BuyerTaskKind.REPLACEMENT)).status_code == 404


def test_a_buyer_says_whether_a_parcel_that_shares_its_number_is_theirs(client: Client, shipment: Shipment) -> None:
    url = buyer_task_url(shipment, BuyerTaskKind.IS_MINE)
    assert client.get(url).status_code == 404
    update_shipment(shipment, milestone=Milestone.LINEHAUL)
    Alert.objects.create(
        shipment=shipment, kind=AlertKind.TWO_PARCELS, severity="act", started_at=NOW, opened_at=NOW, updated_at=NOW
    )
    page = client.get(shipment.get_absolute_url()).content.decode()
    assert "Two parcels carry this number" in page and f'href="{url}">Is this mine?' in page

    assert "Until then, do not plan by the dates" in submit_answer(client, shipment, BuyerTaskKind.IS_MINE)
    receipt = submit_answer(client, shipment, BuyerTaskKind.IS_MINE, is_mine="not_mine")

    assert "No, this is not mine" in receipt
    assert BuyerTask.objects.get().answers.get().values == {"is_mine": "not_mine"}
    page = client.get(shipment.get_absolute_url()).content.decode()
    assert f'href="{url}">Is this mine?</a></b>' in page and f'class="button" href="{url}"' not in page
