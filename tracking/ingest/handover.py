"""Link the legs that an answer reports to leg rows, and open the next leg when a scan names a new number.

The chain of legs is the same whatever order the answers come in. An aggregator often reports a second carrier under the
number that was polled and only later under that carrier's own number: both are one leg.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tracking.carriers.directory import display_name_for
from tracking.carriers.parsed import ParsedLeg, ParsedShipment
from tracking.carriers.text_rules import extract_next_number
from tracking.ingest.loaded import LoadedShipment
from tracking.ingest.merge import merge_legs
from tracking.models import Carrier, Leg
from tracking.models.fields import number_key
from tracking.polling import schedule
from tracking.vocabulary import MILESTONE_RANKS

MAX_NUMBER_LENGTH: Final = 64
"""No tracking number is longer; a leg reported under a longer text keeps the number that was polled."""
RANK_BY_MILESTONE: Final = {milestone.value: rank for milestone, rank in MILESTONE_RANKS.items()}
UNKNOWN_RANK: Final = 100


def link_legs(
    polled_leg: Leg, parsed: ParsedShipment, now: datetime, loaded: LoadedShipment, carriers: Mapping[str, Carrier]
) -> list[Leg]:
    """Return the leg row of each parsed leg, in the same order; create the rows that are missing.

    A leg with scans in this answer is reported by `polled_leg`. A leg without scans is polled itself, from `now` on,
    and so is one whose carrier has a connected feed. An answer without legs is about `polled_leg` alone. `carriers`
    holds the reported carriers by slug.
    """
    parsed_legs = [
        with_valid_number(leg, polled_leg, loaded) for leg in parsed.legs or (ParsedLeg("", "", parsed.number),)
    ]
    legs_with_scans = {scan.leg_index for scan in parsed.scans}
    record_aliases(polled_leg, parsed_legs)
    linked: dict[int, Leg] = {}
    # Legs with numbers of their own come first: a leg under the polled number may then be recognised as one of them.
    for index in sorted(
        range(len(parsed_legs)), key=lambda index: number_key(parsed_legs[index].number) == polled_leg.number_key
    ):
        carrier = carriers.get(parsed_legs[index].carrier)
        leg = find_leg(loaded, polled_leg, parsed_legs[index], carrier)
        if leg is None:
            has_scans = index in legs_with_scans
            leg = create_leg(loaded, polled_leg, parsed_legs[index], carrier, has_scans=has_scans, now=now)
        else:
            set_carrier(loaded, leg, carrier)
            poll_directly(loaded, polled_leg, leg, now)
        if stale := superseded_leg(loaded, polled_leg, leg):
            merge_legs(loaded, stale, leg)
        linked[index] = leg
    for number in numbers_in_text(parsed, loaded):
        create_leg(loaded, polled_leg, ParsedLeg("", "", number), None, has_scans=False, now=now)
    return [linked[index] for index in range(len(parsed_legs))]


def record_aliases(polled_leg: Leg, parsed_legs: Sequence[ParsedLeg]) -> None:
    """Remember on the polled leg which carriers were reported under which other numbers.

    A carrier reported under the polled number at one time and under another number later has only the other one; a
    carrier reported under both in one answer has both.
    """
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for leg in parsed_legs:
        numbers[leg.carrier].add(number_key(leg.number))
    reported = [
        [slug, key] for slug, keys in numbers.items() if slug and keys != {polled_leg.number_key} for key in keys
    ]
    if new := [alias for alias in reported if alias not in polled_leg.aliases]:
        polled_leg.aliases = sorted([*polled_leg.aliases, *new])
        polled_leg.save(update_fields=["aliases"])


def with_valid_number(parsed_leg: ParsedLeg, polled_leg: Leg, loaded: LoadedShipment) -> ParsedLeg:
    """Return a parsed leg with a usable number: the polled one in place of a placeholder or the order's own number."""
    if is_tracking_number(parsed_leg.number, loaded):
        return parsed_leg
    return parsed_leg._replace(number=polled_leg.number)


def is_tracking_number(text: str, loaded: LoadedShipment) -> bool:
    """Return whether a text can be a tracking number of this shipment."""
    key = number_key(text)
    fits = len(text) <= MAX_NUMBER_LENGTH and len(key) <= MAX_NUMBER_LENGTH
    return fits and any(char.isdigit() for char in key) and key != loaded.shipment.order.number_key


