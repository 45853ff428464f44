"""An operator maps a code that is in no code table."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests import factories
from tracking import tasks
from tracking.ingest.process import process_payload
from tracking.models import Event, UnmappedCode

pytestmark = pytest.mark.django_db


def test_mapping_a_code_replays_the_stored_messages_with_it(
    admin_client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        tasks.replay_mapped_code, "apply_async", lambda args, kwargs, **_: tasks.replay_mapped_code(*args)
    )
    factories.create_leg()
    unknown = factories.build_event_json("2026-09-05T10:00:00+08:00", "InTransit_FromTheFuture", "Beamed up")
    process_payload(factories.create_payload(factories.build_answer_json("LZ000000015CN", events=(unknown,))))
    code = UnmappedCode.objects.get()
    url = reverse("admin:tracking_unmappedcode_change", args=[code.pk])
    assert "Beamed up" in admin_client.get(url).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        response = admin_client.post(url, {"scan": "linehaul.departed"})

    assert response.status_code == 302
    assert Event.objects.get().scan == "linehaul.departed"
    assert admin_client.get(reverse("admin:tracking_unmappedcode_changelist")).status_code == 200
