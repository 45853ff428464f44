"""What is owed: once an episode, to whom it was wished, at a decent hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from tests import make
from tracking.ingest.record import record
from tracking.models import Contact, Follow, Leg, Mute, Notice, Subscriber, Wish
from tracking.models.notices import NoticeState
from tracking.models.texts import Digest
from tracking.notifications.outbox import after_quiet, first_day_of, next_digest, owe
from tracking.notifications.triggers import BY_ALERT, BY_SCAN, WEIGHT, Happening
from tracking.vocabulary import NoticeKind

pytestmark = pytest.mark.database
NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def tell(leg: Leg, *scans: tuple[str, str]) -> None:
    told = [make.scan(name, at, country="DE") for name, at in scans]
    with time_machine.travel(NOW, tick=False):
        record(leg, make.parcel(*told), make.payload())


def owed() -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(state=NoticeState.OWED).values_list("kind", "episode"))


def test_every_kind_has_a_weight() -> None:
    assert set(WEIGHT) == set(NoticeKind)
    assert {*BY_SCAN.values(), *BY_ALERT.values()} <= set(NoticeKind)


def test_a_new_scan_is_owed_to_who_follows(leg: Leg, contact: Contact) -> None:
    tell(leg, ("origin.picked_up", "2026-09-20T10:00:00+02:00"))

    assert owed() == [("shipped", "")]
    notice = Notice.objects.get()
    assert (notice.contact, notice.facts["scan"], notice.facts["country"]) == (contact, "origin.picked_up", "DE")


def test_told_again_it_is_owed_once(leg: Leg, contact: Contact) -> None:
    for _ in range(3):
        tell(leg, ("origin.picked_up", "2026-09-20T10:00:00+02:00"))
    tell(leg, ("origin.accepted", "2026-09-20T11:00:00+02:00"))

    assert owed() == [("shipped", "")]


def test_history_is_not_told(leg: Leg, contact: Contact) -> None:
    tell(leg, ("origin.picked_up", "2026-09-01T10:00:00+02:00"), ("linehaul.departed", "2026-09-03T10:00:00+02:00"))

    assert owed() == []


def test_of_several_scans_at_once_the_heaviest_is_told(leg: Leg, contact: Contact) -> None:
    tell(
        leg,
        ("origin.picked_up", "2026-09-20T06:00:00+02:00"),
        ("import.customs_released", "2026-09-20T08:00:00+02:00"),
        ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"),
    )

    assert owed() == [("out_for_delivery", "2026-09-20")]


def test_each_day_on_the_round_is_an_episode(leg: Leg, contact: Contact) -> None:
    tell(leg, ("delivery.out_for_delivery", "2026-09-19T09:00:00+02:00"))
    tell(leg, ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"))

    assert owed() == [("out_for_delivery", "2026-09-19"), ("out_for_delivery", "2026-09-20")]


def test_a_delivery_cancels_what_was_still_to_be_said(leg: Leg, contact: Contact) -> None:
    tell(leg, ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"))
    tell(leg, ("delivery.delivered", "2026-09-20T11:00:00+02:00"))

    assert owed() == [("delivered", "")]
    assert Notice.objects.get(kind="out_for_delivery").state == NoticeState.SUPERSEDED


def test_customs_that_asks_for_papers_is_told_by_its_alarm(leg: Leg, contact: Contact) -> None:
    tell(leg, ("import.customs_info_required", "2026-09-20T09:00:00+02:00"))

    assert owed() == [("asked", "papers_asked 2026-09-20")]


def test_nobody_is_told_who_did_not_confirm_wish_or_want_it(leg: Leg, contact: Contact) -> None:
    happened = [Happening(leg.shipment_id, leg.shipment.order_id, NoticeKind.SHIPPED, "", {})]
    subscriber = contact.subscriber

    Follow.objects.update(confirmed_at=None)
    assert owe(happened, NOW) == 0
    Follow.objects.update(confirmed_at=NOW)
    Contact.objects.update(disabled_at=NOW)
    assert owe(happened, NOW) == 0
    Contact.objects.update(disabled_at=None)
    mute = Mute.objects.create(subscriber=subscriber, shipment=leg.shipment)
    assert owe(happened, NOW) == 0
    mute.delete()
    wish = Wish.objects.create(subscriber=subscriber, kind="shipped", channel="email", wanted=False)
    assert owe(happened, NOW) == 0
    wish.delete()
    subscriber.paused = True
    subscriber.save()
    assert owe(happened, NOW) == 0
    subscriber.paused = False
    subscriber.save()
    assert owe(happened, NOW) == 1


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.integers(0, 23),
    st.integers(0, 23),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]),
)
def test_nothing_is_due_within_quiet_hours(now: datetime, first: int, last: int, name: str) -> None:
    zone = ZoneInfo(name)

    due = after_quiet(now, zone, first, last)

    hour = due.astimezone(zone).hour
    quiet = first <= hour < last if first < last else hour >= first or hour < last
    assert first == last or not quiet
    assert timedelta() <= due - now <= timedelta(days=1, hours=1)


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        (Digest.DAILY, "2026-09-20T03:00", "2026-09-20T08:00"),
        (Digest.DAILY, "2026-09-20T08:00", "2026-09-21T08:00"),
        (Digest.WEEKLY, "2026-09-20T12:00", "2026-09-21T08:00"),
        (Digest.WEEKLY, "2026-09-21T09:00", "2026-09-28T08:00"),
        (Digest.DAILY, "2026-10-24T12:00", "2026-10-25T08:00"),
    ],
)
def test_digests_come_in_the_readers_morning(digest: Digest, now: str, due: str) -> None:
    found = next_digest(digest, datetime.fromisoformat(now).replace(tzinfo=BERLIN), BERLIN)

    assert found == datetime.fromisoformat(due).replace(tzinfo=BERLIN)


def test_urgent_notices_pass_at_night_only_if_wished(leg: Leg, contact: Contact) -> None:
    night = datetime(2026, 9, 20, 23, tzinfo=UTC)
    subscriber = contact.subscriber
    subscriber.quiet_from, subscriber.quiet_until = 22, 8
    subscriber.save()
    happened = [Happening(leg.shipment_id, leg.shipment.order_id, NoticeKind.ASKED, "a", {})]

    owe(happened, night)
    assert Notice.objects.get().due_at == datetime(2026, 9, 21, 6, tzinfo=UTC)
    subscriber.urgent_passes = True
    subscriber.save()
    owe([happened[0]._replace(episode="b")], night)
    assert Notice.objects.get(episode="b").due_at == night


@pytest.mark.parametrize(
    ("zone", "chosen", "day"),
    [
        *(("Europe/Berlin", "", 0), ("Africa/Cairo", "", 5), ("America/New_York", "", 6)),
        *(("Europe/Berlin", "sun", 6), ("", "", 0)),
    ],
)
def test_a_week_begins_where_the_reader_lives_or_as_they_say(db: None, zone: str, chosen: str, day: int) -> None:
    user = User.objects.create_user("ana@example.com", preferences={"week": chosen} if chosen else {})

    assert first_day_of(Subscriber(zone=zone, user=user)) == day
