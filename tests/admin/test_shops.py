"""Shops in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.paper_check.sample_files import image_bytes
from tracking.models import Shop
from tracking.shops.missing import MissingFact

ADD = "admin:tracking_shop_add"
HILL = {"name": "Hill", "slug": "hill", "language": "en", "zone": "Europe/London"}


def post_shop(client: Client, **fields: Any) -> HttpResponse:
    return client.post(reverse(ADD), {**HILL, **fields})  # type: ignore[return-value]


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors  # type: ignore[attr-defined,no-any-return]


def warnings_of(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request) if message.level_tag == "warning"]  # type: ignore[attr-defined]


def logo_upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize(("zone", "is_saved"), [("America/Sao_Paulo", True), ("Mars/Olympus", False)])
def test_a_shop_accepts_only_a_time_zone_that_exists(admin_client: Client, zone: str, is_saved: bool) -> None:
    post_shop(admin_client, zone=zone)

    assert Shop.objects.filter(zone=zone).exists() is is_saved


def test_the_list_shows_the_number_of_orders(admin_client: Client, order: object) -> None:
    page = admin_client.get(reverse("admin:tracking_shop_changelist")).content.decode()

    assert '<td class="field-order_count">1</td>' in page
    assert f'<td class="field-missing_count">{len(MissingFact) - 2}</td>' in page


def test_everything_that_pages_promise_is_typed_and_stored(admin_client: Client) -> None:
    response = post_shop(
        admin_client,
        support_email="help@hill.example",
        support_phone="+44 113 555 0142",
        support_chat_url="chat.hill.example",
        reply_hours="3",
        support_hours="mon-fri 9:00-17:00",
        lost_remedy="choice",
        lost_days="2",
        lost_fallback="refund",
        lost_fallback_days="14",
    )

    assert response.status_code == 302
    shop = Shop.objects.get(slug="hill")
    assert (shop.support_phone, shop.support_hours) == ("+441135550142", "Mo-Fr 09:00-17:00")
    assert shop.support_chat_url == "https://chat.hill.example"
    assert (shop.lost_remedy, shop.lost_fallback_days) == ("choice", 14)


@pytest.mark.parametrize(
    ("field", "value"),
    [("support_hours", "always"), ("support_phone", "0113"), ("accent", "teal"), ("lost_days", "2")],
)
def test_what_is_wrong_stands_at_its_field(admin_client: Client, field: str, value: str) -> None:
    response = post_shop(admin_client, **{field: value})

    assert list(errors_of(response)) == [field]
    assert not Shop.objects.exists()


def test_the_shop_is_warned_that_its_colour_was_adjusted(admin_client: Client) -> None:
    (warning,) = warnings_of(post_shop(admin_client, accent="#ffcc00"))

    shop = Shop.objects.get()
    assert all(colour in warning for colour in ("#ffcc00", shop.accent_light, shop.accent_dark))


def test_a_shop_whose_colour_stays_is_not_warned_again(admin_client: Client) -> None:
    shop = Shop.objects.create(accent="#ffcc00", **HILL)

    url = reverse("admin:tracking_shop_change", args=[shop.pk])
    response = admin_client.post(url, {**HILL, "accent": "#ffcc00", "name": "Hills"})

    assert response.status_code == 302
    assert warnings_of(response) == []  # type: ignore[arg-type]


def test_a_logo_is_uploaded_replaced_and_removed(admin_client: Client) -> None:
    post_shop(admin_client, new_logo=logo_upload(image_bytes("PNG", (300, 300))))
    shop = Shop.objects.get()
    first = shop.logo_id
    url = reverse("admin:tracking_shop_change", args=[shop.pk])

    assert first is not None
    assert f"/pictures/{first}-112.webp" in admin_client.get(url).content.decode()
    admin_client.post(url, {**HILL, "new_logo": logo_upload(image_bytes("JPEG"))})
    shop.refresh_from_db()
    assert shop.logo_id not in (None, first)
    admin_client.post(url, {**HILL, "no_logo": "on"})
    shop.refresh_from_db()
    assert shop.logo_id is None


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"GIF89a", image_bytes("PNG")[:60]]
)
def test_a_logo_that_is_no_picture_is_refused(admin_client: Client, content: bytes) -> None:
    response = post_shop(admin_client, new_logo=logo_upload(content))

    assert list(errors_of(response)) == ["new_logo"]


def test_what_the_shop_has_not_said_is_listed_on_its_page(admin_client: Client) -> None:
    shop = Shop.objects.create(support_email="a@a.example", accent="#0b5c63", **HILL)
    page = admin_client.get(reverse("admin:tracking_shop_change", args=[shop.pk])).content.decode()

    assert "Nothing said about lost parcels" in page
    assert "No email, phone or chat" not in page
    assert "style=" not in page.split('class="form-row field-page_colours"')[1].split("</fieldset>")[0]
    assert shop.accent_soft_dark in page


def test_a_shop_is_described_by_a_sentence_for_every_missing_fact(admin_client: Client) -> None:
    page = admin_client.get(reverse(ADD)).content.decode()

    sentences = page.split("field-missing")[1].split('<div class="readonly">')[1].split("</div>")[0].split("<br>")
    assert len(sentences) == len(MissingFact) - 2
    assert all(sentence.startswith("No") and sentence.endswith(".") for sentence in sentences)
