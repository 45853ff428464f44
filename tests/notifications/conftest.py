"""A reader who follows an order, and a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.notifications.channels.receiver import Receiver, receiving
from tests.notifications.post import Post, post_office
from tracking.models import Contact, Follow, Leg, Subscriber


@pytest.fixture
def leg(db: None) -> Leg:
    return make.leg(of=make.order(country="DE"))


@pytest.fixture
def contact(leg: Leg) -> Contact:
    """A confirmed address that follows the order; never quiet, so that a test's hour does not matter."""
    subscriber = Subscriber.objects.create(language="en", zone="Europe/Berlin", quiet_from=None, quiet_until=None)
    Follow.objects.create(subscriber=subscriber, order=leg.shipment.order, confirmed_at=timezone.now())
    return Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    with post_office(settings) as office:
        yield office


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found
