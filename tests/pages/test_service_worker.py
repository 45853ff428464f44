"""The service worker is served for the whole site, and the push form has all its texts in the reader's language."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override

from tracking.notifications.channels import vapid

PUSH_URL = "/notices/8fjE/push/"


def push_form(language: str = "en") -> str:
    request = RequestFactory().get("/")
    with override(language):
        return render_to_string(
            "notices/_push.html", {"push_url": PUSH_URL, "vapid_public_key": vapid.public_key()}, request
        )


def test_the_service_worker_has_the_whole_site_as_scope(client: Client) -> None:
    response = client.get(reverse("service_worker"))

    assert reverse("service_worker") == "/sw.js"
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    assert "192." in response.content.decode()


def test_the_service_worker_is_the_same_in_every_language(client: Client) -> None:
    first, second = (client.get("/sw.js", headers={"Accept-Language": name}).content for name in ("en", "zh-hans"))

    assert first == second


def test_the_page_without_network_says_nothing_of_any_parcel_and_needs_no_form(client: Client) -> None:
    page = client.get(reverse("offline"), headers={"Accept-Language": "en"}).content.decode()

    assert "No connection" in page and "Last known, {}" in page and "<form" not in page
    assert reverse("offline") in client.get("/sw.js").content.decode()


def test_a_site_name_is_escaped_in_the_script(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.SITE_NAME = '"; alert(1) //\n</script>'  # type: ignore[attr-defined]

    assert "alert(1) //\n" not in client.get("/sw.js").content.decode()


def test_the_push_form_is_hidden_until_a_script_shows_it() -> None:
    page = push_form()

    assert " hidden data-push=" in page
    assert f'data-push="{PUSH_URL}"' in page
    assert f'data-push-key="{vapid.public_key()}"' in page
    assert "csrfmiddlewaretoken" in page
    assert "<script" not in page


def test_the_push_form_is_in_the_readers_language() -> None:
    page = push_form("zh-hans")

    assert "在此设备上通知我" in page
    for english in ("This ", "Your ", "Notify", "Stop", "That ", "On.", "Off."):
        assert english not in page
