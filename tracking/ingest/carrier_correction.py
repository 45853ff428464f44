"""Whose number is it: the carriers that could be asked about a leg, and the correction of a wrong guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import Q

from tracking.carriers.numbers import Candidate, Certainty, Reason, detect
from tracking.ingest.batch import Casebook
from tracking.ingest.loaded import Case
from tracking.ingest.record import close
from tracking.models import Carrier, Event, Leg, Order, Shipment, Shop
from tracking.polling import schedule

LATEST_LEGS: Final = 1000
log: Final = structlog.get_logger()


class Offer(NamedTuple):
    """A carrier that can be asked about a number, and why it may be the right one."""

    carrier: Carrier
    candidate: Candidate


def offers(shipment: Shipment, legs: Iterable[Leg], now: datetime) -> dict[int, list[Offer]]:
    """Return by leg the connected carriers whose numbers look like its own, best first, without the one asked."""
    feeds = {feed.slug: feed for feed in Carrier.objects.answering(now)}
    sent = history(shipment.order.shop)
    found: dict[int, list[Offer]] = {}
    for leg in legs:
        candidates = detect(leg.number, destination=shipment.order.country, history=sent)
        fitting = [one for one in candidates if one.carrier in feeds and not one.mistyped]
        found[leg.pk] = [Offer(feeds[one.carrier], one) for one in fitting if feeds[one.carrier].pk != leg.source_id]
    return found


def feed_for(order: Order, number: str, now: datetime) -> Carrier | None:
    """Return the connected feed to ask about a new number: that of the one carrier whose own number it is, else an
    aggregator, else none."""
    feeds = {feed.slug: feed for feed in Carrier.objects.answering(now)}
    found = detect(number, destination=order.country, history=history(order.shop))
    sure = found[0] if found and is_sure(found[0]) else None
    if sure is not None and sure.carrier in feeds:
        return feeds[sure.carrier]
    return next((feed for feed in feeds.values() if feed.feed.aggregates), None)


def is_sure(candidate: Candidate) -> bool:
    """Tell whether a number is one carrier's own beyond doubt."""
    return candidate.certainty is not Certainty.LOOSE and Reason.COLLISION not in candidate.reasons


def history(shop: Shop) -> Mapping[str, int]:
    """Return by carrier how many of a shop's latest legs it carried."""
    legs = Leg.objects.filter(shipment__order__shop=shop).order_by("-pk")
    return Counter(slug for slug in legs.values_list("carrier__slug", flat=True)[:LATEST_LEGS] if slug)


@transaction.atomic
def correct(leg: Leg, carrier: Carrier, now: datetime) -> Leg:
    """Follow a leg with the right carrier from `now` on, and take back what the feed asked until now told of it.

    Nothing is lost: messages stay stored, and the feed that was wrong is not heard about this leg any more.
    """
    book = Casebook.of(Q(pk=leg.shipment_id))
    case = book.cases[leg.shipment_id]
    mine = next(one for one in case.legs if one.pk == leg.pk)
    wrong = mine.source
    if wrong is not None and wrong != carrier:
        take_back(case, mine, wrong)
        mine.distrusts, mine.heard = sorted({*mine.distrusts, wrong.pk}), []
    mine.distrusts = [feed for feed in mine.distrusts if feed != carrier.pk]
    mine.carrier = mine.source = carrier
    schedule.follow(mine, now)
    mine.save(update_fields=["carrier", "source", "distrusts", "heard", *schedule.FOLLOWED])
    case.moved = True
    close(book, now)
    log.info("carrier corrected", leg=mine.pk, number=mine.number, wrong=wrong and wrong.slug, right=carrier.slug)
    return mine


def take_back(case: Case, leg: Leg, feed: Carrier) -> None:
    """Remove the events that a feed told under a leg's number, and the legs that only it told of."""
    mine = {leg.pk, *(other.pk for other in case.legs if other.told_by_id == leg.pk)}
    Event.objects.filter(leg__in=mine, payload__carrier=feed).delete()
    left = set(Event.objects.filter(leg__in=mine).values_list("leg_id", "fingerprint"))
    case.events = {key: known for key, known in case.events.items() if key[0] not in mine or key in left}
    empty = mine - {leg.pk} - {leg_id for leg_id, _ in left}
    Leg.objects.filter(pk__in=empty).delete()
    case.legs = [other for other in case.legs if other.pk not in empty]
