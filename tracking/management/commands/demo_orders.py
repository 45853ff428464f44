"""The demo's orders, as a shop would have sent them; the simulated network then tells what becomes of them.

`manage.py demo_orders` prints one JSON object a line: order number, e-mail, page path, story. With --carrier-url and
--carrier-key (as `make start` gives them) it first connects the network as a feed and makes the missing orders.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from tracking.models import Carrier, Leg, Order, OrderLine, Shipment, Shop
from tracking.simulator.parcels.stories import STORIES, Story

FEED: Final = "simulator"
SHOP: Final = "nordlicht"


class Command(BaseCommand):
    help = "Print the demo's orders as JSON lines; with --carrier-url and --carrier-key make them first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier-url", help="where the simulated network answers, e.g. http://127.0.0.1:8100")
        parser.add_argument("--carrier-key", default="", help="its API key")
        parser.add_argument("--speed", type=float, default=720.0, help="how much faster than ours its clock runs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["carrier_url"]:
            feed = connect(options["carrier_url"], options["carrier_key"], options["speed"])
            make_missing(feed)
        rows = list(lines())
        if not rows:
            raise CommandError("there are no demo orders yet; `make start` makes them")
        for row in rows:
            self.stdout.write(json.dumps(row, ensure_ascii=False))


def connect(url: str, key: str, speed: float) -> Carrier:
    """Connect the simulated network as a feed, as an operator would connect 17TRACK."""
    feed, _ = Carrier.objects.get_or_create(slug=FEED, defaults={"name": "Simulated carrier network"})
    feed.adapter, feed.base_url, feed.credentials = "17track", url, {"key": key}
    feed.enabled, feed.pacing, feed.closed_until = True, max(1 / speed, 0.0001), None
    feed.save()
    return feed


@transaction.atomic
def make_missing(feed: Carrier) -> None:
    """Make the orders that are not there yet; those that are stay as they are."""
    shop, _ = Shop.objects.get_or_create(
        slug=SHOP, defaults={"name": "Nordlicht Outdoor", "support_email": "help@example.com"}
    )
    known = set(Order.objects.filter(shop=shop).values_list("number", flat=True))
    for story in STORIES:
        if story.order_number not in known:
            make_order(story, shop, feed)


def make_order(story: Story, shop: Shop, feed: Carrier) -> None:
    """Make one order with its parcels; its lines are spread over the parcels in turn."""
    now, place = timezone.now(), story.destination
    order = Order.objects.create(
        shop=shop,
        number=story.order_number,
        email=story.email,
        phone=story.phone,
        postal_code=story.postal_code,
        city=place.city,
        region=place.region or "",
        country=place.country,
        placed_at=now - timedelta(days=story.placed_days),
        currency=story.lines[0].currency,
    )
    shipments = [Shipment.objects.create(order=order) for _ in story.numbers]
    for shipment, number in zip(shipments, story.numbers, strict=True):
        Leg.objects.create(shipment=shipment, number=number, source=feed, next_check_at=now)
    for index, line in enumerate(story.lines):
        OrderLine.objects.create(
            order=order,
            shipment=shipments[index % len(shipments)],
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.value,
            hs_code=line.hs_code,
            grams=line.grams,
        )


def lines() -> Iterator[dict[str, str]]:
    """Yield the demo's orders in the order of their stories."""
    orders = {order.number: order for order in Order.objects.filter(shop__slug=SHOP)}
    for story in STORIES:
        if order := orders.get(story.order_number):
            yield {
                "order": order.number,
                "email": order.email,
                "path": order.get_absolute_url(),
                "story": story.title,
            }
