"""Marked as delivered, but not there: what to look at first, and from when on the shop hears of it.

Most such parcels are found within a day: a scan came before the courier, a neighbour had it, it lay in a safe place. So
the shop is told from the end of the next working day on, and never before a full day has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tracking.models import Event, Shipment
from tracking.vocabulary import DELIVERED_SCANS, Milestone, Scan

WORKDAY_END: Final = time(18)
MIN_WAIT: Final = timedelta(hours=24)
MAX_REPORT_AGE: Final = timedelta(days=60)
SATURDAY: Final = 5


class SearchStep(NamedTuple):
    """One thing to do before the shop is told; `name` is the field that says that it was done."""

    name: str
    label: str


class DeliveryProof(NamedTuple):
    """What the carrier itself told of the delivery."""

    scan: Scan
    text: str
    lang: str
    event: Event


def reportable_at(delivered_at: datetime, zone: tzinfo) -> datetime:
    """Return from when on a missing parcel is reported: the end of the next working day there, at least a day later."""
    there = delivered_at.astimezone(zone)
    day = there.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return max(datetime.combine(day, WORKDAY_END, zone), delivered_at + MIN_WAIT)


def delivery_time_of(shipment: Shipment) -> datetime | None:
    """Return when a parcel was delivered; where its carrier told no instant, when we heard of it. None: it was not."""
    if shipment.milestone != Milestone.DELIVERED:
        return None
    return shipment.delivered_at or shipment.last_received_at


def can_report_missing(shipment: Shipment, now: datetime) -> bool:
    """Tell whether a parcel counts as delivered, and not so long ago that nothing can be found out any more."""
    delivered = delivery_time_of(shipment)
    return delivered is not None and now - delivered <= MAX_REPORT_AGE


def delivery_proof_of(events: Sequence[Event]) -> DeliveryProof | None:
    """Return the carrier's proof of delivery among a parcel's events."""
    event = next((one for one in reversed(events) if one.scan in DELIVERED_SCANS), None)
    return DeliveryProof(Scan(event.scan), event.text, event.language, event) if event else None


def search_steps(proof: DeliveryProof | None) -> list[SearchStep]:
    """Return what to look at, in the order in which parcels are found."""
    neighbours = _("I asked the neighbours.")
    if proof and proof.scan is Scan.DELIVERY_LEFT_WITH_NEIGHBOUR:
        neighbours = _("I asked the neighbours: the carrier says that one of them has it.")
    return [
        SearchStep("read_proof", _("I read what the carrier says about the delivery.")),
        SearchStep(
            "safe_places", _("I looked where parcels are left: door, mailbox, garage, garden, parcel box, reception.")
        ),
        SearchStep("household", _("I asked everybody in the household.")),
        SearchStep("neighbours", neighbours),
    ]
