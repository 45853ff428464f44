"""What a buyer can request of the shop about a parcel that went wrong, and the record of such a request.

A request is a `BuyerTask` of one of `BUYER_REQUEST_KINDS` with one answer, whose receipt code the buyer gets. The shop
accepts or declines it, with a reply. Only what the shop itself promises is offered (`tracking.shops.policy`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction

from tracking.buyer_tasks.transitions import close_buyer_task, open_buyer_task, settle_request, submit_answer
from tracking.models import BuyerTask, BuyerTaskAnswer, Shipment
from tracking.models.buyer_tasks import Actor
from tracking.shops import PromisedRemedy, ShopPolicy, policy_of
from tracking.vocabulary import AlertKind, BuyerTaskKind, BuyerTaskState, JourneyKind, Milestone, Overlay, Remedy, Scan

SETTLING_KINDS: Final = frozenset(
    {BuyerTaskKind.REPLACEMENT, BuyerTaskKind.REFUND, BuyerTaskKind.KEEP_DAMAGED, BuyerTaskKind.SEND_AGAIN}
)
"""Each of them settles the whole parcel: once one is made, or granted, none of the others is offered."""
NEW_PARCEL: Final = {Remedy.REPLACEMENT: BuyerTaskKind.REPLACEMENT, Remedy.REFUND: BuyerTaskKind.REFUND}
SAME_PARCEL: Final = {Remedy.REPLACEMENT: BuyerTaskKind.SEND_AGAIN, Remedy.REFUND: BuyerTaskKind.REFUND}
"""A parcel that is back at the shop can be sent again; one that is lost or damaged needs a new one."""

PROBLEMS_THAT_END_PICKUP: Final = (Scan.PICKUP_NOT_COLLECTED, Scan.EXCEPTION_LOST, Scan.EXCEPTION_DAMAGED)


class RequestNotOfferedError(Exception):
    """The state of the parcel, or the shop's policy, does not allow this request."""


class ParcelSituation(NamedTuple):
    """What decides which requests a buyer can make; `made` are the kinds that are open or were granted.

    `shares_number`: another parcel seems to have the same number.
    """

    milestone: Milestone
    is_returning: bool = False
    problem: Scan | None = None
    is_sent_back_by_buyer: bool = False
    is_cancelled: bool = False
    is_being_searched: bool = False
    shares_number: bool = False
    made: frozenset[BuyerTaskKind] = frozenset()


def offered_requests(situation: ParcelSituation, policy: ShopPolicy) -> list[BuyerTaskKind]:
    """Return what a buyer can request now, the likeliest wish first."""
    # What was found may be said at any time, also of a parcel that the shop has cancelled meanwhile.
    found = [BuyerTaskKind.FOUND] if situation.is_being_searched else []
    if situation.is_cancelled:
        return found
    settled = not SETTLING_KINDS.isdisjoint(situation.made)
    doubts = [BuyerTaskKind.IS_MINE] if situation.shares_number else []
    wishes = [*doubts, *([] if settled else settling_requests(situation, policy)), *unblocking_requests(situation)]
    return [*found, *(kind for kind in wishes if kind not in situation.made)]


def settling_requests(situation: ParcelSituation, policy: ShopPolicy) -> list[BuyerTaskKind]:
    """Return the requests that settle a returned, lost or damaged parcel, as far as the shop promises them."""
    if situation.milestone is Milestone.RETURNED or situation.is_returning:
        return [] if situation.is_sent_back_by_buyer else promised_kinds(policy.returned, SAME_PARCEL)
    if situation.problem is Scan.EXCEPTION_LOST and situation.milestone is not Milestone.DELIVERED:
        return promised_kinds(policy.lost, NEW_PARCEL)
    # Damage stays damage after the delivery.
    if situation.problem is Scan.EXCEPTION_DAMAGED:
        promised = promised_kinds(policy.damaged, NEW_PARCEL)
        keep = [BuyerTaskKind.KEEP_DAMAGED] if policy.damaged_keep_percent is not None else []
        return [*promised[:1], *keep, *promised[1:]]
    return []


