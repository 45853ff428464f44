"""Error pages: in the reader's language and look, with one way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from allauth.core.internal.ratelimit import respond_429
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from tests import factories
from tracking.pages.errors import answer_too_many, find_form_path
from tracking.pages.reader import ReaderMiddleware

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict_client() -> Client:
    return Client(enforce_csrf_checks=True)


def test_a_wrong_path_is_a_page_that_leads_to_the_lookup(client: Client) -> None:
    response = client.get("/nothing-here/")

    html = response.content.decode()
    assert response.status_code == 404
    assert "We can’t find that page" in html and html.count("<h1") == 1
    assert f'href="{reverse("lookup")}"' in html


def test_a_form_that_was_open_too_long_leads_back_to_itself(strict_client: Client) -> None:
    order = factories.create_order("LF-1001")
    path = reverse("follow_order", args=[order.token])

    response = strict_client.post(path, {"address": "a@example.com"}, headers={"referer": f"http://testserver{path}"})

    assert response.status_code == 403
    assert "Please send it again" in response.content.decode()
    assert f'<a class="button" href="{path}">' in response.content.decode()


def test_a_form_with_its_token_is_accepted(strict_client: Client) -> None:
    page = strict_client.get(reverse("lookup"))
    data = {"csrfmiddlewaretoken": page.context["csrf_token"], "number": "LF-9", "identity": "a@example.com"}

    assert strict_client.post(reverse("lookup"), data).status_code == 200


@pytest.mark.parametrize(
    "sender", ["", "https://evil.example/a/", "//evil.example/", "http://testserver//evil.example/"]
)
def test_a_form_of_another_site_leads_to_the_lookup(sender: str) -> None:
    request = RequestFactory().post("/parcels/x/carrier/", headers={"referer": sender})

    assert find_form_path(request) == reverse("lookup")


def test_the_way_back_keeps_the_query() -> None:
    request = RequestFactory().post("/", headers={"referer": "http://testserver/genuine/?code=1-AB#x"})

    assert find_form_path(request) == "/genuine/?code=1-AB"


def test_an_expired_confirmation_link_is_gone(client: Client) -> None:
    response = client.get(reverse("confirm_follow", args=["x"]))

    assert response.status_code == 410
    assert "This link no longer works" in response.content.decode()


@contextmanager
def no_database() -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise AssertionError("a query was made")

    with connection.execute_wrapper(refuse):
        yield


def test_a_page_for_somebody_else_says_so_without_a_query(client: Client) -> None:
    with override_settings(ROOT_URLCONF="tests.pages.denied_urls"), no_database():
        response = client.get("/denied/")

    assert response.status_code == 403
    assert "This page is not open to you" in response.content.decode()


def test_a_missing_page_makes_no_query(client: Client) -> None:
    with no_database():
        assert client.get("/nothing-here/").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(900, "Please wait 15 minutes"), (61, "Please wait 2 minutes"), (60, "Please wait 1 minute<")],
)
def test_too_many_tries_are_answered_with_the_time_to_wait(rf: RequestFactory, seconds: int, words: str) -> None:
    request = rf.get("/")
    ReaderMiddleware(lambda _request: HttpResponse())(request)

    response = answer_too_many(request, seconds)

    assert (response.status_code, response["Retry-After"]) == (429, str(seconds))
    assert words in response.content.decode()


def test_limits_of_the_account_pages_are_answered_with_the_same_page(rf: RequestFactory) -> None:
    request = rf.get("/account/login/code/")
    ReaderMiddleware(lambda _request: HttpResponse())(request)

    response = respond_429(request)

    assert response.status_code == 429
    assert "Please wait a few minutes" in response.content.decode()
