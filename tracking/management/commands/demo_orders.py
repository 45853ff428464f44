"""Create and list the demo orders: `manage.py demo_orders [--carrier-url URL --carrier-key KEY]`.

It prints one JSON object a line: order number, e-mail, page path, story. With --carrier-url and --carrier-key (`make
start` passes them) it first connects the simulated carrier network as a feed and creates the missing orders.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tracking.models import Carrier, Leg, Order, OrderLine, Shipment, Shop
from tracking.shops.pictures import EncodedPicture, store_logo, store_picture
from tracking.simulator.demo_shops import DEMO_SHOPS, DemoShop, load_demo_picture, shop_of_order
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS, DemoOrder

FEED_SLUG: Final = "simulator"


class Command(BaseCommand):
    help = "Print the demo's orders as JSON lines; with --carrier-url and --carrier-key make them first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier-url", help="where the simulated network answers, e.g. http://127.0.0.1:8100")
        parser.add_argument("--carrier-key", default="", help="its API key")
        parser.add_argument("--speed", type=float, default=720.0, help="how much faster than ours its clock runs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["carrier_url"]:
            feed = connect_feed(options["carrier_url"], options["carrier_key"], options["speed"])
            create_missing_orders(feed)
        rows = list(order_rows())
        if not rows:
            raise CommandError("there are no demo orders yet; `make start` makes them")
        for row in rows:
            self.stdout.write(json.dumps(row, ensure_ascii=False))


def connect_feed(url: str, key: str, speed: float) -> Carrier:
    """Connect the simulated network as a feed: it answers like 17TRACK."""
    feed, _ = Carrier.objects.get_or_create(slug=FEED_SLUG, defaults={"name": "Simulated carrier network"})
    feed.adapter, feed.base_url, feed.credentials = "17track", url, {"key": key}
    # The network's clock runs faster, so it is polled more often by the same factor.
    feed.enabled, feed.poll_interval_factor, feed.circuit_open_until = True, max(1 / speed, 0.0001), None
    feed.save()
    return feed


@transaction.atomic
def create_missing_orders(feed: Carrier) -> None:
    """Create the demo orders that do not exist yet; leave the others as they are."""
    shops = {demo_shop.slug: get_or_create_shop(demo_shop) for demo_shop in DEMO_SHOPS}
    existing = {order.number for order in stored_orders()}
    for demo_order in DEMO_ORDERS:
        if demo_order.order_number not in existing:
            create_order(demo_order, shops[shop_of_order(demo_order.slug)], feed)


def get_or_create_shop(demo_shop: DemoShop) -> Shop:
    """Return a demo shop, created with its logo and pictures if it is new."""
    facts = {"name": demo_shop.name, "is_simulated": True, **demo_shop.facts}
    shop, is_new = Shop.objects.get_or_create(slug=demo_shop.slug, defaults=facts)
    if is_new:
        if demo_shop.logo:
            store_logo(shop, EncodedPicture(*load_demo_picture(demo_shop.logo)))
        for sku in demo_shop.articles:
            store_picture(shop, sku, EncodedPicture(*load_demo_picture(sku)))
    return shop


def stored_orders() -> QuerySet[Order]:
    """Return the orders of the demo shops."""
    return Order.objects.filter(shop__slug__in=[demo_shop.slug for demo_shop in DEMO_SHOPS])


def create_order(demo_order: DemoOrder, shop: Shop, feed: Carrier) -> None:
    """Create one order with its shipments; its lines go to the shipments in turn."""
    now, place = timezone.now(), demo_order.destination
    order = Order.objects.create(
        shop=shop,
        number=demo_order.order_number,
        email=demo_order.email,
        phone=demo_order.phone,
        postal_code=demo_order.postal_code,
        city=place.city,
        region=place.region or "",
        country=place.country,
        placed_at=now - timedelta(days=demo_order.placed_days_ago),
        currency=demo_order.lines[0].currency,
    )
    shipments = [Shipment.objects.create(order=order) for _ in demo_order.numbers]
    for shipment, number in zip(shipments, demo_order.numbers, strict=True):
        Leg.objects.create(shipment=shipment, number=number, feed=feed, next_check_at=now)
    for index, line in enumerate(demo_order.lines):
        OrderLine.objects.create(
            order=order,
            shipment=shipments[index % len(shipments)],
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.value,
            hs_code=line.hs_code,
            weight_grams=line.grams,
        )


def order_rows() -> Iterator[dict[str, str]]:
    """Yield the demo orders that exist, as JSON objects, in the order of `DEMO_ORDERS`."""
    orders = {order.number: order for order in stored_orders()}
    for demo_order in DEMO_ORDERS:
        if order := orders.get(demo_order.order_number):
            yield {
                "order": order.number,
                "email": order.email,
                "path": order.get_absolute_url(),
                "story": demo_order.title,
            }
