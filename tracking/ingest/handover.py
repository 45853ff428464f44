"""One parcel, several carriers: told legs become leg rows, and a number told at a hand-over opens the next one.

Whatever order the answers come in, the same chain comes out. Where an aggregator first tells a carrier under the number
that was asked and later with that carrier's own number, both are one leg.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from tracking.carriers.directory import display_name_for
from tracking.carriers.parsed import ParsedLeg, ParsedShipment
from tracking.carriers.text_rules import extract_next_number
from tracking.ingest.loaded import MILESTONE_INDEX, OCCURRED_AT_INDEX, LoadedShipment
from tracking.ingest.merge import merge_legs
from tracking.models import Carrier, Leg
from tracking.models.fields import number_key
from tracking.polling import schedule
from tracking.vocabulary import MILESTONE_RANKS, Milestone

MAX_NUMBER_LENGTH: Final = 64
"""Nothing longer is a tracking number; such a leg keeps the number that was asked."""
UNKNOWN_RANK: Final = 100


def link_legs(
    polled_leg: Leg, parsed: ParsedShipment, now: datetime, loaded: LoadedShipment, carriers: Mapping[str, Carrier]
) -> list[Leg]:
    """Return a leg for each leg told, in the same order; make those that are missing.

    A leg with scans in this answer is told by `asked`. One that only a number tells of is asked itself, from `now` on,
    and so is one whose carrier's own feed is connected. An answer without any leg speaks of `asked` alone. `carriers`
    are those told, by slug.
    """
    told_legs = [
        with_valid_number(told, polled_leg, loaded) for told in parsed.legs or (ParsedLeg("", "", parsed.number),)
    ]
    told_here = {scan.leg_index for scan in parsed.scans}
    record_aliases(polled_leg, told_legs)
    found: dict[int, Leg] = {}
    for index in sorted(
        range(len(told_legs)), key=lambda place: number_key(told_legs[place].number) == polled_leg.number_key
    ):
        told, carrier = told_legs[index], carriers.get(told_legs[index].carrier)
        leg = find_leg(loaded, polled_leg, told, carrier)
        if leg is None:
            leg = create_leg(loaded, polled_leg, told, carrier, has_scans=index in told_here, now=now)
        else:
            set_carrier(loaded, leg, carrier)
            poll_directly(loaded, polled_leg, leg, now)
        if stale := superseded_leg(loaded, polled_leg, leg):
            merge_legs(loaded, stale, leg)
        found[index] = leg
    for number in numbers_in_text(parsed, loaded):
        create_leg(loaded, polled_leg, ParsedLeg("", "", number), None, has_scans=False, now=now)
    return [found[index] for index in range(len(told_legs))]


def record_aliases(polled_leg: Leg, parsed_legs: Sequence[ParsedLeg]) -> None:
    """Remember on the leg asked which carriers were told with another number than its own.

    One told with the asked number at another time had it only lent; told with both in one answer it has both.
    """
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for told in parsed_legs:
        numbers[told.carrier].add(number_key(told.number))
    told_so = [
        [slug, key] for slug, keys in numbers.items() if slug and keys != {polled_leg.number_key} for key in keys
    ]
    if unheard := [pair for pair in told_so if pair not in polled_leg.aliases]:
        polled_leg.aliases = sorted([*polled_leg.aliases, *unheard])
        polled_leg.save(update_fields=["aliases"])


def with_valid_number(parsed_leg: ParsedLeg, polled_leg: Leg, loaded: LoadedShipment) -> ParsedLeg:
    """Return a told leg with a number that can be one: a placeholder and the order's own are none."""
    return (
        parsed_leg if is_tracking_number(parsed_leg.number, loaded) else parsed_leg._replace(number=polled_leg.number)
    )


def is_tracking_number(text: str, loaded: LoadedShipment) -> bool:
    """Tell whether a text can be a tracking number of this parcel."""
    key = number_key(text)
    fits = len(text) <= MAX_NUMBER_LENGTH and len(key) <= MAX_NUMBER_LENGTH and any(sign.isdigit() for sign in key)
    return fits and key != loaded.shipment.order.number_key


def numbers_in_text(parsed: ParsedShipment, loaded: LoadedShipment) -> Iterator[str]:
    """Yield the numbers that a carrier's words name for the next leg and that no leg has."""
    for scan in parsed.scans:
        number = extract_next_number(scan.text)
        if (
            number
            and is_tracking_number(number, loaded)
            and all(leg.number_key != number_key(number) for leg in loaded.legs)
        ):
            yield number


def get_or_create_carriers(parsed_legs: Sequence[ParsedLeg]) -> dict[str, Carrier]:
    """Return the carrier rows of told legs by slug; a carrier never heard of gets a row with its name alone."""
    wanted = {leg.carrier: leg for leg in parsed_legs if leg.carrier}
    found = {carrier.slug: carrier for carrier in Carrier.objects.filter(slug__in=wanted)}
    for slug, leg in wanted.items():
        if slug not in found:
            found[slug], _ = Carrier.objects.get_or_create(
                slug=slug, defaults={"name": display_name_for(slug, leg.name)[:80], "country": leg.country or ""}
            )
    return found


def find_leg(loaded: LoadedShipment, polled_leg: Leg, parsed_leg: ParsedLeg, carrier: Carrier | None) -> Leg | None:
    """Find the row of a told leg: the same number and carrier; the number before its carrier was known; or, where an
    aggregator tells a carrier without that carrier's own number, the leg with that."""
    key = number_key(parsed_leg.number)
    same_number = sorted((leg for leg in loaded.legs if leg.number_key == key), key=lambda leg: leg is not polled_leg)
    if carrier is None:
        return next(iter(same_number), None)
    key = carrier_number_key(loaded, polled_leg, carrier) if key == polled_leg.number_key else key
    exact = (leg for leg in loaded.legs if leg.number_key == key and leg.carrier_id == carrier.pk)
    unnamed = (leg for leg in same_number if leg.carrier_id is None)
    return next(exact, None) or next(unnamed, None)


