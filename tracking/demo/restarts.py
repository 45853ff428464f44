"""Let demo orders start again: those that hold their state before it would end, those that move after their end.

An order keeps its number and the addresses of its pages; all else of it is deleted and made anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog
from django.db import transaction

from tracking.carriers.adapters.seventeentrack import SeventeenTrack
from tracking.demo.orders import FEED_SLUG, create_held_order, create_moving_order
from tracking.live import publish
from tracking.models import Carrier, Order, Payload
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS, DemoOrder
from tracking.simulator.parcels.held_order import HeldOrder
from tracking.simulator.parcels.held_orders import HELD_ORDERS

REST_AFTER_END: Final = timedelta(minutes=20)
"""How long the end of a moving order stays to be seen."""
log: Final = structlog.get_logger()


def restart_held_orders(now: datetime) -> int:
    """Start again the orders that hold their state and are older than that lasts; return how many."""
    feed = Carrier.objects.filter(slug=FEED_SLUG).first()
    by_number = {order.order_number: order for order in HELD_ORDERS}
    held = Order.objects.filter(shop__is_simulated=True, number__in=by_number).select_related("shop")
    due = [order for order in held if now - order.created_at >= timedelta(hours=by_number[order.number].hold_hours)]
    if feed is None:
        return 0
    for order in due:
        restart_held_order(order, by_number[order.number], feed, now)
    return len(due)


@transaction.atomic
def restart_held_order(order: Order, held_order: HeldOrder, feed: Carrier, now: datetime) -> None:
    """Delete an order that holds its state, and make it anew from now on."""
    shop, tokens = order.shop, delete_order(order)
    publish.publish_after_commit(create_held_order(held_order, shop, feed, now, tokens).shipments.all())


def restart_ended_orders(now: datetime) -> int:
    """Start again the moving orders of which all parcels ended a while ago; return how many.

    Where the simulated network does not answer, they are left for the next time.
    """
    feed = Carrier.objects.filter(slug=FEED_SLUG, enabled=True).first()
    by_number = {order.order_number: order for order in DEMO_ORDERS}
    moving = Order.objects.filter(shop__is_simulated=True, number__in=by_number).prefetch_related("shipments")
    due = [order for order in moving.select_related("shop") if has_rested(order, now)]
    if feed is None or not due or not forget_numbers(feed, [by_number[order.number] for order in due]):
        return 0
    for order in due:
        restart_moving_order(order, by_number[order.number], feed, now)
    return len(due)


def has_rested(order: Order, now: datetime) -> bool:
    """Return whether all parcels of an order ended, or were lost, a while ago."""
    shipments = list(order.shipments.all())
    over = [shipment.has_ended or shipment.problem_scan == "exception.lost" for shipment in shipments]
    last = [shipment.last_received_at for shipment in shipments if shipment.last_received_at]
    return bool(last) and all(over) and now - max(last) >= REST_AFTER_END


@transaction.atomic
def restart_moving_order(order: Order, demo_order: DemoOrder, feed: Carrier, now: datetime) -> None:
    """Delete an order with what was received about its numbers, and make it anew."""
    keys = list(order.shipments.values_list("legs__number_key", flat=True))
    Payload.objects.filter(numbers__number_key__in=keys).delete()
    shop, tokens = order.shop, delete_order(order)
    publish.publish_after_commit(create_moving_order(demo_order, shop, feed, now, tokens).shipments.all())


def delete_order(order: Order) -> tuple[str, ...]:
    """Delete an order; return its token and those of its parcels."""
    tokens = (order.token, *order.shipments.order_by("pk").values_list("token", flat=True))
    order.shipments.update(forecast=None)
    order.delete()
    return tokens


def forget_numbers(feed: Carrier, demo_orders: list[DemoOrder]) -> bool:
    """Have the simulated network forget the numbers of orders, so that they begin when they are registered again."""
    numbers = [number for order in demo_orders for parcel in order.parcels for number in parcel.all_numbers]
    try:
        response = httpx.post(
            f"{feed.api_url}/track/v2.4/deletetrack",
            headers={"17token": feed.credentials.get("key", "")},
            json=[{"number": number} for number in numbers[: SeventeenTrack.batch_size]],
            timeout=10,
        )
        response.raise_for_status()
    except httpx.HTTPError as error:
        log.warning("demo orders not started again: the simulated network does not answer", error=str(error))
        return False
    return True
