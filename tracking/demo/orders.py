"""Create the demo's shops and orders: those whose parcels move, and those that hold their state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from tracking.buyer_tasks.transitions import open_buyer_task, submit_answer
from tracking.demo.reports import add_journey
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import cancel_order, state
from tracking.ingest.record import finish_batch
from tracking.models import Carrier, Leg, Order, OrderLine, Shipment, Shop
from tracking.models.buyer_tasks import Actor
from tracking.models.fields import generate_token
from tracking.shops.pictures import EncodedPicture, store_logo, store_picture
from tracking.simulator.demo_shops import DEFAULT_SHOP, DEMO_SHOPS, DemoShop, load_demo_picture, shop_of_order
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS, DemoOrder, DemoOrderLine
from tracking.simulator.parcels.held_order import HELD_EMAIL, HeldOrder
from tracking.simulator.parcels.held_orders import HELD_ORDERS
from tracking.simulator.parcels.journey_types import Journey
from tracking.vocabulary import BuyerTaskKind, StatementKind

FEED_SLUG: Final = "simulator"
DOWN_FEED_SLUG: Final = "simulator-down"
DOWN_FOR: Final = timedelta(days=3650)


def connect_feed(url: str, key: str, speed: float) -> Carrier:
    """Connect the simulated network as a feed: it answers like 17TRACK."""
    feed, _ = Carrier.objects.get_or_create(slug=FEED_SLUG, defaults={"name": "Simulated carrier network"})
    feed.adapter, feed.base_url, feed.credentials = "17track", url, {"key": key}
    # The network's clock runs faster, so it is polled more often by the same factor.
    feed.enabled, feed.poll_interval_factor, feed.circuit_open_until = True, max(1 / speed, 0.0001), None
    feed.save()
    return feed


def feed_that_is_down(now: datetime) -> Carrier:
    """Return a feed that does not answer; it is never asked."""
    values = {"name": "Simulated network that is down", "adapter": "17track", "enabled": False}
    feed, _ = Carrier.objects.update_or_create(
        slug=DOWN_FEED_SLUG, defaults={**values, "circuit_open_until": now + DOWN_FOR}
    )
    return feed


def stored_orders() -> QuerySet[Order]:
    """Return the orders of the demo shops that visitors look up."""
    numbers = [order.order_number for order in DEMO_ORDERS] + [order.order_number for order in HELD_ORDERS]
    return Order.objects.filter(shop__slug__in=[shop.slug for shop in DEMO_SHOPS], number__in=numbers)


@transaction.atomic
def create_moving_orders(feed: Carrier, now: datetime) -> None:
    """Create the demo orders whose parcels move and that do not exist yet; leave the others as they are."""
    shops = {demo_shop.slug: get_or_create_shop(demo_shop) for demo_shop in DEMO_SHOPS}
    existing = {order.number for order in stored_orders()}
    for demo_order in DEMO_ORDERS:
        if demo_order.order_number not in existing:
            create_moving_order(demo_order, shops[shop_of_order(demo_order.slug)], feed, now)


def create_held_orders(feed: Carrier, now: datetime) -> None:
    """Create the demo orders that hold their state and do not exist yet; their shop must exist."""
    shop = Shop.objects.get(slug=DEFAULT_SHOP)
    existing = {order.number for order in stored_orders()}
    for held_order in HELD_ORDERS:
        if held_order.order_number not in existing:
            with transaction.atomic():
                create_held_order(held_order, shop, feed, now)


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


def create_moving_order(
    demo_order: DemoOrder, shop: Shop, feed: Carrier, now: datetime, tokens: tuple[str, ...] = ()
) -> Order:
    """Create an order whose parcels move: the simulated network reports them from now on."""
    order = Order.objects.create(
        token=tokens[0] if tokens else generate_token(),
        shop=shop,
        number=demo_order.order_number,
        email=demo_order.email,
        phone=demo_order.phone,
        postal_code=demo_order.postal_code,
        city=demo_order.destination.city,
        region=demo_order.destination.region or "",
        country=demo_order.destination.country,
        placed_at=now - timedelta(days=demo_order.placed_days_ago),
        currency=demo_order.lines[0].currency,
    )
    shipments = create_shipments(order, len(demo_order.numbers), tokens[1:])
    for shipment, number in zip(shipments, demo_order.numbers, strict=True):
        Leg.objects.create(shipment=shipment, number=number, feed=feed, next_check_at=now)
    create_lines(shipments, demo_order.lines)
    return order


def create_held_order(
    held_order: HeldOrder, shop: Shop, feed: Carrier, now: datetime, tokens: tuple[str, ...] = ()
) -> Order:
    """Create an order that holds its state, with all that has happened to it by now."""
    destination = held_order.parcels[0].build_journey(now).destination
    order = Order.objects.create(
        token=tokens[0] if tokens else generate_token(),
        shop=shop,
        number=held_order.order_number,
        email=HELD_EMAIL,
        postal_code="M4 1HN",
        city=destination.city,
        region=destination.region,
        country=destination.country if held_order.is_country_known else "",
        placed_at=now - timedelta(days=held_order.placed_days_ago),
        currency=held_order.lines[0].currency,
    )
    shipments = create_shipments(order, len(held_order.parcels), tokens[1:])
    if held_order.promised_days is not None:
        promised_on = now.date() + timedelta(days=held_order.promised_days)
        Shipment.objects.filter(order=order).update(promised_on=promised_on)
    create_lines(shipments, held_order.lines)
    source = feed_that_is_down(now) if held_order.is_feed_down else feed
    report_journeys(shipments, [parcel.build_journey(now) for parcel in held_order.parcels], source, now)
    add_decisions(held_order, order, now)
    return order


def create_shipments(order: Order, count: int, tokens: tuple[str, ...]) -> list[Shipment]:
    """Create the parcels of an order, with tokens that they had before as far as there are any."""
    return [
        Shipment.objects.create(order=order, token=tokens[index] if index < len(tokens) else generate_token())
        for index in range(count)
    ]


def create_lines(shipments: list[Shipment], lines: tuple[DemoOrderLine, ...]) -> None:
    """Create the lines of an order; they go to the parcels in turn."""
    for index, line in enumerate(lines):
        shipment = shipments[index % len(shipments)]
        OrderLine.objects.create(
            order=shipment.order,
            shipment=shipment,
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_price=line.value,
            hs_code=line.hs_code,
            weight_grams=line.grams,
        )


def report_journeys(shipments: list[Shipment], journeys: list[Journey], feed: Carrier, now: datetime) -> None:
    """Add all scans of parcels that hold their state, and conclude them. They are never polled."""
    for shipment, journey in zip(shipments, journeys, strict=True):
        if journey.number:
            Leg.objects.create(shipment=shipment, number=journey.number, feed=feed)
    with transaction.atomic():
        batch = ShipmentBatch.matching(Q(pk__in=[shipment.pk for shipment in shipments]))
        for loaded, journey in zip(batch.loaded.values(), journeys, strict=True):
            if journey.scans:
                add_journey(batch, loaded, journey, feed)
        finish_batch(batch, now)
    Leg.objects.filter(shipment__in=shipments).update(next_check_at=None, last_answer_at=now)


def add_decisions(held_order: HeldOrder, order: Order, now: datetime) -> None:
    """Add what the shop states about an order, and what its buyer reports."""
    shipment_ids = list(order.shipments.values_list("pk", flat=True))
    decider = Decider(None, "part of the demo", now)
    if held_order.statement == StatementKind.CANCELLED:
        cancel_order(order, decider)
    elif held_order.statement:
        kind = StatementKind(held_order.statement)
        state(shipment_ids, kind, decider, now - timedelta(days=held_order.placed_days_ago - 2))
    if held_order.is_reported_missing:
        shipment = order.shipments.get()
        task = open_buyer_task(shipment, BuyerTaskKind.NOT_RECEIVED, "", None, now, actor=Actor.BUYER)
        submit_answer(task, {}, (), now)
    Leg.objects.filter(shipment__in=shipment_ids).update(next_check_at=None)
