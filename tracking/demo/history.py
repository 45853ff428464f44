"""Import the demo's past in bulk: orders, parcels, legs and events, concluded by the functions that conclude real ones.

The parcels' answers are built as the simulated network builds them and parsed by the adapter of its feed. Only the raw
answers are not stored: 4,000 of them would take 40 MB, and nobody replays what was invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from tracking.demo.reports import add_journey
from tracking.ingest.batch import SHIPMENT_FIELDS, ShipmentBatch, row_values
from tracking.ingest.handover import sort_legs
from tracking.ingest.record import update_status
from tracking.models import Carrier, Leg, Order, OrderLine, Shipment, Shop, bulk
from tracking.models.fields import number_key
from tracking.simulator.demo_shops import shop_of_order
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS, DemoOrderLine
from tracking.simulator.parcels.history import HistoryParcel, draw_history

NUMBER_PREFIX: Final = "SIM-"
"""Orders of the past are numbered SIM-1, SIM-2, ...: by this they are found again."""
BATCH_SIZE: Final = 200
"""How many parcels are written in one transaction, so that others need not wait long for their turn to write."""
PROMISED_DAYS: Final = 14


def history_orders() -> QuerySet[Order]:
    """Return the orders of the demo's past."""
    return Order.objects.filter(shop__is_simulated=True, number__startswith=NUMBER_PREFIX)


def remove_history() -> int:
    """Delete the orders of the demo's past with all that belongs to them; return how many there were."""
    count = 0
    while order_ids := list(history_orders().values_list("pk", flat=True)[:BATCH_SIZE]):
        with transaction.atomic():
            Shipment.objects.filter(order__in=order_ids).update(forecast=None)
            Order.objects.filter(pk__in=order_ids).delete()
        count += len(order_ids)
    return count


def import_history(count: int, now: datetime) -> int:
    """Import the parcels of the past that are missing; return how many orders were imported.

    The shops must exist, and their feed. An import that was cut off is begun anew.
    """
    shops = {shop.slug: shop for shop in Shop.objects.filter(is_simulated=True)}
    feed = Carrier.objects.get(slug="simulator")
    if history_orders().count() >= count:
        return 0
    remove_history()
    remaining = draw_history(count, now)
    while batch := list(islice(remaining, BATCH_SIZE)):
        with transaction.atomic():
            import_batch(batch, shops, feed, now)
    return count


def import_batch(parcels: Sequence[HistoryParcel], shops: Mapping[str, Shop], feed: Carrier, now: datetime) -> None:
    """Create the orders of some parcels, add what their carriers reported, and conclude it."""
    orders = Order.objects.bulk_create(build_order(parcel, shops[parcel.shop]) for parcel in parcels)
    promised = {parcel.serial: parcel.ordered_at.date() + timedelta(days=PROMISED_DAYS) for parcel in parcels}
    shipments = Shipment.objects.bulk_create(
        Shipment(order=order, promised_on=promised[parcel.serial] if parcel.serial % 2 else None)
        for order, parcel in zip(orders, parcels, strict=True)
    )
    OrderLine.objects.bulk_create(
        build_line(shipment, parcel) for shipment, parcel in zip(shipments, parcels, strict=True)
    )
    Leg.objects.bulk_create(
        Leg(
            shipment=shipment,
            number=journey.number,
            number_key=number_key(journey.number),
            position=position,
            feed=feed,
        )
        for shipment, parcel in zip(shipments, parcels, strict=True)
        for position, journey in enumerate(parcel.journey.chain)
    )
    batch = ShipmentBatch(shipments)
    for loaded, parcel in zip(batch.loaded.values(), parcels, strict=True):
        add_journey(batch, loaded, parcel.journey, feed)
        sort_legs(loaded)
        update_status(loaded, now)
        loaded.shipment.alerts_due_at = None
    batch.save_events()
    batch.save_legs()
    # Not `batch.save`: nobody has these pages open, so that there is nobody to tell.
    bulk.update_rows(Shipment, SHIPMENT_FIELDS, list(row_values(shipments, SHIPMENT_FIELDS)))
    Leg.objects.filter(shipment__in=shipments).update(next_check_at=None)


def build_order(parcel: HistoryParcel, shop: Shop) -> Order:
    """Return the order of a parcel, not saved: without its buyer's address, since nobody looks it up."""
    number, place = f"{NUMBER_PREFIX}{parcel.serial}", parcel.destination
    return Order(
        shop=shop,
        number=number,
        number_key=number_key(number),
        placed_at=parcel.ordered_at,
        city=place.city,
        region=place.region,
        country=place.country,
        currency=line_of(parcel).currency,
    )


def build_leg(shipment: Shipment, number: str, position: int, feed: Carrier) -> Leg:
    """Return a leg, not saved."""
    return Leg(shipment=shipment, number=number, number_key=number_key(number), position=position, feed=feed)


@cache
def articles_of(shop_slug: str) -> list[DemoOrderLine]:
    """Return what a shop sells: the lines of its demo orders."""
    return [line for order in DEMO_ORDERS if shop_of_order(order.slug) == shop_slug for line in order.lines]


def line_of(parcel: HistoryParcel) -> DemoOrderLine:
    """Return what was ordered: the articles of the shop in turn."""
    articles = articles_of(parcel.shop)
    return articles[parcel.serial % len(articles)]


def build_line(shipment: Shipment, parcel: HistoryParcel) -> OrderLine:
    """Return the line of an order, not saved."""
    line = line_of(parcel)
    return OrderLine(
        order=shipment.order,
        shipment=shipment,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price=line.value,
        hs_code=line.hs_code,
        weight_grams=line.grams,
    )
