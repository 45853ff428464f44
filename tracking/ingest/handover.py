"""One parcel, several carriers: told legs become leg rows, and a number told at a hand-over opens the next one.

Whatever order the answers come in, the same chain comes out. Where an aggregator first tells a carrier under the number
that was asked and later with that carrier's own number, both are one leg.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from tracking.carriers.directory import name_for
from tracking.carriers.parsed import ToldLeg, ToldParcel
from tracking.carriers.text_rules import next_number
from tracking.ingest.loaded import AT, MILESTONE, Case
from tracking.ingest.merge import merge_into
from tracking.models import Carrier, Leg
from tracking.models.fields import number_key
from tracking.polling import schedule
from tracking.vocabulary import RANKS, Milestone

MOST_SIGNS: Final = 64
"""Nothing longer is a tracking number; such a leg keeps the number that was asked."""
NO_RANK: Final = 100


def legs_for(asked: Leg, parcel: ToldParcel, now: datetime, case: Case, carriers: Mapping[str, Carrier]) -> list[Leg]:
    """Return a leg for each leg told, in the same order; make those that are missing.

    A leg with scans in this answer is told by `asked`. One that only a number tells of is asked itself, from `now` on,
    and so is one whose carrier's own feed is connected. An answer without any leg speaks of `asked` alone. `carriers`
    are those told, by slug.
    """
    told_legs = [with_number(told, asked, case) for told in parcel.legs or (ToldLeg("", "", parcel.number),)]
    told_here = {scan.leg for scan in parcel.scans}
    hear(asked, told_legs)
    found: dict[int, Leg] = {}
    for index in sorted(
        range(len(told_legs)), key=lambda place: number_key(told_legs[place].number) == asked.number_key
    ):
        told, carrier = told_legs[index], carriers.get(told_legs[index].carrier)
        leg = known_leg(case, asked, told, carrier)
        if leg is None:
            leg = open_leg(case, asked, told, carrier, told_here=index in told_here, now=now)
        else:
            learn_carrier(case, leg, carrier)
            follow_at_its_own(case, asked, leg, now)
        if stale := lent_leg(case, asked, leg):
            merge_into(case, stale, leg)
        found[index] = leg
    for number in numbers_in_words(parcel, case):
        open_leg(case, asked, ToldLeg("", "", number), None, told_here=False, now=now)
    return [found[index] for index in range(len(told_legs))]


def hear(asked: Leg, told_legs: Sequence[ToldLeg]) -> None:
    """Remember on the leg asked which carriers were told with another number than its own.

    One told with the asked number at another time had it only lent; told with both in one answer it has both.
    """
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for told in told_legs:
        numbers[told.carrier].add(number_key(told.number))
    told_so = [[slug, key] for slug, keys in numbers.items() if slug and keys != {asked.number_key} for key in keys]
    if unheard := [pair for pair in told_so if pair not in asked.heard]:
        asked.heard = sorted([*asked.heard, *unheard])
        asked.save(update_fields=["heard"])


def with_number(told: ToldLeg, asked: Leg, case: Case) -> ToldLeg:
    """Return a told leg with a number that can be one: a placeholder and the order's own are none."""
    return told if is_number(told.number, case) else told._replace(number=asked.number)


def is_number(text: str, case: Case) -> bool:
    """Tell whether a text can be a tracking number of this parcel."""
    key = number_key(text)
    fits = len(text) <= MOST_SIGNS and len(key) <= MOST_SIGNS and any(sign.isdigit() for sign in key)
    return fits and key != case.shipment.order.number_key


def numbers_in_words(parcel: ToldParcel, case: Case) -> Iterator[str]:
    """Yield the numbers that a carrier's words name for the next leg and that no leg has."""
    for scan in parcel.scans:
        number = next_number(scan.words)
        if number and is_number(number, case) and all(leg.number_key != number_key(number) for leg in case.legs):
            yield number


def carriers_for(legs: Sequence[ToldLeg]) -> dict[str, Carrier]:
    """Return the carrier rows of told legs by slug; a carrier never heard of gets a row with its name alone."""
    wanted = {leg.carrier: leg for leg in legs if leg.carrier}
    found = {carrier.slug: carrier for carrier in Carrier.objects.filter(slug__in=wanted)}
    for slug, leg in wanted.items():
        if slug not in found:
            found[slug], _ = Carrier.objects.get_or_create(
                slug=slug, defaults={"name": name_for(slug, leg.name)[:80], "country": leg.country or ""}
            )
    return found


def known_leg(case: Case, asked: Leg, told: ToldLeg, carrier: Carrier | None) -> Leg | None:
    """Find the row of a told leg: the same number and carrier; the number before its carrier was known; or, where an
    aggregator tells a carrier without that carrier's own number, the leg with that."""
    key = number_key(told.number)
    same_number = sorted((leg for leg in case.legs if leg.number_key == key), key=lambda leg: leg is not asked)
    if carrier is None:
        return next(iter(same_number), None)
    key = own_number(case, asked, carrier) if key == asked.number_key else key
    exact = (leg for leg in case.legs if leg.number_key == key and leg.carrier_id == carrier.pk)
    unnamed = (leg for leg in same_number if leg.carrier_id is None)
    return next(exact, None) or next(unnamed, None)


