"""Concurrent messages, slow channels, lost answers and unexpected errors."""

from __future__ import annotations

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.notifications.mail_server import MailServer
from tests.notifications.page_states import let_page_say
from tracking import tasks
from tracking.models import Contact, Notice, Shipment, Subscriber
from tracking.models.notices import NoticeState
from tracking.notifications import delivery
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import DeliveryReceipt, NotificationMessage, UnconfirmedDeliveryError
from tracking.notifications.delivery import deliver_due_notices
from tracking.vocabulary import NoticeKind
from tracking.worker_lock import hold_worker_lock, release_all

pytestmark = [pytest.mark.django_db, pytest.mark.database]


class FakeChannel:
    """A channel with the behaviour that a test needs; everything else is real."""

    name = "webhook"
    label = "Fake"

    def __init__(self, is_idempotent: bool, error: Exception | None = None, delay_seconds: float = 0.0) -> None:
        self.is_idempotent, self.error, self.delay_seconds = is_idempotent, error, delay_seconds
        self.max_concurrent = 8 if is_idempotent else 1
        self.running = self.max_running = 0

    def send(self, message: NotificationMessage, address: str) -> DeliveryReceipt:
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        time.sleep(self.delay_seconds)
        self.running -= 1
        if self.error:
            raise self.error
        return DeliveryReceipt()


def enqueue_notices(count: int, channel_name: str = "webhook") -> None:
    for number in range(count):
        leg = factories.create_leg(f"MANY{channel_name[:2].upper()}{number:05d}")
        let_page_say(NoticeKind.ARRIVED, leg.shipment)
        reader = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
        address = f"{number}@example.com" if channel_name == "email" else f"https://example.com/{number}"
        contact = Contact.objects.create(
            subscriber=reader, channel=channel_name, address=address, confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def notice_states() -> list[str]:
    return sorted(Notice.objects.values_list("state", flat=True))


@pytest.mark.parametrize(("is_idempotent", "expected_max"), [(True, range(2, 9)), (False, range(1, 2))])
def test_only_idempotent_channels_send_concurrently(
    monkeypatch: pytest.MonkeyPatch, is_idempotent: bool, expected_max: range
) -> None:
    channel = FakeChannel(is_idempotent, delay_seconds=0.05)
    monkeypatch.setitem(CHANNELS, "webhook", channel)
    enqueue_notices(10)

    deliver_due_notices("webhook", timezone.now())

    assert channel.max_running in expected_max
    assert notice_states() == [NoticeState.SENT] * 10


@pytest.mark.parametrize(("is_idempotent", "state"), [(True, NoticeState.PENDING), (False, NoticeState.SENT)])
def test_unconfirmed_message_is_retried_only_on_idempotent_channels(
    monkeypatch: pytest.MonkeyPatch, is_idempotent: bool, state: str
) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", FakeChannel(is_idempotent, UnconfirmedDeliveryError("no answer came")))
    enqueue_notices(1)

    deliver_due_notices("webhook", timezone.now())

    notice = Notice.objects.get()
    assert (notice.state, notice.last_error) == (state, "no answer came")


def test_a_message_costs_one_query_beside_those_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome of each message is stored at once; checking whether the page still says it costs nothing more."""
    monkeypatch.setitem(CHANNELS, "webhook", FakeChannel(False))
    query_counts = {}
    for count in (3, 12):
        Shipment.objects.all().delete()
        Contact.objects.all().delete()
        enqueue_notices(count)
        with CaptureQueriesContext(connection) as queries:
            assert deliver_due_notices("webhook", timezone.now()) == count
        query_counts[count] = len(queries)

    assert query_counts[3] - 3 == query_counts[12] - 12 <= 11


def test_unexpected_error_is_retried_and_stops_no_other_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", FakeChannel(True, KeyError("address")))
    enqueue_notices(2)

    deliver_due_notices("webhook", timezone.now())

    assert notice_states() == [NoticeState.PENDING] * 2
    assert set(Notice.objects.values_list("last_error", "attempts")) == {("unforeseen: KeyError", 1)}


def test_messages_not_started_before_the_deadline_are_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", FakeChannel(False, delay_seconds=0.2))
    enqueue_notices(5)

    monkeypatch.setattr(delivery, "CHANNEL_JOB_SECONDS", 0.3)

    deliver_due_notices("webhook", timezone.now())

    assert notice_states() == [NoticeState.PENDING] * 3 + [NoticeState.SENT] * 2
    pending = Notice.objects.filter(state=NoticeState.PENDING)
    assert set(pending.values_list("claimed_until", "attempts")) == {(None, 0)}


def test_slow_channel_does_not_delay_another(mail_server: MailServer) -> None:
    """While a job of one channel runs, a second job for it ends at once, and another channel's job runs."""
    with hold_worker_lock("None", "webhook", 5) as is_locked:
        assert is_locked
        enqueue_notices(3, "webhook")
        enqueue_notices(3, "email")

        started = time.monotonic()
        assert tasks.deliver_notices("webhook") == 0
        assert tasks.deliver_notices("email") == 3

        assert time.monotonic() - started < 5
        assert len(mail_server.mails) == 3


def test_lock_of_a_dead_worker_expires() -> None:
    with hold_worker_lock("here", "sending", 0.05) as first, hold_worker_lock("here", "sending", 0.05) as second:
        assert (first, second) == (True, False)
        time.sleep(0.1)
        with hold_worker_lock("here", "sending", 5) as third:
            assert third


def test_restarted_worker_releases_its_own_locks() -> None:
    with hold_worker_lock("here", "sending", 50) as first, hold_worker_lock("there", "sending", 50) as other:
        assert (first, other) == (True, True)

        assert release_all("here") == 1

        with hold_worker_lock("here", "sending", 50) as again, hold_worker_lock("there", "sending", 50) as still:
            assert (again, still) == (True, False)
