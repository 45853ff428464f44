"""Fixtures: a reader who follows an order, a mail server and an HTTP server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.notifications.channels.http_receiver import HttpReceiver, running_receiver
from tests.notifications.mail_server import MailServer, running_mail_server
from tracking.models import Contact, Follow, Leg, Subscriber


@pytest.fixture
def leg(db: None) -> Leg:
    return factories.create_leg(for_order=factories.create_order(country="DE"))


@pytest.fixture
def contact(leg: Leg) -> Contact:
    """A confirmed address that follows the order, without quiet hours: the hour of the test run must not matter."""
    subscriber = Subscriber.objects.create(
        language="en", zone="Europe/Berlin", quiet_from_hour=None, quiet_until_hour=None
    )
    Follow.objects.create(subscriber=subscriber, order=leg.shipment.order, confirmed_at=timezone.now())
    return Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    with running_mail_server(settings) as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with running_receiver() as server:
        yield server
