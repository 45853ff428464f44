"""Raw messages in the admin: shown escaped, downloaded unchanged, replayed on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import factories
from tracking.admin.payloads import MAX_BODY_CHARACTERS, format_body
from tracking.models import Carrier, Event, Leg, Payload
from tracking.models.payloads import PayloadStatus
from tracking.tasks import parse_payload


def change_url(payload: Payload) -> str:
    return reverse("admin:tracking_payload_change", args=[payload.pk])


def test_json_is_shown_indented_and_escaped(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.get(
        change_url(factories.create_payload(b'{"words":"<script>\xc3\xa9"}', feed))
    ).content.decode()

    assert "{\n  &quot;words&quot;: &quot;&lt;script&gt;é&quot;\n}" in page


@pytest.mark.parametrize("body", [b"<xml>\xff</xml>", b'{"a": "\\ud800"}', b"[" * 100_000, b"", b"\x00\x01"])
def test_any_body_can_be_shown(admin_client: Client, feed: Carrier, body: bytes) -> None:
    assert admin_client.get(change_url(factories.create_payload(body, feed))).status_code == 200


def test_a_long_body_is_cut(admin_client: Client, feed: Carrier) -> None:
    page = admin_client.get(
        change_url(factories.create_payload(b"x" * (MAX_BODY_CHARACTERS + 5), feed))
    ).content.decode()

    assert (
        page.count("x" * MAX_BODY_CHARACTERS) == 1
        and "x" * (MAX_BODY_CHARACTERS + 1) not in page
        and "cut here" in page
    )


def test_text_that_is_not_json_is_shown_unchanged() -> None:
    assert format_body(b"a;b\n1;2") == "a;b\n1;2"


def test_the_stored_bytes_are_downloaded_unchanged(admin_client: Client, feed: Carrier) -> None:
    body = b"<html>\xff<script>alert(1)</script>"

    response = admin_client.get(reverse("admin:tracking_payload_raw", args=[factories.create_payload(body, feed).pk]))

    assert response.content == body
    assert response["Content-Type"] == "application/octet-stream" and response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment;")


def test_an_operator_without_permission_sees_no_message(client: Client, payload: Payload) -> None:
    client.force_login(User.objects.create_user("desk@example.com", is_staff=True))

    for url in (change_url(payload), reverse("admin:tracking_payload_raw", args=[payload.pk])):
        assert client.get(url).status_code == 403


def test_an_operator_who_may_only_view_cannot_replay(client: Client, payload: Payload) -> None:
    operator = User.objects.create_user("desk@example.com", is_staff=True)
    operator.user_permissions.add(Permission.objects.get(codename="view_payload"))
    client.force_login(operator)

    page = client.get(reverse("admin:tracking_payload_changelist")).content.decode()

    assert client.get(change_url(payload)).status_code == 200 and "replay_selected" not in page


def test_replaying_twice_changes_nothing(run_action: Callable[..., str], leg: Leg, payload: Payload) -> None:
    assert "Messages read again: 1. New events: 1. Not readable: 0." in run_action("replay_selected", payload)
    before = list(Event.objects.values())

    assert "Messages read again: 1. New events: 0. Not readable: 0." in run_action("replay_selected", payload)

    assert list(Event.objects.values()) == before


def test_replay_counts_correctly_on_a_filtered_list(run_action: Callable[..., str], leg: Leg, payload: Payload) -> None:
    Payload.objects.update(status=PayloadStatus.UNREADABLE)

    page = run_action("replay_selected", payload, filtered="?status__exact=unreadable")

    assert "Messages read again: 1. New events: 1. Not readable: 0." in page


def test_a_message_that_stays_unreadable_is_counted(run_action: Callable[..., str], feed: Carrier) -> None:
    assert "Not readable: 1." in run_action("replay_selected", factories.create_payload(b"<html>Bad gateway", feed))


def test_messages_are_found_by_number_and_feed(admin_client: Client, payload: Payload, create_rows: Any) -> None:
    parse_payload(payload.pk)
    create_rows(2)

    for query in ({"q": "lx 123-456 cn"}, {"feed": "17track", "status__exact": "unmatched"}):
        response = admin_client.get(reverse("admin:tracking_payload_changelist"), query)
        assert [row.pk for row in response.context["cl"].queryset] == [payload.pk]
