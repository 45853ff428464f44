"""Notices are enqueued once, for readers who want them, outside quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import Contact, Follow, Leg, Mute, Notice, NoticePreference, Subscriber
from tracking.models.notices import NoticeState
from tracking.models.texts import DigestFrequency
from tracking.notifications.outbox import after_quiet_hours, enqueue_notices, first_weekday_of, next_digest_at
from tracking.notifications.triggers import KIND_PRIORITY, NOTICE_KIND_BY_ALERT, NOTICE_KIND_BY_SCAN, NoticeTrigger
from tracking.vocabulary import NoticeKind

pytestmark = pytest.mark.database
NOW = datetime(2026, 9, 20, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def record_scans(leg: Leg, *scans: tuple[str, str]) -> None:
    parsed_scans = [factories.build_scan(name, occurred_at, country="DE") for name, occurred_at in scans]
    with time_machine.travel(NOW, tick=False):
        record_shipment(leg, factories.build_shipment(*parsed_scans), factories.create_payload())


def pending_notices() -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(state=NoticeState.PENDING).values_list("kind", "dedupe_key"))


def test_every_kind_has_a_priority() -> None:
    assert set(KIND_PRIORITY) == set(NoticeKind)
    assert {*NOTICE_KIND_BY_SCAN.values(), *NOTICE_KIND_BY_ALERT.values()} <= set(NoticeKind)


def test_new_scan_enqueues_a_notice_for_followers(leg: Leg, contact: Contact) -> None:
    record_scans(leg, ("origin.picked_up", "2026-09-20T10:00:00+02:00"))

    assert pending_notices() == [("shipped", "")]
    notice = Notice.objects.get()
    assert (notice.contact, notice.facts["scan"], notice.facts["country"]) == (contact, "origin.picked_up", "DE")


def test_repeated_scan_enqueues_one_notice(leg: Leg, contact: Contact) -> None:
    for _ in range(3):
        record_scans(leg, ("origin.picked_up", "2026-09-20T10:00:00+02:00"))
    record_scans(leg, ("origin.accepted", "2026-09-20T11:00:00+02:00"))

    assert pending_notices() == [("shipped", "")]


def test_notices_of_many_parcels_need_as_many_queries_as_that_of_one(
    leg: Leg, contact: Contact, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shipments = [leg.shipment, *(factories.create_leg(f"LZ{number:09d}CN").shipment for number in range(11))]
    for shipment in shipments[1:]:
        follower = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
        address = f"{shipment.pk}@example.com"
        Contact.objects.create(subscriber=follower, channel="email", address=address, confirmed_at=NOW)
        Follow.objects.create(subscriber=follower, order=shipment.order, confirmed_at=NOW)
    triggers = [NoticeTrigger(one.pk, one.order_id, NoticeKind.SHIPPED, "", {}) for one in shipments]

    for some in (triggers[:1], triggers[1:]):
        with django_assert_num_queries(5):
            assert enqueue_notices(some, NOW) == len(some)

    assert Notice.objects.count() == 12


def test_old_scans_enqueue_nothing(leg: Leg, contact: Contact) -> None:
    record_scans(
        leg, ("origin.picked_up", "2026-09-01T10:00:00+02:00"), ("linehaul.departed", "2026-09-03T10:00:00+02:00")
    )

    assert pending_notices() == []


def test_most_important_of_several_scans_is_enqueued(leg: Leg, contact: Contact) -> None:
    record_scans(
        leg,
        ("origin.picked_up", "2026-09-20T06:00:00+02:00"),
        ("import.customs_released", "2026-09-20T08:00:00+02:00"),
        ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"),
    )

    assert pending_notices() == [("out_for_delivery", "2026-09-20")]


def test_each_day_out_for_delivery_enqueues_a_notice(leg: Leg, contact: Contact) -> None:
    record_scans(leg, ("delivery.out_for_delivery", "2026-09-19T09:00:00+02:00"))
    record_scans(leg, ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"))

    assert pending_notices() == [("out_for_delivery", "2026-09-19"), ("out_for_delivery", "2026-09-20")]


def test_delivery_supersedes_pending_notices(leg: Leg, contact: Contact) -> None:
    record_scans(leg, ("delivery.out_for_delivery", "2026-09-20T09:00:00+02:00"))
    record_scans(leg, ("delivery.delivered", "2026-09-20T11:00:00+02:00"))

    assert pending_notices() == [("delivered", "")]
    assert Notice.objects.get(kind="out_for_delivery").state == NoticeState.SUPERSEDED


def test_request_for_papers_is_enqueued_by_its_alert(leg: Leg, contact: Contact) -> None:
    record_scans(leg, ("import.customs_info_required", "2026-09-20T09:00:00+02:00"))

    assert pending_notices() == [("buyer_task_opened", "papers_asked 2026-09-20")]


def test_only_readers_who_confirmed_and_want_it_get_a_notice(leg: Leg, contact: Contact) -> None:
    triggers = [NoticeTrigger(leg.shipment_id, leg.shipment.order_id, NoticeKind.SHIPPED, "", {})]
    subscriber = contact.subscriber

    Follow.objects.update(confirmed_at=None)
    assert enqueue_notices(triggers, NOW) == 0
    Follow.objects.update(confirmed_at=NOW)
    Contact.objects.update(disabled_at=NOW)
    assert enqueue_notices(triggers, NOW) == 0
    Contact.objects.update(disabled_at=None)
    mute = Mute.objects.create(subscriber=subscriber, shipment=leg.shipment)
    assert enqueue_notices(triggers, NOW) == 0
    mute.delete()
    preference = NoticePreference.objects.create(subscriber=subscriber, kind="shipped", channel="email", enabled=False)
    assert enqueue_notices(triggers, NOW) == 0
    preference.delete()
    subscriber.paused = True
    subscriber.save()
    assert enqueue_notices(triggers, NOW) == 0
    subscriber.paused = False
    subscriber.save()
    assert enqueue_notices(triggers, NOW) == 1


def about(leg: Leg, kind: NoticeKind, since: datetime | None = None) -> NoticeTrigger:
    """Return a reason for a notice about the parcel of a leg."""
    return NoticeTrigger(leg.shipment_id, leg.shipment.order_id, kind, "", {}, since)


def test_a_return_supersedes_what_was_to_come_but_not_itself(leg: Leg, contact: Contact) -> None:
    enqueue_notices([about(leg, NoticeKind.DELIVERY_WITHDRAWN), about(leg, NoticeKind.BUYER_TASK_OPENED)], NOW)
    enqueue_notices([about(leg, NoticeKind.RETURNING)], NOW)

    assert pending_notices() == [("returning", "")]
    assert enqueue_notices([], NOW) == 0


def test_a_forecast_is_not_sent_to_a_reader_who_was_notified_of_progress_since(leg: Leg, contact: Contact) -> None:
    later = NOW + timedelta(seconds=1)
    date_moved = about(leg, NoticeKind.DATE_MOVED, since=NOW)
    enqueue_notices([about(leg, NoticeKind.DELAY)], NOW)
    assert enqueue_notices([date_moved], NOW) == 1, "a delay is no progress"
    enqueue_notices([about(leg, NoticeKind.SHIPPED)], NOW)

    assert enqueue_notices([date_moved._replace(dedupe_key="same time")], NOW) == 0
    assert enqueue_notices([date_moved._replace(dedupe_key="before", unless_notified_since=later)], later) == 1
    both = [date_moved._replace(dedupe_key="again"), about(leg, NoticeKind.ARRIVED)]
    assert enqueue_notices(both, NOW) == 1
    assert Notice.objects.filter(kind="arrived").exists(), "only what must not follow progress is left out"


def test_all_but_urgent_notices_wait_for_the_digest_of_a_reader_who_wants_one(leg: Leg, contact: Contact) -> None:
    enqueue_notices([about(leg, NoticeKind.SHIPPED)], NOW)
    Subscriber.objects.update(digest_frequency=DigestFrequency.DAILY)
    enqueue_notices([about(leg, NoticeKind.ARRIVED), about(leg, NoticeKind.OUT_FOR_DELIVERY)], NOW)

    morning = datetime(2026, 9, 21, 8, tzinfo=BERLIN)
    due = dict(Notice.objects.values_list("kind", "due_at"))
    assert due == {"shipped": NOW, "arrived": morning, "out_for_delivery": NOW}


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.integers(0, 23),
    st.integers(0, 23),
    st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]),
)
def test_nothing_is_due_in_quiet_hours(now: datetime, first: int, last: int, name: str) -> None:
    zone = ZoneInfo(name)

    due = after_quiet_hours(now, zone, first, last)

    hour = due.astimezone(zone).hour
    is_quiet = first <= hour < last if first < last else hour >= first or hour < last
    assert first == last or not is_quiet
    assert timedelta() <= due - now <= timedelta(days=1, hours=1)


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        (DigestFrequency.DAILY, "2026-09-20T03:00", "2026-09-20T08:00"),
        (DigestFrequency.DAILY, "2026-09-20T08:00", "2026-09-21T08:00"),
        (DigestFrequency.WEEKLY, "2026-09-20T12:00", "2026-09-21T08:00"),
        (DigestFrequency.WEEKLY, "2026-09-21T09:00", "2026-09-28T08:00"),
        (DigestFrequency.DAILY, "2026-10-24T12:00", "2026-10-25T08:00"),
    ],
)
def test_digest_is_due_in_the_readers_morning(digest: DigestFrequency, now: str, due: str) -> None:
    digest_at = next_digest_at(digest, datetime.fromisoformat(now).replace(tzinfo=BERLIN), BERLIN)

    assert digest_at == datetime.fromisoformat(due).replace(tzinfo=BERLIN)


def test_urgent_notice_passes_quiet_hours_only_if_wanted(leg: Leg, contact: Contact) -> None:
    night = datetime(2026, 9, 20, 23, tzinfo=UTC)
    subscriber = contact.subscriber
    subscriber.quiet_from_hour, subscriber.quiet_until_hour = 22, 8
    subscriber.save()
    triggers = [NoticeTrigger(leg.shipment_id, leg.shipment.order_id, NoticeKind.BUYER_TASK_OPENED, "a", {})]

    enqueue_notices(triggers, night)
    assert Notice.objects.get().due_at == datetime(2026, 9, 21, 6, tzinfo=UTC)
    subscriber.urgent_in_quiet_hours = True
    subscriber.save()
    enqueue_notices([triggers[0]._replace(dedupe_key="b")], night)
    assert Notice.objects.get(dedupe_key="b").due_at == night


@pytest.mark.parametrize(
    ("zone", "chosen", "day"),
    [
        *(("Europe/Berlin", "", 0), ("Africa/Cairo", "", 5), ("America/New_York", "", 6)),
        *(("Europe/Berlin", "sun", 6), ("", "", 0)),
    ],
)
def test_week_starts_as_the_account_or_the_country_says(db: None, zone: str, chosen: str, day: int) -> None:
    user = User.objects.create_user("ana@example.com", preferences={"week": chosen} if chosen else {})

    assert first_weekday_of(Subscriber(zone=zone, user=user)) == day
