"""Choose the feed for a new number, offer the carriers that may have it, and correct a wrong choice."""

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
from tracking.models import Carrier, Leg, NumberChange, Order, Shipment, Shop
from tracking.polling import schedule

HISTORY_LEGS: Final = 1000
log: Final = structlog.get_logger()


class CarrierOption(NamedTuple):
    """A connected carrier, and why a number may be its own."""

    carrier: Carrier
    candidate: CarrierCandidate


def carrier_options(shipment: Shipment, legs: Iterable[Leg], now: datetime) -> dict[int, list[CarrierOption]]:
    """Return by leg id the connected carriers whose number formats fit, best first, without the feed in use."""
    feeds = {feed.slug: feed for feed in Carrier.objects.pollable(now)}
    history = carrier_history(shipment.order.shop)
    options: dict[int, list[CarrierOption]] = {}
    for leg in legs:
        candidates = detect_carriers(leg.number, destination=shipment.order.country, history=history)
        fitting = (one for one in candidates if one.carrier in feeds and not one.has_wrong_check_digit)
        options[leg.pk] = [
            CarrierOption(feeds[candidate.carrier], candidate)
            for candidate in fitting
            if feeds[candidate.carrier].pk != leg.feed_id
        ]
    return options


def choose_feed(order: Order, number: str, now: datetime) -> Carrier | None:
    """Return the feed to poll for a new number: that of the one carrier it surely belongs to, else an aggregator."""
    feeds = {feed.slug: feed for feed in Carrier.objects.pollable(now)}
    candidates = detect_carriers(number, destination=order.country, history=carrier_history(order.shop))
    if candidates and is_certain(candidates[0]) and candidates[0].carrier in feeds:
        return feeds[candidates[0].carrier]
    return next((feed for feed in feeds.values() if feed.adapter_instance.is_aggregator), None)


def is_certain(candidate: CarrierCandidate) -> bool:
    """Return whether the number can belong to this carrier only."""
    return candidate.certainty is not Certainty.WEAK and MatchReason.COLLISION not in candidate.reasons


def carrier_history(shop: Shop) -> Mapping[str, int]:
    """Return by carrier slug how many of a shop's latest legs it carried."""
    legs = Leg.objects.filter(shipment__order__shop=shop).order_by("-pk")
    return Counter(slug for slug in legs.values_list("carrier__slug", flat=True)[:HISTORY_LEGS] if slug)


@transaction.atomic
def correct_carrier(leg: Leg, carrier: Carrier, now: datetime) -> Leg:
    """Poll a leg at another carrier from now on; what the previous feed reported is kept and counts for nothing.

    Payloads of the previous feed are ignored for this leg from now on. Correcting back to it restores its events.
    """
    batch = ShipmentBatch.matching(Q(pk=leg.shipment_id))
    loaded = batch.loaded[leg.shipment_id]
    leg = next(locked for locked in loaded.legs if locked.pk == leg.pk)
    previous = leg.feed
    if previous is not None and previous != carrier:
        remove_reported_legs(loaded, leg, previous, now)
        leg.ignored_feeds, leg.aliases = sorted({*leg.ignored_feeds, previous.pk}), []
    if carrier.pk in leg.ignored_feeds:
        restore_reported_legs(loaded, leg)
    leg.ignored_feeds = [feed_id for feed_id in leg.ignored_feeds if feed_id != carrier.pk]
    # An aggregator carries nothing: it says itself who does.
    leg.carrier, leg.feed = None if carrier.adapter_instance.is_aggregator else carrier, carrier
    schedule.start_polling(leg, now)
    leg.save(update_fields=["carrier", "feed", "ignored_feeds", "aliases", *schedule.POLLING_FIELDS])
    loaded.has_changed = True
    finish_batch(batch, now)
    log.info("carrier corrected", leg=leg.pk, number=leg.number, wrong=previous and previous.slug, right=carrier.slug)
    return leg


def previous_feeds(legs: Iterable[Leg], now: datetime) -> dict[int, list[Carrier]]:
    """Return by leg id the connected feeds that were taken off it: correcting back to one of them undoes that."""
    ignored = {leg.pk: leg.ignored_feeds for leg in legs if leg.ignored_feeds}
    feeds = {feed.pk: feed for feed in Carrier.objects.pollable(now)} if ignored else {}
    return {pk: [feeds[feed_id] for feed_id in feed_ids if feed_id in feeds] for pk, feed_ids in ignored.items()}


def remove_reported_legs(loaded: LoadedShipment, leg: Leg, feed: Carrier, now: datetime) -> None:
    """Take the legs off the parcel that only this feed reported, with answers about `leg`."""
    heard = {key[0] for key, event in loaded.events.items() if event.feed_id != feed.pk}
    only_reported = [other for other in loaded.legs if other.reported_by_id == leg.pk and other.pk not in heard]
    for other in only_reported:
        other.removed_at = other.removed_at or now
        other.save(update_fields=["removed_at"])


def restore_reported_legs(loaded: LoadedShipment, leg: Leg) -> None:
    """Put the legs back that answers about `leg` report, but those whose number an operator has removed."""
    removed = NumberChange.objects.in_force().filter(shipment=loaded.shipment).values_list("old_leg", flat=True)
    kept_off = set(removed)
    for other in loaded.legs:
        if other.reported_by_id == leg.pk and other.pk not in kept_off:
            other.removed_at = None
            other.save(update_fields=["removed_at"])
