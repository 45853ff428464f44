"""The arrival window as a calendar event that moves with the forecast."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests.notifications.forecasts import make_forecast
from tests.notifications.mail_server import MailServer
from tests.notifications.page_states import let_page_say
from tracking.models import Contact, Forecast, Leg, Notice, Shipment
from tracking.notifications.delivery import deliver_due_notices
from tracking.vocabulary import NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]
IN_A_WEEK: Final = datetime.now(UTC).date() + timedelta(days=7)


def fetch_calendar(client: Client, shipment: Shipment) -> Calendar:
    response = client.get(reverse("order_calendar", args=[shipment.order.token]))
    assert response["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(response.content)
    assert isinstance(calendar, Calendar)
    return calendar


def test_event_moves_with_the_window_and_keeps_its_uid(client: Client, leg: Leg) -> None:
    let_page_say(NoticeKind.ARRIVED, leg.shipment)
    make_forecast(leg.shipment, IN_A_WEEK, 3)
    (before,) = fetch_calendar(client, leg.shipment).events
    make_forecast(leg.shipment, IN_A_WEEK + timedelta(days=2), 1)
    (after,) = fetch_calendar(client, leg.shipment).events

    assert (before.start, before.end) == (IN_A_WEEK, IN_A_WEEK + timedelta(days=4))
    assert (after.start, after.end) == (IN_A_WEEK + timedelta(days=2), IN_A_WEEK + timedelta(days=4))
    assert str(after["SUMMARY"]).startswith("Arrives ")
    assert str(after["STATUS"]) == "CONFIRMED"
    assert before["UID"] == after["UID"]
    assert int(str(before["SEQUENCE"])) < int(str(after["SEQUENCE"]))
    assert before["TRANSP"] == "TRANSPARENT"


def test_event_names_shop_and_page_but_no_tracking_number(client: Client, leg: Leg) -> None:
    make_forecast(leg.shipment, IN_A_WEEK, 3)

    text = client.get(reverse("order_calendar", args=[leg.shipment.order.token])).content.decode().replace("\r\n ", "")

    assert leg.shipment.order.shop.name in text
    assert leg.shipment.order.get_absolute_url() in text
    assert leg.number not in text


@pytest.mark.parametrize("kind", [NoticeKind.RETURNING, NoticeKind.RETURNED, NoticeKind.PROBLEM, NoticeKind.READY])
def test_event_is_cancelled_once_the_page_shows_no_window(client: Client, leg: Leg, kind: NoticeKind) -> None:
    make_forecast(leg.shipment, IN_A_WEEK, 3)
    let_page_say(kind, leg.shipment)

    (event,) = fetch_calendar(client, leg.shipment).events

    assert (str(event["STATUS"]), event.start) == ("CANCELLED", IN_A_WEEK)


def test_event_of_a_delivered_parcel_is_on_the_day_of_its_delivery(client: Client, leg: Leg) -> None:
    make_forecast(leg.shipment, IN_A_WEEK, 3)
    let_page_say(NoticeKind.DELIVERED, leg.shipment)
    Shipment.objects.update(delivered_on=IN_A_WEEK - timedelta(days=9))

    (event,) = fetch_calendar(client, leg.shipment).events

    assert (str(event["STATUS"]), event.start) == ("CONFIRMED", IN_A_WEEK - timedelta(days=9))
    assert str(event["SUMMARY"]).startswith("Delivered ")


def test_event_on_the_day_of_delivery_has_the_hours_of_the_page(client: Client, leg: Leg) -> None:
    let_page_say(NoticeKind.OUT_FOR_DELIVERY, leg.shipment)
    zone = ZoneInfo("Europe/Berlin")
    today = datetime.now(zone).date()
    hours = [datetime.combine(today, time(hour), zone) for hour in (13, 15)]
    forecast = make_forecast(leg.shipment, today, 0)
    Forecast.objects.filter(pk=forecast.pk).update(earliest_at=hours[0], latest_at=hours[1])

    (event,) = fetch_calendar(client, leg.shipment).events

    assert [event.start, event.end] == hours
    assert "between" in str(event["SUMMARY"])


def test_parcel_that_never_had_a_window_has_no_event(client: Client, leg: Leg) -> None:
    assert fetch_calendar(client, leg.shipment).events == []


def test_unknown_order_has_no_calendar(client: Client, db: None) -> None:
    assert client.get(reverse("order_calendar", args=["x" * 22])).status_code == 404


@pytest.mark.parametrize("is_wanted", [True, False])
def test_mail_has_a_calendar_file_if_the_reader_wants_it(
    leg: Leg, contact: Contact, mail_server: MailServer, is_wanted: bool
) -> None:
    let_page_say(NoticeKind.ARRIVED, leg.shipment)
    make_forecast(leg.shipment, date.today() + timedelta(days=3), 2)
    contact.subscriber.attach_calendar = is_wanted
    contact.subscriber.save()
    Notice.objects.create(contact=contact, shipment=leg.shipment, kind="date_moved", due_at=timezone.now())

    deliver_due_notices("email", timezone.now())

    files = [part for part in mail_server.mails[0].iter_attachments() if part.get_content_type() == "text/calendar"]
    assert bool(files) is is_wanted
    if files:
        assert files[0].get_param("method") == "PUBLISH"
        assert len(Calendar.from_ical(str(files[0].get_content())).events) == 1
