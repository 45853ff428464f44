"""Whose number is it: the carriers that could be asked about a leg, and the correction of a wrong guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import Q

from tracking.carriers.numbers import CarrierCandidate, Certainty, MatchReason, detect_carriers
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.loaded import LoadedShipment
from tracking.ingest.record import finish_batch
from tracking.models import Carrier, Event, Leg, Order, Shipment, Shop
from tracking.polling import schedule

HISTORY_LEGS: Final = 1000
log: Final = structlog.get_logger()


class CarrierOption(NamedTuple):
    """A carrier that can be asked about a number, and why it may be the right one."""

    carrier: Carrier
    candidate: CarrierCandidate


def carrier_options(shipment: Shipment, legs: Iterable[Leg], now: datetime) -> dict[int, list[CarrierOption]]:
    """Return by leg the connected carriers whose numbers look like its own, best first, without the one asked."""
    feeds = {feed.slug: feed for feed in Carrier.objects.pollable(now)}
    sent = carrier_history(shipment.order.shop)
    found: dict[int, list[CarrierOption]] = {}
    for leg in legs:
        candidates = detect_carriers(leg.number, destination=shipment.order.country, history=sent)
        fitting = [one for one in candidates if one.carrier in feeds and not one.has_wrong_check_digit]
        found[leg.pk] = [
            CarrierOption(feeds[one.carrier], one) for one in fitting if feeds[one.carrier].pk != leg.feed_id
        ]
    return found


def choose_feed(order: Order, number: str, now: datetime) -> Carrier | None:
    """Return the connected feed to ask about a new number: that of the one carrier whose own number it is, else an
    aggregator, else none."""
    feeds = {feed.slug: feed for feed in Carrier.objects.pollable(now)}
    found = detect_carriers(number, destination=order.country, history=carrier_history(order.shop))
    sure = found[0] if found and is_certain(found[0]) else None
    if sure is not None and sure.carrier in feeds:
        return feeds[sure.carrier]
    return next((feed for feed in feeds.values() if feed.adapter_instance.is_aggregator), None)


def is_certain(candidate: CarrierCandidate) -> bool:
    """Tell whether a number is one carrier's own beyond doubt."""
    return candidate.certainty is not Certainty.WEAK and MatchReason.COLLISION not in candidate.reasons


def carrier_history(shop: Shop) -> Mapping[str, int]:
    """Return by carrier how many of a shop's latest legs it carried."""
    legs = Leg.objects.filter(shipment__order__shop=shop).order_by("-pk")
    return Counter(slug for slug in legs.values_list("carrier__slug", flat=True)[:HISTORY_LEGS] if slug)


@transaction.atomic
def correct_carrier(leg: Leg, carrier: Carrier, now: datetime) -> Leg:
    """Follow a leg with the right carrier from `now` on, and take back what the feed asked until now told of it.

    Nothing is lost: messages stay stored, and the feed that was wrong is not heard about this leg any more.
    """
    book = ShipmentBatch.matching(Q(pk=leg.shipment_id))
    case = book.loaded[leg.shipment_id]
    mine = next(one for one in case.legs if one.pk == leg.pk)
    wrong = mine.feed
    if wrong is not None and wrong != carrier:
        remove_feed_events(case, mine, wrong)
        mine.ignored_feeds, mine.aliases = sorted({*mine.ignored_feeds, wrong.pk}), []
    mine.ignored_feeds = [feed for feed in mine.ignored_feeds if feed != carrier.pk]
    mine.carrier = mine.feed = carrier
    schedule.start_polling(mine, now)
    mine.save(update_fields=["carrier", "feed", "ignored_feeds", "aliases", *schedule.POLLING_FIELDS])
    case.has_changed = True
    finish_batch(book, now)
    log.info("carrier corrected", leg=mine.pk, number=mine.number, wrong=wrong and wrong.slug, right=carrier.slug)
    return mine


def remove_feed_events(loaded: LoadedShipment, leg: Leg, feed: Carrier) -> None:
    """Remove the events that a feed told under a leg's number, and the legs that only it told of."""
    mine = {leg.pk, *(other.pk for other in loaded.legs if other.reported_by_id == leg.pk)}
    Event.objects.filter(leg__in=mine, payload__carrier=feed).delete()
    left = set(Event.objects.filter(leg__in=mine).values_list("leg_id", "fingerprint"))
    loaded.events = {key: known for key, known in loaded.events.items() if key[0] not in mine or key in left}
    empty = mine - {leg.pk} - {leg_id for leg_id, _ in left}
    Leg.objects.filter(pk__in=empty).delete()
    loaded.legs = [other for other in loaded.legs if other.pk not in empty]