def carrier_number_key(loaded: LoadedShipment, polled_leg: Leg, carrier: Carrier) -> str:
    """Return the key of a carrier's own number, where answers tell it with the one that was asked: another if it was
    ever told with one."""
    same_number = [leg for leg in loaded.legs if leg.number_key == polled_leg.number_key]
    if any(leg.feed_id == carrier.pk for leg in same_number):
        return polled_leg.number_key
    told = [key for leg in same_number for slug, key in leg.aliases if slug == carrier.slug]
    return polled_leg.number_key if polled_leg.number_key in told else next(iter(told), polled_leg.number_key)


def superseded_leg(loaded: LoadedShipment, polled_leg: Leg, leg: Leg) -> Leg | None:
    """Return the leg of the same carrier under the asked number, where `leg` with the carrier's own takes its place."""
    if leg.carrier is None or leg.number_key == polled_leg.number_key:
        return None
    if carrier_number_key(loaded, polled_leg, leg.carrier) != leg.number_key:
        return None
    lent = (one for one in loaded.legs if one.carrier_id == leg.carrier_id and one.number_key == polled_leg.number_key)
    return next(lent, None)


def set_carrier(loaded: LoadedShipment, leg: Leg, carrier: Carrier | None) -> None:
    """Note who carries a leg, once somebody tells."""
    if leg.carrier is None and carrier is not None:
        leg.carrier = carrier
        loaded.reordered_legs.add(leg)
        loaded.has_changed = True


def poll_directly(loaded: LoadedShipment, polled_leg: Leg, leg: Leg, now: datetime) -> None:
    """Have a leg that was only told of asked itself, once its carrier's own feed is connected."""
    ended = Milestone(loaded.shipment.milestone) in Milestone.final()
    if (
        leg.reported_by_id is None
        or leg.number_key == polled_leg.number_key
        or ended
        or not has_connected_feed(leg.carrier)
    ):
        return
    leg.feed = leg.carrier
    schedule.start_polling(leg, now)
    leg.save(update_fields=["feed", *schedule.POLLING_FIELDS])


def has_connected_feed(carrier: Carrier | None) -> bool:
    """Tell whether a carrier has a feed of its own that can be asked."""
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
    """Make the row of a leg heard of for the first time."""
    other_number = number_key(parsed_leg.number) != polled_leg.number_key
    if has_connected_feed(carrier) and (other_number or not has_scans):
        source, told_by = carrier, None
    elif other_number and not has_scans:
        source, told_by = fallback_feed(polled_leg, now), None
    else:
        source, told_by = polled_leg.feed, polled_leg
    leg = Leg.objects.create(
        shipment=polled_leg.shipment,
        position=1 + max((one.position for one in loaded.legs), default=-1),
        carrier=carrier,
        number=parsed_leg.number,
        feed=source,
        reported_by=told_by,
        next_check_at=None if told_by else now,
    )
    loaded.legs.append(leg)
    loaded.new_legs.append(leg)
    loaded.has_changed = True
    return leg


def fallback_feed(polled_leg: Leg, now: datetime) -> Carrier | None:
    """Return the feed to ask about a number whose carrier has none: an aggregator if any, for it knows the most."""
    if polled_leg.feed is not None and polled_leg.feed.adapter and polled_leg.feed.adapter_instance.is_aggregator:
        return polled_leg.feed
    feeds = Carrier.objects.pollable(now).order_by("pk")
    return next((feed for feed in feeds if feed.adapter_instance.is_aggregator), polled_leg.feed)


def sort_legs(loaded: LoadedShipment) -> None:
    """Number the legs in travel order.

    By their first known scan; one without any instant goes before the first leg that is farther on. Silent ones come
    last.
    """
    first_at: dict[int, datetime] = {}
    rank: dict[int, int] = {}
    for (leg_id, _), known in loaded.events.items():
        at, milestone = known.interpretation[OCCURRED_AT_INDEX], known.interpretation[MILESTONE_INDEX]
        rank[leg_id] = min(MILESTONE_RANKS.get(milestone, UNKNOWN_RANK), rank.get(leg_id, UNKNOWN_RANK))
        if at is not None:
            first_at[leg_id] = min(at, first_at.get(leg_id, at))

    def tie(leg: Leg) -> tuple[int, str, str]:
        return rank[leg.pk], leg.carrier.slug if leg.carrier else "", leg.number_key

    told = [leg for leg in loaded.legs if leg.pk in rank]
    ordered = sorted((leg for leg in told if leg.pk in first_at), key=lambda leg: (first_at[leg.pk], *tie(leg)))
    for leg in sorted((leg for leg in told if leg.pk not in first_at), key=tie):
        farther = (place for place, other in enumerate(ordered) if rank[other.pk] > rank[leg.pk])
        ordered.insert(next(farther, len(ordered)), leg)
    ordered += sorted((leg for leg in loaded.legs if leg.pk not in rank), key=lambda leg: (leg.position, leg.pk))
    assign_positions(loaded, ordered)


def assign_positions(loaded: LoadedShipment, ordered: list[Leg]) -> None:
    """Give the legs the places of this order."""
    loaded.legs[:] = ordered
    for position, leg in enumerate(ordered):
        if leg.position != position:
            leg.position = position
            loaded.reordered_legs.add(leg)
