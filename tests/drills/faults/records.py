"""Create the parcels of a run in the database, and read back what the site made of the webhooks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from tests import factories
from tests.drills.faults.attempts import ProcessedPayload
from tests.drills.faults.comparison import StoredScan
from tests.drills.faults.parcels import TrueParcel, scan_texts
from tests.drills.site import RunningSite
from tracking.models import Event, Leg, Order, Payload, Shipment
from tracking.models.fields import number_key
from tracking.models.payloads import PayloadStatus

UNREACHABLE_URL: Final = "http://127.0.0.1:9"
"""The feed's API: the drill only pushes, and must never call the real one."""
PAGES: Final = 20


class StoredState(NamedTuple):
    """What the site has stored; times are seconds since the start of the run."""

    scans: list[StoredScan]
    milestones: dict[str, str]
    payloads: list[ProcessedPayload]
    unprocessed: int
    waiting: frozenset[str]
    """Texts of the scans in webhooks that are stored and wait to be processed: late, but not lost."""


def create_parcels(parcels: Sequence[TrueParcel]) -> list[str]:
    """Create an order with one shipment and leg for each parcel; return the paths of some orders and parcels."""
    feed = factories.create_feed(base_url=UNREACHABLE_URL)
    shop = factories.create_order("drill").shop
    orders = Order.objects.bulk_create(
        Order(shop=shop, number=f"D-{index}", number_key=number_key(f"D-{index}"), email="buyer@example.com")
        for index in range(len(parcels))
    )
    shipments = Shipment.objects.bulk_create(Shipment(order=order) for order in orders)
    Leg.objects.bulk_create(
        Leg(shipment=shipment, number=parcel.number, number_key=number_key(parcel.number), feed=feed)
        for shipment, parcel in zip(shipments, parcels, strict=True)
    )
    connection.close()
    paths = [order.get_absolute_url() for order in orders[:PAGES]]
    return paths + [shipment.get_absolute_url() for shipment in shipments[:PAGES]]


def read_state(started_at: float) -> StoredState:
    """Read everything that the comparison needs; `started_at` is the time of day at which the run started."""
    fields = ("leg__number", "text", "code", "milestone", "occurred_at")
    times = Payload.objects.values_list("received_at", "parsed_at")
    return StoredState(
        scans=[StoredScan(*row) for row in Event.objects.values_list(*fields)],
        milestones=dict(Leg.objects.values_list("number", "shipment__milestone")),
        payloads=[
            ProcessedPayload(
                received.timestamp() - started_at, None if parsed is None else parsed.timestamp() - started_at
            )
            for received, parsed in times
        ],
        unprocessed=Payload.objects.exclude(status=PayloadStatus.PARSED).count(),
        waiting=frozenset(
            text
            for body in Payload.objects.filter(status=PayloadStatus.STORED).values_list("body", flat=True)
            for text in scan_texts(bytes(body))
        ),
    )


def wait_until_processed(site: RunningSite, seconds: float) -> float | None:
    """Wait until no webhook waits and the queue is empty; return the seconds it took, or None if it took too long.

    Tasks that a killed worker held do not count: Celery hands them out again after its visibility timeout only, and
    their webhooks are found by `parse_stale_payloads`.
    """
    started = time.monotonic()
    while site.is_running and time.monotonic() - started < seconds:
        if is_all_processed():
            return time.monotonic() - started
        time.sleep(1)
    return None


def is_all_processed() -> bool:
    """Return whether every stored webhook is processed and no task is queued."""
    try:
        if Payload.objects.filter(status=PayloadStatus.STORED).exists():
            return False
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            return not client.llen("celery")
    except (DatabaseError, redis.RedisError):
        connection.close()
        return False
