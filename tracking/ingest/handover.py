"""One parcel, several carriers: told legs become leg rows, and a number told at a hand-over opens the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from tracking.carriers.directory import name_for
from tracking.carriers.told import ToldLeg, ToldParcel
from tracking.ingest.case import Case
from tracking.models import Carrier, Leg
from tracking.models.fields import number_key

MOST_SIGNS: Final = 64
"""Nothing longer is a tracking number; such a leg keeps the number that was asked."""


def legs_for(asked: Leg, parcel: ToldParcel, now: datetime, case: Case, carriers: Mapping[str, Carrier]) -> list[Leg]:
    """Return a leg for each leg told, in the same order; make those that are missing.

    A leg with scans in this answer is told by `asked`. One that only a number tells of is asked itself, from `now` on.
    An answer without any leg speaks of `asked` alone. `carriers` are those told, by slug.
    """
    mine = case.legs
    told_legs = [
        told if len(told.number) <= MOST_SIGNS else told._replace(number=asked.number)
        for told in parcel.legs or (ToldLeg("", "", parcel.number),)
    ]
    told_here = {scan.leg for scan in parcel.scans}
    found: list[Leg] = []
    for index, told in enumerate(told_legs):
        carrier = carriers.get(told.carrier)
        leg = known_leg(mine, told, carrier, parcel.number)
        if leg is None:
            leg = open_leg(asked, told, carrier, len(mine), None if index in told_here else now)
            mine.append(leg)
        elif leg.carrier is None and carrier is not None:
            leg.carrier = carrier
            case.placed.add(leg)
        found.append(leg)
    return found


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


def known_leg(mine: list[Leg], told: ToldLeg, carrier: Carrier | None, number: str) -> Leg | None:
    """Find the row of a told leg: the same number and carrier; the number before its carrier was known; or, where an
    aggregator tells a carrier without that carrier's own number, the carrier's one leg."""
    key = number_key(told.number)
    same_number = [leg for leg in mine if leg.number_key == key]
    if carrier is None:
        return next(iter(same_number), None)
    exact = next((leg for leg in same_number if leg.carrier_id == carrier.pk), None)
    unnamed = next((leg for leg in same_number if leg.carrier_id is None), None)
    if exact or unnamed:
        return exact or unnamed
    same_carrier = [leg for leg in mine if leg.carrier_id == carrier.pk]
    return same_carrier[0] if told.number == number and len(same_carrier) == 1 else None


def open_leg(asked: Leg, told: ToldLeg, carrier: Carrier | None, position: int, ask_at: datetime | None) -> Leg:
    """Make the row of a leg heard of for the first time."""
    direct = carrier if carrier and carrier.adapter and carrier.enabled else None
    return Leg.objects.create(
        shipment=asked.shipment,
        position=position,
        carrier=carrier,
        number=told.number,
        source=direct or asked.source,
        told_by=None if ask_at else asked,
        next_check_at=ask_at,
    )


def put_in_order(case: Case) -> None:
    """Number the legs by their first known scan, silent ones last."""
    first_at: dict[int, datetime] = {}
    for leg_id, at in case.instants():
        first_at[leg_id] = min(at, first_at.get(leg_id, at))
    never = case.shipment.created_at
    case.legs.sort(key=lambda leg: (leg.pk not in first_at, first_at.get(leg.pk, never), leg.position, leg.pk))
    for position, leg in enumerate(case.legs):
        if leg.position != position:
            leg.position = position
            case.placed.add(leg)