def numbers_in_text(parsed: ParsedShipment, loaded: LoadedShipment) -> Iterator[str]:
    """Yield the numbers of a next leg that scans name in their text and that no leg has yet."""
    for scan in parsed.scans:
        number = extract_next_number(scan.text)
        if number and is_tracking_number(number, loaded) and not has_leg(loaded, number):
            yield number


def has_leg(loaded: LoadedShipment, number: str) -> bool:
    """Return whether the shipment has a leg with this number."""
    return any(leg.number_key == number_key(number) for leg in loaded.legs)


def get_or_create_carriers(parsed_legs: Sequence[ParsedLeg]) -> dict[str, Carrier]:
    """Return the carriers of parsed legs by slug; create unknown ones with a name and a country only."""
    legs_by_slug = {leg.carrier: leg for leg in parsed_legs if leg.carrier}
    carriers = {carrier.slug: carrier for carrier in Carrier.objects.filter(slug__in=legs_by_slug)}
    for slug, leg in legs_by_slug.items():
        if slug not in carriers:
            carriers[slug], _ = Carrier.objects.get_or_create(
                slug=slug, defaults={"name": display_name_for(slug, leg.name)[:80], "country": leg.country or ""}
            )
    return carriers


def find_leg(loaded: LoadedShipment, polled_leg: Leg, parsed_leg: ParsedLeg, carrier: Carrier | None) -> Leg | None:
    """Return the row of a parsed leg, or None.

    First the leg with the same number and carrier, then one with this number whose carrier was not known yet. Where an
    aggregator reports a carrier under the polled number, the carrier's own number counts instead, if it is known.
    """
    key = number_key(parsed_leg.number)
    same_number = legs_with_number(loaded, key, polled_leg)
    if carrier is None:
        return next(iter(same_number), None)
    if key == polled_leg.number_key:
        key = carrier_number_key(loaded, polled_leg, carrier)
    exact = (leg for leg in loaded.legs if leg.number_key == key and leg.carrier_id == carrier.pk)
    without_carrier = (leg for leg in same_number if leg.carrier_id is None)
    return next(exact, None) or next(without_carrier, None)


def legs_with_number(loaded: LoadedShipment, key: str, preferred: Leg) -> list[Leg]:
    """Return the legs with a number, `preferred` first if it is one of them."""
    return sorted((leg for leg in loaded.legs if leg.number_key == key), key=lambda leg: leg is not preferred)


def carrier_number_key(loaded: LoadedShipment, polled_leg: Leg, carrier: Carrier) -> str:
    """Return the key of a carrier's own number; that of the polled number while no other was reported."""
    same_number = [leg for leg in loaded.legs if leg.number_key == polled_leg.number_key]
    if any(leg.feed_id == carrier.pk for leg in same_number):
        return polled_leg.number_key
    keys = [key for leg in same_number for slug, key in leg.aliases if slug == carrier.slug]
    return polled_leg.number_key if polled_leg.number_key in keys else next(iter(keys), polled_leg.number_key)


def superseded_leg(loaded: LoadedShipment, polled_leg: Leg, leg: Leg) -> Leg | None:
    """Return the same carrier's leg under the polled number that `leg`, with the carrier's own number, replaces."""
    if leg.carrier is None or leg.number_key == polled_leg.number_key:
        return None
    if carrier_number_key(loaded, polled_leg, leg.carrier) != leg.number_key:
        return None
    under_polled_number = (
        other
        for other in loaded.legs
        if other.carrier_id == leg.carrier_id and other.number_key == polled_leg.number_key
    )
    return next(under_polled_number, None)


def set_carrier(loaded: LoadedShipment, leg: Leg, carrier: Carrier | None) -> None:
    """Store the carrier of a leg once it is reported."""
    if leg.carrier is None and carrier is not None:
        leg.carrier = carrier
        loaded.reordered_legs.add(leg)
        loaded.has_changed = True


def poll_directly(loaded: LoadedShipment, polled_leg: Leg, leg: Leg, now: datetime) -> None:
    """Poll a reported leg itself once the feed of its carrier is connected."""
    is_reported = leg.removed_at is None and leg.reported_by_id is not None and leg.number_key != polled_leg.number_key
    if is_reported and not loaded.shipment.has_ended and has_connected_feed(leg.carrier):
        leg.feed = leg.carrier
        schedule.start_polling(leg, now)
        leg.save(update_fields=["feed", *schedule.POLLING_FIELDS])


