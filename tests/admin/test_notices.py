"""Notices in the admin: the outbox, previews, test messages, and deleting a subscriber."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tracking.models import Contact, Notice, Subscriber
from tracking.vocabulary import NoticeKind

pytestmark = pytest.mark.django_db
PREVIEW_URL_NAME = "admin:tracking_notice_preview"


def test_the_outbox_is_listed_without_addresses(admin_client: Client) -> None:
    contact = Contact.objects.create(subscriber=Subscriber.objects.create(), channel="email", address="a@example.com")
    shipment = factories.create_leg().shipment
    Notice.objects.create(
        contact=contact, shipment=shipment, kind="arrived", due_at=timezone.now(), last_error="451 later"
    )

    page = admin_client.get(reverse("admin:tracking_notice_changelist")).content.decode()

    assert "451 later" in page
    assert "a@example.com" not in page


@pytest.mark.parametrize("language", dict(settings.LANGUAGES))
def test_each_kind_can_be_previewed_in_each_language(admin_client: Client, language: str) -> None:
    for kind in NoticeKind.values:
        page = admin_client.get(reverse(PREVIEW_URL_NAME), {"kind": kind, "language": language})

        assert page.status_code == 200, kind
        assert f'lang="{language}"' in page.content.decode(), kind


def test_a_test_message_is_sent_to_the_operator(admin_client: Client) -> None:
    page = admin_client.post(
        f"{reverse(PREVIEW_URL_NAME)}?kind=delivered&language=zh-hans", follow=True
    ).content.decode()

    (sent,) = mail.outbox
    assert sent.to == ["admin@example.com"]
    assert "Sent to admin@example.com." in page


def test_an_unknown_kind_is_not_found_and_anonymous_visitors_must_sign_in(admin_client: Client, client: Client) -> None:
    assert admin_client.get(reverse(PREVIEW_URL_NAME), {"kind": "nonsense"}).status_code == 404
    assert client.get(reverse(PREVIEW_URL_NAME)).status_code == 302


def test_deleting_a_subscriber_deletes_their_notices(admin_client: Client) -> None:
    subscriber = Subscriber.objects.create()
    contact = Contact.objects.create(subscriber=subscriber, channel="email", address="a@example.com")
    Notice.objects.create(
        contact=contact, shipment=factories.create_leg().shipment, kind="arrived", due_at=timezone.now()
    )

    admin_client.post(reverse("admin:tracking_subscriber_delete", args=[subscriber.pk]), {"post": "yes"})

    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()
