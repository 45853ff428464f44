"""Parcels marked as delivered that the buyer does not have: where to search, and when the shop is informed.

Most of them turn up within a day: the scan came before the courier, a neighbour has the parcel, or it lies in a safe
place. So a report goes to the shop at the end of the next working day, and never less than 24 hours after delivery.
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
    """One thing to do before reporting; `name` is the form field that confirms it."""

    name: str
    label: str


class DeliveryProof(NamedTuple):
    """The delivery event as the carrier reported it; `lang` is the language of `text`."""

    scan: Scan
    text: str
    language: str
    event: Event


def reportable_at(delivered_at: datetime, zone: tzinfo) -> datetime:
    """Return when a missing parcel may be reported: the end of the next working day, 24 hours or more later."""
    local = delivered_at.astimezone(zone)
    day = local.date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return max(datetime.combine(day, WORKDAY_END, zone), delivered_at + MIN_WAIT)


def delivery_time_of(shipment: Shipment) -> datetime | None:
    """Return when a parcel was delivered, else when the report reached us; None if it is not delivered."""
    if shipment.milestone != Milestone.DELIVERED:
        return None
    return shipment.delivered_at or shipment.last_received_at


def can_report_missing(shipment: Shipment, now: datetime) -> bool:
    """Return whether a parcel is delivered, and recently enough (60 days) that a search can still find it."""
    delivered_at = delivery_time_of(shipment)
    return delivered_at is not None and now - delivered_at <= MAX_REPORT_AGE


def delivery_proof_of(events: Sequence[Event]) -> DeliveryProof | None:
    """Return the carrier's proof of delivery: the last delivery event; None if there is none."""
    event = next((event for event in reversed(events) if event.scan in DELIVERED_SCANS), None)
    return DeliveryProof(Scan(event.scan), event.text, event.language, event) if event else None


def search_steps(proof: DeliveryProof | None) -> list[SearchStep]:
    """Return the search steps, most successful first; the carrier may already have named a neighbour."""
    neighbours = _("I asked the neighbours.")
    if proof and proof.scan is Scan.DELIVERY_LEFT_WITH_NEIGHBOUR:
        neighbours = _("I asked the neighbours: the carrier says that one of them has it.")
    return [
        SearchStep("read_proof", _("I read what the carrier says about the delivery.")),
        SearchStep(
            "safe_places", _("I looked where parcels are left: door, mailbox, garage, garden, parcel box, reception.")
        ),
        SearchStep("household", _("I asked everyone in the household.")),
        SearchStep("neighbours", neighbours),
    ]
