"""Many messages at once, a channel that is slow, and one whose answers are lost."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from tests import make
from tests.notifications.post import Post
from tracking import tasks
from tracking.models import Contact, Notice, Subscriber
from tracking.models.notices import NoticeState
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import Doubtful, Message, Receipt
from tracking.notifications.delivery import deliver
from tracking.worker_lock import forget_turns, one_at_a_time

pytestmark = [pytest.mark.django_db, pytest.mark.database]


class Fake:
    """A channel that this test writes; everything else is real."""

    name = "webhook"
    label = "Fake"

    def __init__(self, knows_copies: bool, outcome: Exception | None = None, seconds: float = 0.0) -> None:
        self.knows_copies, self.outcome, self.seconds = knows_copies, outcome, seconds
        self.at_once = 8 if knows_copies else 1
        self.under_way = self.most_at_once = 0

    def send(self, message: Message, address: str) -> Receipt:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        time.sleep(self.seconds)
        self.under_way -= 1
        if self.outcome:
            raise self.outcome
        return Receipt()


def owe(count: int, channel: str = "webhook") -> None:
    for place in range(count):
        leg = make.leg(f"MANY{channel[:2].upper()}{place:05d}")
        reader = Subscriber.objects.create(language="en", quiet_from=None, quiet_until=None)
        address = f"{place}@example.com" if channel == "email" else f"https://example.com/{place}"
        contact = Contact.objects.create(
            subscriber=reader, channel=channel, address=address, confirmed_at=timezone.now()
        )
        Notice.objects.create(contact=contact, shipment=leg.shipment, kind="arrived", due_at=timezone.now())


def states() -> list[str]:
    return sorted(Notice.objects.values_list("state", flat=True))


@pytest.mark.parametrize(("knows_copies", "most"), [(True, range(2, 9)), (False, range(1, 2))])
def test_only_where_a_copy_is_known_are_several_under_way(
    monkeypatch: pytest.MonkeyPatch, knows_copies: bool, most: range
) -> None:
    channel = Fake(knows_copies, seconds=0.05)
    monkeypatch.setitem(CHANNELS, "webhook", channel)
    owe(10)

    deliver("webhook", timezone.now())

    assert channel.most_at_once in most
    assert states() == [NoticeState.SENT] * 10


@pytest.mark.parametrize(("knows_copies", "state"), [(True, NoticeState.OWED), (False, NoticeState.SENT)])
def test_what_may_have_been_taken_is_sent_again_only_where_a_copy_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, knows_copies: bool, state: str
) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", Fake(knows_copies, Doubtful("no answer came")))
    owe(1)

    deliver("webhook", timezone.now())

    notice = Notice.objects.get()
    assert (notice.state, notice.why) == (state, "no answer came")


def test_what_nobody_foresaw_is_tried_again_and_holds_no_other_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", Fake(True, KeyError("address")))
    owe(2)

    deliver("webhook", timezone.now())

    assert states() == [NoticeState.OWED] * 2
    assert set(Notice.objects.values_list("why", "tries")) == {("unforeseen: KeyError", 1)}


def test_when_time_is_up_the_rest_is_free_for_the_next_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHANNELS, "webhook", Fake(False, seconds=0.2))
    owe(5)

    deliver("webhook", timezone.now(), time.monotonic() + 0.3)

    assert states() == [NoticeState.OWED] * 3 + [NoticeState.SENT] * 2
    free = Notice.objects.filter(state=NoticeState.OWED)
    assert set(free.values_list("claimed_until", "tries")) == {(None, 0)}


def test_a_slow_channel_holds_no_other_up(post: Post) -> None:
    """While one channel's job waits for an answer, a second job for it ends at once, and another channel's goes on."""
    with one_at_a_time("None", "webhook", 5) as ours:
        assert ours
        owe(3, "webhook")
        owe(3, "email")

        began = time.monotonic()
        assert tasks.deliver_notices("webhook") == 0
        assert tasks.deliver_notices("email") == 3

        assert time.monotonic() - began < 5
        assert len(post.mails) == 3


def test_a_turn_comes_back_when_its_worker_has_died() -> None:
    with one_at_a_time("here", "sending", 0.05) as first, one_at_a_time("here", "sending", 0.05) as second:
        assert (first, second) == (True, False)
        time.sleep(0.1)
        with one_at_a_time("here", "sending", 5) as third:
            assert third


def test_a_worker_that_starts_again_has_its_turns_back() -> None:
    with one_at_a_time("here", "sending", 50) as first, one_at_a_time("there", "sending", 50) as other:
        assert (first, other) == (True, True)

        assert forget_turns("here") == 1

        with one_at_a_time("here", "sending", 50) as again, one_at_a_time("there", "sending", 50) as still:
            assert (again, still) == (True, False)