def has_connected_feed(carrier: Carrier | None) -> bool:
    """Return whether a carrier has a feed of its own that is switched on."""
    return carrier is not None and bool(carrier.adapter) and carrier.enabled


def create_leg(
    loaded: LoadedShipment,
    polled_leg: Leg,
    parsed_leg: ParsedLeg,
    carrier: Carrier | None,
    *,
    has_scans: bool,
    now: datetime,
) -> Leg:
    """Create the row of a leg that was reported for the first time."""
    has_own_number = number_key(parsed_leg.number) != polled_leg.number_key
    if has_connected_feed(carrier) and (has_own_number or not has_scans):
        feed, reported_by = carrier, None
    elif has_own_number and not has_scans:
        feed, reported_by = fallback_feed(polled_leg, now), None
    else:
        feed, reported_by = polled_leg.feed, polled_leg
    leg = Leg.objects.create(
        shipment=polled_leg.shipment,
        position=1 + max((other.position for other in loaded.legs), default=-1),
        carrier=carrier,
        number=parsed_leg.number,
        feed=feed,
        reported_by=reported_by,
        next_check_at=None if reported_by else now,
    )
    loaded.legs.append(leg)
    loaded.new_legs.append(leg)
    loaded.has_changed = True
    return leg


def fallback_feed(polled_leg: Leg, now: datetime) -> Carrier | None:
    """Return the feed to poll for a number whose carrier has none: an aggregator, else the same feed."""
    if polled_leg.feed is not None and polled_leg.feed.adapter and polled_leg.feed.adapter_instance.is_aggregator:
        return polled_leg.feed
    feeds = Carrier.objects.pollable(now).order_by("pk")
    return next((feed for feed in feeds if feed.adapter_instance.is_aggregator), polled_leg.feed)


class LegOrder(NamedTuple):
    """What the order of legs depends on, by leg id: the first known instant and the least milestone rank."""

    first_at: dict[int, datetime]
    rank: dict[int, int]

    def tie_breaker(self, leg: Leg) -> tuple[int, str, str]:
        """Return what decides between two legs whose first instants are equal or unknown."""
        return self.rank[leg.pk], leg.carrier.slug if leg.carrier else "", leg.number_key

    def position_by_rank(self, leg: Leg, ordered: Sequence[Leg]) -> int:
        """Return the index of the first leg in `ordered` that is further along than `leg`."""
        further = (index for index, other in enumerate(ordered) if self.rank[other.pk] > self.rank[leg.pk])
        return next(further, len(ordered))


def sort_legs(loaded: LoadedShipment) -> None:
    """Put the legs in travel order and number them.

    Legs are ordered by their first instant. A leg whose scans have none goes before the first leg that is further
    along. Legs without scans come last, and so do those that were removed.
    """
    order = leg_order(loaded)
    with_scans = [leg for leg in loaded.legs if leg.pk in order.rank and leg.removed_at is None]
    timed = (leg for leg in with_scans if leg.pk in order.first_at)
    ordered = sorted(timed, key=lambda leg: (order.first_at[leg.pk], *order.tie_breaker(leg)))
    for leg in sorted((leg for leg in with_scans if leg.pk not in order.first_at), key=order.tie_breaker):
        ordered.insert(order.position_by_rank(leg, ordered), leg)
    silent = (leg for leg in loaded.legs if leg not in with_scans)
    last = sorted(silent, key=lambda leg: (leg.removed_at is not None, leg.position, leg.pk))
    assign_positions(loaded, ordered + last)


def leg_order(loaded: LoadedShipment) -> LegOrder:
    """Return the first instant and the least milestone rank of each leg that has scans."""
    first_at: dict[int, datetime] = {}
    rank: dict[int, int] = {}
    for (leg_id, _), event in loaded.events.items():
        occurred_at = event.interpretation.occurred_at
        scan_rank = RANK_BY_MILESTONE.get(event.interpretation.milestone, UNKNOWN_RANK)
        rank[leg_id] = min(scan_rank, rank.get(leg_id, UNKNOWN_RANK))
        if occurred_at is not None:
            first_at[leg_id] = min(occurred_at, first_at.get(leg_id, occurred_at))
    return LegOrder(first_at, rank)


def assign_positions(loaded: LoadedShipment, ordered: list[Leg]) -> None:
    """Number the legs in this order, and mark those whose position changes."""
    loaded.legs[:] = ordered
    loaded.sorted_steps = None
    for position, leg in enumerate(ordered):
        if leg.position != position:
            leg.position = position
            loaded.reordered_legs.add(leg)
