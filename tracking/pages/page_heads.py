"""What decides whether a cached page is still right, in one query: revisions, settings of the order, checks."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db.models import Count, FilteredRelation, Max, Q, QuerySet, Sum

from tracking.models import Order, Shipment
from tracking.models.related_rows import PreparedQuery
from tracking.pages.freshness import CheckedFeed, CheckedLeg

CONTENT_FIELDS: Final = ("pk", "updated_at", "shop__updated_at")
READER_FIELDS: Final = ("language", "country", "shop__language")
LEG_FIELDS: Final = ("pk", "last_answer_at", "next_check_at")
FEED_FIELDS: Final = ("pk", "name", "circuit_open_until", "webhooks_silent_since", "last_success_at")


class PageHead(NamedTuple):
    """The parcel or order of a page: what identifies its content, whose order it is, and what its reader may not say.

    `content` changes with everything that the page shows, apart from `legs`, which say when each number was asked.
    `languages` are those of order and shop.
    """

    pk: int
    order_id: int
    order_token: str
    content: tuple[object, ...]
    language: str
    country: str
    shop_language: str
    is_untracked: bool = False
    legs: tuple[CheckedLeg, ...] = ()


def parcel_query(token: str) -> QuerySet[Shipment, tuple[Any, ...]]:
    """Return a row for each number of a parcel."""
    parcels = Shipment.objects.filter(token=token).annotate(
        used=FilteredRelation("legs", condition=Q(legs__removed_at=None))
    )
    return parcels.order_by("used__position", "used__pk").values_list(
        *("pk", "is_untracked", "revision", "order__token"),
        *(f"order__{name}" for name in (*CONTENT_FIELDS, *READER_FIELDS)),
        *(f"used__{name}" for name in LEG_FIELDS),
        *(f"used__feed__{name}" for name in FEED_FIELDS),
    )


def order_query(token: str) -> QuerySet[Order, tuple[Any, ...]]:
    """Return one row for an order; its parcels' revisions only rise, so that their sum changes with each."""
    revisions = (Count("shipments"), Max("shipments__pk"), Sum("shipments__revision"))
    return (
        Order.objects.filter(token=token).order_by().values_list(*CONTENT_FIELDS, "token", *READER_FIELDS, *revisions)
    )


PARCEL_QUERY: Final = PreparedQuery(parcel_query)
ORDER_QUERY: Final = PreparedQuery(order_query)


def find_parcel(token: str) -> PageHead | None:
    """Return the head of a parcel's page; None without such a parcel."""
    rows = PARCEL_QUERY.rows(token)
    if not rows:
        return None
    pk, is_untracked, revision, order_token, order_id, *content = rows[0][:7]
    legs = tuple(checked_leg(row[10:]) for row in rows if row[10] is not None)
    language, country, shop_language = rows[0][7:10]
    identity = ("parcel", pk, revision, *content)
    return PageHead(pk, order_id, order_token, identity, language, country, shop_language, is_untracked, legs)


def checked_leg(row: list[Any]) -> CheckedLeg:
    """Return when a number was asked, and at which feed."""
    _pk, last_answer_at, next_check_at, *feed = row
    return CheckedLeg(CheckedFeed(*feed) if feed[0] is not None else None, last_answer_at, next_check_at)


def find_order(token: str) -> PageHead | None:
    """Return the head of an order's page; None without such an order."""
    rows = ORDER_QUERY.rows(token)
    if not rows:
        return None
    pk, updated_at, shop_updated_at, order_token, language, country, shop_language, *revisions = rows[0]
    content = ("order", pk, updated_at, shop_updated_at, *revisions)
    return PageHead(pk, pk, order_token, content, language, country, shop_language)
