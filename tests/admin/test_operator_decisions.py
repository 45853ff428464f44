"""Operators state what they know, change numbers and cancel orders: with a reason, in the history, and undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests import factories
from tests.admin.conftest import enqueued_tasks
from tests.admin.test_orders import change_url, shipment_form_data
from tracking.ingest.process import process_payloads
from tracking.models import Carrier, Event, Leg, NumberChange, OperatorStatement, Order, Shipment
from tracking.models.operator_decisions import NumberChangeKind
from tracking.vocabulary import Exclusion, Milestone, StatementKind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def leg(feed: Carrier, order: Order) -> Leg:
    """A number whose parcel was picked up on 4 September."""
    leg = factories.create_leg("LX123456785CN", for_order=order, from_feed=feed)
    process_payloads([factories.create_payload(factories.build_answer_json(leg.number), feed)])
    return leg


def post_statement(client: Client, shipment: Shipment, **data: str) -> str:
    values = {"statement_kind": "delivered", "statement_at": "", "statement_reason": "The buyer called.", **data}
    url = reverse("admin:tracking_shipment_state", args=[shipment.pk])
    return client.post(url, values, follow=True).content.decode()


def post_number(client: Client, shipment: Shipment, **data: Any) -> str:
    values = {"number_action": "added", "number_leg": "", "number_new": "", "number_reason": "Wrong label.", **data}
    url = reverse("admin:tracking_shipment_change_number", args=[shipment.pk])
    return client.post(url, values, follow=True).content.decode()


def test_a_statement_is_concluded_recorded_and_undone_by_one_tap(admin_client: Client, leg: Leg) -> None:
    page = post_statement(admin_client, leg.shipment, statement_at="2026-09-10T09:30")

    statement, shipment = OperatorStatement.objects.get(), Shipment.objects.get()
    assert (shipment.milestone, shipment.delivered_at) == (
        Milestone.DELIVERED,
        datetime(2026, 9, 10, 9, 30, tzinfo=UTC),
    )
    assert statement.created_by is not None and statement.created_by.is_superuser
    assert "It was delivered: The buyer called." in LogEntry.objects.latest("pk").change_message
    undo = reverse("admin:tracking_statement_undo", args=[shipment.pk, statement.pk])
    assert undo in page and "The buyer called." in page and "do not overrule your word" in page

    page = admin_client.post(undo, follow=True).content.decode()

    shipment.refresh_from_db()
    statement.refresh_from_db()
    assert (shipment.milestone, statement.withdrawn_by) == (Milestone.ACCEPTED, statement.created_by)
    assert LogEntry.objects.latest("pk").change_message == "Undone: It was delivered"
    assert undo not in page and "The buyer called." in page


@pytest.mark.parametrize(
    "data",
    [
        {"statement_reason": " "},
        {"statement_reason": "x" * 501},
        {"statement_kind": "eaten"},
        {"statement_at": "yesterday"},
        {"statement_at": (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")},
    ],
)
def test_a_statement_without_a_reason_or_from_the_future_is_refused(
    admin_client: Client, leg: Leg, data: dict[str, str]
) -> None:
    page = post_statement(admin_client, leg.shipment, **data)

    assert "Choose what you know" in page
    assert not OperatorStatement.objects.exists()


def test_a_delivered_parcel_cannot_be_cancelled(admin_client: Client, leg: Leg) -> None:
    post_statement(admin_client, leg.shipment)

    page = post_statement(admin_client, leg.shipment, statement_kind="cancelled")

    assert "has arrived and cannot be cancelled" in page
    assert OperatorStatement.objects.get().kind == StatementKind.DELIVERED


def test_one_parcel_of_an_order_is_cancelled_alone(admin_client: Client, leg: Leg, feed: Carrier) -> None:
    other = factories.create_leg("RB000000005GB", for_order=leg.shipment.order, from_feed=feed)

    post_statement(admin_client, leg.shipment, statement_kind="cancelled")

    assert list(Shipment.objects.exclude(cancelled_at=None)) == [leg.shipment]
    assert Order.objects.get().cancelled_at is None
    other.refresh_from_db()
    assert other.removed_at is None


def test_an_order_is_cancelled_with_its_parcels_and_restored(admin_client: Client, leg: Leg) -> None:
    order = leg.shipment.order
    cancel = reverse("admin:tracking_order_cancel", args=[order.pk])
    undo = reverse("admin:tracking_order_cancel_undo", args=[order.pk])
    assert cancel in admin_client.get(change_url(order)).content.decode()

    assert "Give a reason." in admin_client.post(cancel, {"cancel_reason": ""}, follow=True).content.decode()
    page = admin_client.post(cancel, {"cancel_reason": "Sold out."}, follow=True).content.decode()

    order.refresh_from_db()
    assert (order.cancelled_at, undo in page) == (Shipment.objects.get().cancelled_at, True)
    assert LogEntry.objects.latest("pk").change_message == "Cancelled: Sold out."

    admin_client.post(undo)

    order.refresh_from_db()
    assert (order.cancelled_at, Shipment.objects.get().cancelled_at) == (None, None)
    assert Shipment.objects.get().milestone == Milestone.ACCEPTED


def test_a_number_is_replaced_after_scans_and_the_removed_one_is_back_after_one_tap(
    admin_client: Client, leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    post_number(admin_client, leg.shipment, number_action="replaced", number_leg=leg.pk, number_new="RB000000005GB")

    change, shipment = NumberChange.objects.get(), Shipment.objects.get()
    assert (shipment.milestone, Event.objects.get().exclusion) == (Milestone.PENDING, Exclusion.REMOVED)
    page = admin_client.get(change_url(shipment)).content.decode()
    undo = reverse("admin:tracking_number_change_undo", args=[shipment.pk, change.pk])
    assert undo in page and "Under a number that was removed" in page and "Wrong label." in page
    assert 'value="LX123456785CN"' not in page
    assert "LX123456785CN → RB000000005GB: Wrong label." in LogEntry.objects.latest("pk").change_message

    admin_client.post(undo)

    shipment.refresh_from_db()
    assert (shipment.milestone, Event.objects.get().exclusion) == (Milestone.ACCEPTED, "")
    assert [leg.number for leg in shipment.legs.in_use()] == ["LX123456785CN"]


def test_a_number_is_added_split_off_and_removed(admin_client: Client, leg: Leg) -> None:
    post_number(admin_client, leg.shipment, number_new="RB000000005GB")
    added = Leg.objects.get(number="RB000000005GB")

    post_number(admin_client, leg.shipment, number_action="split", number_leg=added.pk)
    assert [list(shipment.legs.in_use().values_list("number", flat=True)) for shipment in Shipment.objects.all()] == [
        ["LX123456785CN"],
        ["RB000000005GB"],
    ]

    post_number(admin_client, leg.shipment, number_action="removed", number_leg=leg.pk)
    assert not leg.shipment.legs.in_use().exists()
    assert list(NumberChange.objects.values_list("kind", flat=True)) == ["added", "split", "removed"]


def test_a_pasted_link_adds_its_number(admin_client: Client, leg: Leg) -> None:
    post_number(admin_client, leg.shipment, number_new="https://t.17track.net/en#nums=RB000000005GB")

    assert leg.shipment.legs.filter(number="RB000000005GB").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"number_reason": ""}, "Choose what to do with which number"),
        ({"number_new": ""}, "Enter the new number."),
        ({"number_action": "removed"}, "Choose what to do with which number"),
        ({"number_new": "lx 123456785 cn"}, "This cannot be done"),
        ({"number_new": "--"}, "This is no tracking number."),
        ({"number_new": "RB000000005GB, LZ000000015CN"}, "here are several: RB000000005GB, LZ000000015CN"),
    ],
)
def test_a_change_that_is_not_complete_or_not_possible_is_refused(
    admin_client: Client, leg: Leg, data: dict[str, str], message: str
) -> None:
    page = post_number(admin_client, leg.shipment, **{"number_new": "RB000000005GB", **data})

    assert message in page
    assert not NumberChange.objects.exists()
    assert Leg.objects.count() == 1


def test_the_leg_of_another_parcel_cannot_be_changed(admin_client: Client, leg: Leg, feed: Carrier) -> None:
    other = factories.create_leg("RB000000005GB", from_feed=feed)

    post_number(admin_client, leg.shipment, number_action="removed", number_leg=other.pk)

    assert not NumberChange.objects.exists()


def test_a_number_entered_in_the_list_of_legs_is_recorded_and_undone(
    admin_client: Client, leg: Leg, feed: Carrier
) -> None:
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": leg.number, "feed": leg.feed_id}
    admin_client.post(change_url(leg.shipment), shipment_form_data(row, {"number": "RB1", "feed": feed.pk}))

    change = NumberChange.objects.get()
    assert (change.kind, change.new_number, change.reason) == (
        NumberChangeKind.ADDED,
        "RB1",
        "Entered in the list of numbers.",
    )
    admin_client.post(reverse("admin:tracking_number_change_undo", args=[leg.shipment_id, change.pk]))
    assert list(Leg.objects.in_use()) == [leg]

    form = shipment_form_data(row, {"number": "RB1", "feed": feed.pk})
    assert "This number was removed" in admin_client.post(change_url(leg.shipment), form).content.decode()


def test_a_number_edited_before_its_first_scan_is_back_after_one_tap(
    admin_client: Client, feed: Carrier, order: Order
) -> None:
    leg = factories.create_leg("RB1", for_order=order, from_feed=feed)
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": "RB2", "feed": leg.feed_id}
    admin_client.post(change_url(leg.shipment), shipment_form_data(row))

    change = NumberChange.objects.get()
    assert (change.old_number, change.new_number) == ("RB1", "RB2")
    admin_client.post(reverse("admin:tracking_number_change_undo", args=[leg.shipment_id, change.pk]))

    assert [leg.number for leg in Leg.objects.in_use()] == ["RB1"]


@pytest.mark.django_db(transaction=False)
def test_an_added_number_is_read_and_fetched(
    admin_client: Client, leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        post_number(admin_client, leg.shipment, number_new="RB000000005GB")

    added = Leg.objects.get(number="RB000000005GB")
    assert enqueued_tasks(callbacks) == [
        ("tracking.tasks.replay_earlier_payloads", (added.pk,)),
        ("tracking.tasks.fetch_due_legs", ()),
    ]


def test_decisions_need_a_post_and_the_permission_to_change_parcels(client: Client, leg: Leg) -> None:
    reader = User.objects.create_user(email="reader@example.com", password="long enough 17", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_shipment"))
    client.force_login(reader)
    urls = [
        reverse("admin:tracking_shipment_state", args=[leg.shipment_id]),
        reverse("admin:tracking_shipment_change_number", args=[leg.shipment_id]),
        reverse("admin:tracking_order_cancel", args=[leg.shipment.order_id]),
    ]

    assert [client.post(url, {"cancel_reason": "x"}).status_code for url in urls] == [403, 403, 403]
    assert [client.get(url).status_code for url in urls] == [405, 405, 405]


def test_a_parcel_with_many_decisions_needs_no_more_queries_than_one_with_few(admin_client: Client, leg: Leg) -> None:
    counts = []
    for more in (1, 4):
        for index in range(more):
            post_statement(admin_client, leg.shipment, statement_kind="lost")
            post_number(admin_client, leg.shipment, number_new=f"RB{more}{index}")
        admin_client.get(change_url(leg.shipment))
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(change_url(leg.shipment))
        counts.append(len(queries))

    assert counts[0] == counts[1]
