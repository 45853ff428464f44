"""The rows that the pages of a parcel and of an order show, each page's with one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import F, OuterRef, Q, Subquery

from tracking.models import (
    Alert,
    BuyerTask,
    Carrier,
    Event,
    Forecast,
    Leg,
    Order,
    OrderLine,
    Shipment,
    Shop,
    ShopPicture,
)
from tracking.models.related_rows import PARENT_ID, RelatedRows, RowSet, attach_parents, attach_rows
from tracking.page_state.load import ACCEPTED_VISIBLE_FOR
from tracking.vocabulary import Exclusion

EVENT_FIELDS: Final = (
    *("id", "shipment_id", "leg_id", "feed_id", "fingerprint", "sequence", "received_at", "exclusion", "text"),
    *("language", "raw_place", "scan", "milestone", "occurred_at", "local_time", "offset_minutes", "precision"),
    *("zone_source", "zone", "country", "region", "city", "postal_code", "lat", "lon"),
)
CARRIER_FIELDS: Final = (
    *("id", "slug", "name", "country", "last_success_at", "circuit_open_until", "webhooks_silent_since"),
)
LEG_FIELDS: Final = (
    *("id", "shipment_id", "position", "carrier_id", "number", "number_key", "feed_id", "reported_by_id"),
    *("ignored_feeds", "removed_at", "details", "feed_state", "next_check_at", "last_answer_at"),
)
BUYER_TASK_FIELDS: Final = (
    *("id", "shipment_id", "kind", "state", "round", "reason", "rejection_reason", "shop_reply", "deadline_at"),
    *("opened_at", "closed_at"),
)
PARCEL_RELATIONS: Final = ("legs", "events", "lines", "forecasts", "alerts", "buyer_tasks")
CARD_RELATIONS: Final = ("legs", "lines", "alerts", "buyer_tasks")


def parcel_row_sets() -> Mapping[str, RowSet]:
    """Return what the page of one parcel shows."""
    shipment = Shipment.objects.filter(pk=PARENT_ID)
    # Where another parcel with the number travels is none of this buyer's business.
    kept = Event.objects.filter(shipment=PARENT_ID, leg__removed_at=None).exclude(
        exclusion__in=(Exclusion.REMOVED, Exclusion.OTHER_PARCEL)
    )
    events = kept.annotate(leg_position=F("leg__position"), feed_name=F("feed__name")).order_by("leg", "sequence")
    shown = Q(shipment=PARENT_ID, shown=True)
    return {
        "shipments": RowSet(shipment),
        "orders": RowSet(Order.objects.filter(shipments=PARENT_ID)),
        "shops": RowSet(Shop.objects.filter(orders__shipments=PARENT_ID)),
        **related_row_sets("shipment"),
        "events": RowSet(events, EVENT_FIELDS, ("leg_position", "feed_name")),
        "forecasts": RowSet(Forecast.objects.filter(shown | Q(pk__in=shipment.values("forecast")))),
    }


def order_row_sets() -> Mapping[str, RowSet]:
    """Return what the page of one order shows; its cards read no events."""
    shipments = Shipment.objects.filter(order=PARENT_ID).order_by("pk")
    lines = OrderLine.objects.filter(order=PARENT_ID).order_by("pk")
    return {
        "shipments": RowSet(shipments),
        "orders": RowSet(Order.objects.filter(pk=PARENT_ID)),
        "shops": RowSet(Shop.objects.filter(orders=PARENT_ID)),
        **related_row_sets("shipment__order"),
        "lines": RowSet(lines.annotate(picture_token=article_picture()), annotations=("picture_token",)),
        "forecasts": RowSet(Forecast.objects.filter(pk__in=shipments.order_by().values("forecast"))),
    }


def related_row_sets(path: str) -> dict[str, RowSet]:
    """Return what belongs to the parcels of a page; `path` leads from a row to the parent."""
    legs = Leg.objects.in_use().filter(**{path: PARENT_ID})
    carriers = Carrier.objects.filter(Q(pk__in=legs.values("carrier")) | Q(pk__in=legs.values("feed")))
    # Which decided tasks are still shown depends on the time: `join_rows` leaves out the others.
    tasks = BuyerTask.objects.filter(**{path: PARENT_ID}).visible_to_buyer(datetime(1970, 1, 1, tzinfo=UTC))
    lines = OrderLine.objects.filter(**{path: PARENT_ID}).order_by("pk")
    return {
        "carriers": RowSet(carriers.order_by("pk"), CARRIER_FIELDS),
        "legs": RowSet(legs.order_by("position", "pk"), LEG_FIELDS),
        "lines": RowSet(lines.annotate(picture_token=article_picture()), annotations=("picture_token",)),
        "alerts": RowSet(Alert.objects.open().filter(**{path: PARENT_ID}).order_by("-opened_at", "-pk")),
        "buyer_tasks": RowSet(tasks, BUYER_TASK_FIELDS),
    }


def article_picture() -> Subquery:
    """Return the token of the picture of a line's article; None without one."""
    pictures = ShopPicture.objects.filter(shop=OuterRef("order__shop"), sku=OuterRef("sku")).exclude(sku="")
    return Subquery(pictures.values("token")[:1])


PARCEL_ROWS: Final = RelatedRows(parcel_row_sets)
ORDER_ROWS: Final = RelatedRows(order_row_sets)


def load_parcel(shipment_id: int, now: datetime) -> Shipment | None:
    """Return a shipment with all that its page shows, None if it is gone."""
    rows = PARCEL_ROWS.load(shipment_id)
    join_rows(rows, PARCEL_RELATIONS, now)
    return next(iter(rows["shipments"]), None)


def load_order(order_id: int, now: datetime) -> Order | None:
    """Return an order with its lines, and its shipments with all that their cards show; None if it is gone."""
    rows = ORDER_ROWS.load(order_id)
    join_rows(rows, CARD_RELATIONS, now)
    attach_rows(rows["orders"], "lines", rows["lines"])
    attach_rows(rows["orders"], "shipments", rows["shipments"])
    return next(iter(rows["orders"]), None)


def join_rows(rows: Mapping[str, list[Any]], relations: Iterable[str], now: datetime) -> None:
    """Set the objects that rows refer to, and what `shipment.<relation>.all()` returns."""
    shipments, carriers = rows["shipments"], rows["carriers"]
    rows["buyer_tasks"][:] = [
        task for task in rows["buyer_tasks"] if task.is_visible_to_buyer(now - ACCEPTED_VISIBLE_FOR)
    ]
    attach_parents(rows["orders"], "shop", rows["shops"])
    attach_parents(shipments, "order", rows["orders"])
    attach_parents(shipments, "forecast", rows["forecasts"])
    attach_parents(rows["legs"], "carrier", carriers)
    attach_parents(rows["legs"], "feed", carriers)
    for relation in relations:
        attach_rows(shipments, relation, rows[relation])
