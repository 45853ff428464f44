"""Links by mail: they go to the order's own address only, everybody gets the same answer, and guessing is limited."""

from __future__ import annotations

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from redis.exceptions import RedisError

from tests import factories
from tracking import tasks
from tracking.models import Order
from tracking.pages import order_links
from tracking.pages.lockout import MAX_FAILURES_BY_CLIENT
from tracking.pages.order_links import MAX_MAILS_BY_ADDRESS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def order() -> Order:
    return factories.create_order("LF-1001", email="buyer@example.com")


@pytest.fixture(autouse=True)
def run_task_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.send_order_links, "delay", lambda ids: tasks.send_order_links.apply((ids,)))


def ask_for_links(address: str, client_address: str = "192.0.2.1") -> tuple[int, str]:
    response = Client(REMOTE_ADDR=client_address).post(reverse("order_links"), {"address": address})
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("typed", ["buyer@example.com", " Buyer@Example.COM "])
def test_the_links_of_all_orders_go_to_their_address(order: Order, typed: str) -> None:
    second = factories.create_order("LF-1002", email="buyer@example.com")
    other = factories.create_order("LF-1003", email="other@example.com")

    assert ask_for_links(typed)[0] == 200

    (sent,) = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.to == ["buyer@example.com"]
    for text in (str(sent.body), str(sent.alternatives[0][0])):
        assert order.get_absolute_url() in text and second.get_absolute_url() in text
        assert other.get_absolute_url() not in text
    assert "List-Unsubscribe" not in sent.extra_headers


def test_the_mail_speaks_the_orders_language(order: Order) -> None:
    Order.objects.update(language="ar")

    ask_for_links("buyer@example.com")

    assert mail.outbox[0].extra_headers["Content-Language"] == "ar"


def test_a_known_and_an_unknown_address_get_the_same_answer(order: Order) -> None:
    known, unknown = ask_for_links("buyer@example.com"), ask_for_links("nobody@example.com")

    assert len(mail.outbox) == 1
    assert known[0] == unknown[0] == 200
    assert without_token(known[1].replace("buyer@", "nobody@")) == without_token(unknown[1])


def without_token(html: str) -> list[str]:
    return [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]


@pytest.mark.parametrize("typed", ["", "buyer", "jörg@example.com", "a@b@c", "x" * 400, "\x00"])
def test_what_is_no_address_is_said_at_its_field(order: Order, typed: str) -> None:
    status, html = ask_for_links(typed)

    assert status == 200 and mail.outbox == []
    assert 'class="field wrong"' in html
    assert 'aria-describedby="address-error address-hint"' in html


def test_a_mailbox_is_not_filled_and_other_addresses_still_get_mail(order: Order) -> None:
    other = factories.create_order("LF-7", email="other@example.com")
    statuses = [ask_for_links("buyer@example.com", f"192.0.2.{index}")[0] for index in range(MAX_MAILS_BY_ADDRESS + 2)]

    assert statuses == [200] * MAX_MAILS_BY_ADDRESS + [429] * 2
    assert len(mail.outbox) == MAX_MAILS_BY_ADDRESS
    assert ask_for_links(other.email)[0] == 200
    assert len(mail.outbox) == MAX_MAILS_BY_ADDRESS + 1


def test_a_client_that_guesses_addresses_is_locked_out_of_the_lookup_too(order: Order) -> None:
    for index in range(MAX_FAILURES_BY_CLIENT):
        assert ask_for_links(f"{index}@example.com")[0] == 200

    assert ask_for_links("buyer@example.com")[0] == 429
    right = {"number": "LF-1001", "identity": "buyer@example.com"}
    assert Client(REMOTE_ADDR="192.0.2.1").post(reverse("lookup"), right).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.1").post(reverse("lookup"), right).status_code == 302
    assert ask_for_links("buyer@example.com", "198.51.100.1")[0] == 200


def test_without_counters_nothing_is_sent(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RedisError

    monkeypatch.setattr(order_links, "increment_counters", fail)

    assert ask_for_links("buyer@example.com")[0] == 503
    assert mail.outbox == []