def own_number(case: Case, asked: Leg, carrier: Carrier) -> str:
    """Return the key of a carrier's own number, where answers tell it with the one that was asked: another if it was
    ever told with one."""
    same_number = [leg for leg in case.legs if leg.number_key == asked.number_key]
    if any(leg.source_id == carrier.pk for leg in same_number):
        return asked.number_key
    told = [key for leg in same_number for slug, key in leg.heard if slug == carrier.slug]
    return asked.number_key if asked.number_key in told else next(iter(told), asked.number_key)


def lent_leg(case: Case, asked: Leg, leg: Leg) -> Leg | None:
    """Return the leg of the same carrier under the asked number, where `leg` with the carrier's own takes its place."""
    if leg.carrier is None or leg.number_key == asked.number_key:
        return None
    if own_number(case, asked, leg.carrier) != leg.number_key:
        return None
    lent = (one for one in case.legs if one.carrier_id == leg.carrier_id and one.number_key == asked.number_key)
    return next(lent, None)


def learn_carrier(case: Case, leg: Leg, carrier: Carrier | None) -> None:
    """Note who carries a leg, once somebody tells."""
    if leg.carrier is None and carrier is not None:
        leg.carrier = carrier
        case.placed.add(leg)
        case.moved = True


def follow_at_its_own(case: Case, asked: Leg, leg: Leg, now: datetime) -> None:
    """Have a leg that was only told of asked itself, once its carrier's own feed is connected."""
    ended = Milestone(case.shipment.milestone) in Milestone.final()
    if leg.told_by_id is None or leg.number_key == asked.number_key or ended or not is_connected(leg.carrier):
        return
    leg.source = leg.carrier
    schedule.follow(leg, now)
    leg.save(update_fields=["source", "told_by", "registered_at", "failures", "trouble", "next_check_at"])


def is_connected(carrier: Carrier | None) -> bool:
    """Tell whether a carrier has a feed of its own that can be asked."""
    return carrier is not None and bool(carrier.adapter) and carrier.enabled


def open_leg(case: Case, asked: Leg, told: ToldLeg, carrier: Carrier | None, *, told_here: bool, now: datetime) -> Leg:
    """Make the row of a leg heard of for the first time."""
    other_number = number_key(told.number) != asked.number_key
    if is_connected(carrier) and (other_number or not told_here):
        source, told_by = carrier, None
    elif other_number and not told_here:
        source, told_by = feed_for_any(asked, now), None
    else:
        source, told_by = asked.source, asked
    leg = Leg.objects.create(
        shipment=asked.shipment,
        position=1 + max((one.position for one in case.legs), default=-1),
        carrier=carrier,
        number=told.number,
        source=source,
        told_by=told_by,
        next_check_at=None if told_by else now,
    )
    case.legs.append(leg)
    case.opened.append(leg)
    case.moved = True
    return leg


def feed_for_any(asked: Leg, now: datetime) -> Carrier | None:
    """Return the feed to ask about a number whose carrier has none: an aggregator if any, for it knows the most."""
    if asked.source is not None and asked.source.adapter and asked.source.feed.aggregates:
        return asked.source
    feeds = Carrier.objects.answering(now).order_by("pk")
    return next((feed for feed in feeds if feed.feed.aggregates), asked.source)


def put_in_order(case: Case) -> None:
    """Number the legs in travel order.

    By their first known scan; one without any instant goes before the first leg that is farther on. Silent ones come
    last.
    """
    first_at: dict[int, datetime] = {}
    rank: dict[int, int] = {}
    for (leg_id, _), known in case.events.items():
        at, milestone = known.reading[AT], known.reading[MILESTONE]
        rank[leg_id] = min(RANKS.get(milestone, NO_RANK), rank.get(leg_id, NO_RANK))
        if at is not None:
            first_at[leg_id] = min(at, first_at.get(leg_id, at))

    def tie(leg: Leg) -> tuple[int, str, str]:
        return rank[leg.pk], leg.carrier.slug if leg.carrier else "", leg.number_key

    told = [leg for leg in case.legs if leg.pk in rank]
    ordered = sorted((leg for leg in told if leg.pk in first_at), key=lambda leg: (first_at[leg.pk], *tie(leg)))
    for leg in sorted((leg for leg in told if leg.pk not in first_at), key=tie):
        farther = (place for place, other in enumerate(ordered) if rank[other.pk] > rank[leg.pk])
        ordered.insert(next(farther, len(ordered)), leg)
    ordered += sorted((leg for leg in case.legs if leg.pk not in rank), key=lambda leg: (leg.position, leg.pk))
    renumber(case, ordered)


def renumber(case: Case, ordered: list[Leg]) -> None:
    """Give the legs the places of this order."""
    case.legs[:] = ordered
    for position, leg in enumerate(ordered):
        if leg.position != position:
            leg.position = position
            case.placed.add(leg)