def promised_kinds(promised: PromisedRemedy | None, kinds: dict[Remedy, BuyerTaskKind]) -> list[BuyerTaskKind]:
    """Return the requests for what the shop promises."""
    return [kinds[remedy] for remedy in promised.options] if promised else []


def unblocking_requests(situation: ParcelSituation) -> list[BuyerTaskKind]:
    """Return the requests that let a waiting parcel go on."""
    if situation.is_returning:
        return []
    if situation.problem is Scan.IMPORT_DUTIES_DUE:
        return [BuyerTaskKind.DUTY_PAID]
    if situation.milestone is Milestone.AVAILABLE_FOR_PICKUP and situation.problem not in PROBLEMS_THAT_END_PICKUP:
        return [BuyerTaskKind.KEEP_LONGER]
    return []


def situation_of(shipment: Shipment) -> ParcelSituation:
    """Return the situation of a parcel; reads its buyer tasks and alerts.

    They may be prefetched, with `visible_to_buyer` and `open`.
    """
    tasks = list(shipment.buyer_tasks.all())
    since = second_journey_start(shipment)
    kept = [
        task
        for task in tasks
        if task.state not in (BuyerTaskState.CLOSED, BuyerTaskState.DECLINED) and not (since and task.opened_at < since)
    ]
    return ParcelSituation(
        milestone=Milestone(shipment.milestone),
        is_returning=shipment.overlay == Overlay.RETURNING,
        problem=Scan(shipment.problem_scan) if shipment.problem_scan else None,
        is_sent_back_by_buyer=shipment.journey == JourneyKind.BUYER_RETURN,
        is_cancelled=shipment.cancelled_at is not None,
        is_being_searched=any(task.kind == BuyerTaskKind.NOT_RECEIVED and not task.is_final for task in tasks),
        shares_number=any(
            alert.kind == AlertKind.TWO_PARCELS and alert.closed_at is None for alert in shipment.alerts.all()
        ),
        made=frozenset(BuyerTaskKind(task.kind) for task in kept),
    )


def second_journey_start(shipment: Shipment) -> datetime | None:
    """Return when a parcel that was sent again started anew, so that earlier requests no longer count; else None."""
    if shipment.journey != JourneyKind.SENT_AGAIN or not shipment.journeys:
        return None
    started_at = shipment.journeys[-1]["started_at"]
    return datetime.fromisoformat(started_at) if started_at else None


def requests_for(shipment: Shipment) -> list[BuyerTaskKind]:
    """Return what the buyer of a parcel can request of the shop now; `shipment.order.shop` should be loaded."""
    return offered_requests(situation_of(shipment), policy_of(shipment.order.shop))


@transaction.atomic
def submit_request(shipment: Shipment, kind: BuyerTaskKind, values: dict[str, str], now: datetime) -> BuyerTaskAnswer:
    """Record a request of the buyer and return it with its receipt code; publish after commit is up to the caller.

    `values` may have a "note". Raise `RequestNotOfferedError`.
    """
    # The lock lets two tabs ask for a replacement and a refund at once, and only the first gets its receipt.
    locked = Shipment.objects.select_for_update(of=("self",)).select_related("order__shop").get(pk=shipment.pk)
    if kind not in requests_for(locked):
        raise RequestNotOfferedError(kind)
    buyer_task = open_buyer_task(locked, kind, "", None, now, actor=Actor.BUYER)
    answer = submit_answer(buyer_task, values, [], now)
    if kind is BuyerTaskKind.FOUND:
        end_search(locked, buyer_task, now)
    return answer


def end_search(shipment: Shipment, buyer_task: BuyerTask, now: datetime) -> None:
    """Accept that a parcel was found, which nobody needs to decide, and close the search for it."""
    settle_request(buyer_task, BuyerTaskState.ACCEPTED, None, "", now)
    for search in shipment.buyer_tasks.open().filter(kind=BuyerTaskKind.NOT_RECEIVED):
        close_buyer_task(search, now, "found by the buyer", Actor.BUYER)
