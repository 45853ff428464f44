"""The pages 500 and 503 need nothing but the request's headers, and speak the reader's language."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from tracking.pages import lookup
from tracking.protection.request_limits import BUSY_TEXT, busy_answer
from tracking.protection.standalone_pages import Visitor, find_visitor, render_standalone_page


@pytest.mark.parametrize("template", ["500.html", "503.html"])
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("zh-hans", "ltr")])
def test_a_standalone_page_is_complete_without_a_database(template: str, language: str, direction: str) -> None:
    html = render_standalone_page(template, Visitor(language, "dark"))

    assert f'<html lang="{language}" dir="{direction}" data-theme="dark">' in html
    assert html.count("<h1") == 1
    assert re.search(r'rel="stylesheet" href="/static/css/page[^"]*\.css"', html)
    assert "<form" not in html and "<script" not in html


@pytest.mark.parametrize(
    ("accepted", "cookies", "visitor"),
    [
        ("de-AT,de;q=0.9", {}, Visitor("de", "auto")),
        ("de", {"language": "ar", "look": "dark"}, Visitor("ar", "dark")),
        ("de", {"language": "xx", "look": "purple"}, Visitor("de", "auto")),
        ("", {}, Visitor("en", "auto")),
        ("\x00;q=;;,", {"language": "x" * 4000}, Visitor("en", "auto")),
    ],
)
def test_the_visitor_is_read_from_cookies_then_from_the_browser(
    accepted: str, cookies: dict[str, str], visitor: Visitor
) -> None:
    assert find_visitor(accepted, cookies) == visitor


def test_a_busy_site_answers_browsers_with_a_page_and_programs_with_text() -> None:
    headers, page = busy_answer("text/html,*/*", "ar", "look=dark")
    plain_headers, plain = busy_answer("application/json", "ar", "")

    assert b'lang="ar" dir="rtl" data-theme="dark"' in page
    assert plain == BUSY_TEXT
    for sent, body in ((headers, page), (plain_headers, plain)):
        assert dict(sent)["content-length"] == str(len(body)) and int(dict(sent)["retry-after"]) > 0
    assert dict(plain_headers)["content-type"] == "text/plain"
    assert "unsafe" not in dict(headers)["content-security-policy"]


def answer_of_failing_lookup(error: Exception, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(lookup, "handle_lookup", fail)
    # A signed-in reader, whose session cannot be loaded either.
    monkeypatch.setattr(SessionStore, "load", fail)
    client = Client(raise_request_exception=False)
    client.cookies["look"] = "dark"
    data = {"number": "LF-1", "identity": "a@example.com"}
    response = client.post(reverse("lookup"), data, headers={"accept-language": "de"})
    return response.status_code, response.content.decode()


@pytest.mark.parametrize(("error", "status"), [(OperationalError(), 503), (ZeroDivisionError(), 500)])
def test_a_failed_page_is_answered_in_the_readers_language_and_look(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, html = answer_of_failing_lookup(error, monkeypatch)

    assert answered == status
    assert '<html lang="de" dir="ltr" data-theme="dark">' in html
