"""Further attempts at payloads: what keeps failing backs off, blocks nothing, and is never forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking.ingest import attempts as attempts_module
from tracking.ingest import process as process_module
from tracking.ingest.attempts import process_due_payloads
from tracking.ingest.process import ParsedPayload, parse_payloads
from tracking.models import Payload
from tracking.models.payloads import PayloadStatus
from tracking.tasks import parse_payload

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_more_failing_payloads_than_a_run_takes_do_not_block_a_good_one(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.create_leg("LZ000000015CN")
    now, feed = factories.RECEIVED_AT, factories.create_feed()
    failing = [factories.create_payload({"bad": number}, feed, next_attempt_at=now) for number in range(7)]
    good = factories.create_payload(
        factories.build_answer_json("LZ000000015CN"), feed, next_attempt_at=now + timedelta(minutes=1)
    )
    failing_ids = {payload.pk for payload in failing}

    def parse_unless_failing(payloads: list[Payload], now: datetime) -> list[ParsedPayload]:
        if failing_ids & {payload.pk for payload in payloads}:
            raise ZeroDivisionError("by zero\0")
        return parse_payloads(payloads, now)

    monkeypatch.setattr(process_module, "parse_payloads", parse_unless_failing)
    monkeypatch.setattr(attempts_module, "MAX_ATTEMPTS_PER_RUN", 4)
    counts = [process_due_payloads(now + timedelta(minutes=minutes)) for minutes in (1, 2, 3)]

    assert counts == [4, 4, 0]
    good.refresh_from_db()
    assert (good.status, good.next_attempt_at) == (PayloadStatus.PARSED, None)
    rows = Payload.objects.filter(pk__in=failing_ids).values_list("status", "attempts", "error")
    assert list(rows) == [("stored", 1, "ZeroDivisionError: by zero")] * 7
    failing_ids.clear()
    assert process_due_payloads(now + timedelta(minutes=10)) == 4
    assert process_due_payloads(now + timedelta(minutes=10)) == 3
    assert not Payload.objects.filter(status=PayloadStatus.STORED).exists()


def test_a_failing_payload_is_tried_again_ever_more_rarely_and_never_forgotten() -> None:
    now = factories.RECEIVED_AT
    payload = factories.create_payload(next_attempt_at=now)

    def minutes_to_next_attempt() -> float:
        Payload.objects.filter(pk=payload.pk).schedule_next_attempts(now)
        payload.refresh_from_db()
        assert payload.next_attempt_at
        return (payload.next_attempt_at - now).total_seconds() / 60

    assert [minutes_to_next_attempt() for _ in range(9)] == [4, 8, 16, 32, 64, 128, 256, 360, 360]
    Payload.objects.update(attempts=1_000_000)
    assert minutes_to_next_attempt() == 360


def test_a_payload_that_kills_its_worker_does_not_take_its_batch_along(monkeypatch: pytest.MonkeyPatch) -> None:
    now = factories.RECEIVED_AT
    deadly = factories.create_payload(next_attempt_at=now)
    for _ in range(2):
        factories.create_payload(next_attempt_at=now)

    def die_at_deadly(payloads: list[Payload], now: datetime) -> list[ParsedPayload]:
        if deadly in payloads:
            raise SystemExit
        return parse_payloads(payloads, now)

    monkeypatch.setattr(process_module, "parse_payloads", die_at_deadly)
    with pytest.raises(SystemExit):
        process_due_payloads(now)
    assert process_due_payloads(now) == 0
    with pytest.raises(SystemExit):
        process_due_payloads(now + timedelta(minutes=4))
    assert process_due_payloads(now + timedelta(minutes=4)) == 2

    assert set(Payload.objects.exclude(pk=deadly.pk).values_list("status", flat=True)) == {"unreadable"}
    assert Payload.objects.get(pk=deadly.pk).status == PayloadStatus.STORED


def test_the_error_of_a_failed_payload_is_listed_in_the_admin(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(payloads: list[Payload], now: datetime) -> list[ParsedPayload]:
        raise ZeroDivisionError("by zero")

    payload = factories.create_payload(next_attempt_at=factories.RECEIVED_AT)
    monkeypatch.setattr(process_module, "parse_payloads", fail)
    with pytest.raises(ZeroDivisionError):
        parse_payload(payload.pk)
    process_due_payloads(factories.RECEIVED_AT)

    page = admin_client.get(reverse("admin:tracking_payload_change", args=[payload.pk])).content.decode()
    listed = admin_client.get(reverse("admin:tracking_payload_changelist")).content.decode()

    assert "ZeroDivisionError: by zero" in page
    assert '<td class="field-attempts">1</td>' in listed and "field-next_attempt_at" in listed
