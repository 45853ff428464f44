"""The arrival window as a calendar event that moves with the forecast."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from tests.notifications.forecasts import make_forecast
from tests.notifications.mail_server import MailServer
from tracking.models import Contact, Leg, Notice, Shipment
from tracking.notifications.delivery import deliver_due_notices

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def fetch_calendar(client: Client, shipment: Shipment) -> Calendar:
    response = client.get(reverse("order_calendar", args=[shipment.order.token]))
    assert response["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(response.content)
    assert isinstance(calendar, Calendar)
    return calendar


def test_event_moves_with_the_window_and_keeps_its_uid(client: Client, leg: Leg) -> None:
    make_forecast(leg.shipment, date(2026, 10, 14), 3)
    (before,) = fetch_calendar(client, leg.shipment).events
    make_forecast(leg.shipment, date(2026, 10, 16), 1)
    (after,) = fetch_calendar(client, leg.shipment).events

    assert (before.start, before.end) == (date(2026, 10, 14), date(2026, 10, 18))
    assert (after.start, after.end) == (date(2026, 10, 16), date(2026, 10, 18))
    assert before["UID"] == after["UID"]
    assert int(str(before["SEQUENCE"])) < int(str(after["SEQUENCE"]))
    assert before["TRANSP"] == "TRANSPARENT"


def test_event_names_shop_and_page_but_no_tracking_number(client: Client, leg: Leg) -> None:
    make_forecast(leg.shipment, date(2026, 10, 14), 3)

    text = client.get(reverse("order_calendar", args=[leg.shipment.order.token])).content.decode().replace("\r\n ", "")

    assert leg.shipment.order.shop.name in text
    assert leg.shipment.order.get_absolute_url() in text
    assert leg.number not in text


@pytest.mark.parametrize("milestone", ["delivered", "returned"])
def test_finished_parcel_has_no_event(client: Client, leg: Leg, milestone: str) -> None:
    make_forecast(leg.shipment, date(2026, 10, 14), 3)
    Shipment.objects.update(milestone=milestone)

    assert fetch_calendar(client, leg.shipment).events == []


def test_unknown_order_has_no_calendar(client: Client, db: None) -> None:
    assert client.get(reverse("order_calendar", args=["x" * 22])).status_code == 404


@pytest.mark.parametrize("is_wanted", [True, False])
def test_mail_has_a_calendar_file_if_the_reader_wants_it(
    leg: Leg, contact: Contact, mail_server: MailServer, is_wanted: bool
) -> None:
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
