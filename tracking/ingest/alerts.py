"""Refresh the alerts of loaded shipments: with new events, in the same transaction, and when only time has passed.

A shipment without new events costs nothing: `alerts_due_at` names the next instant at which time alone could open or
close one of its alerts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from tracking.alerts import snapshot
from tracking.alerts.dwell_limits import CACHED_DWELL_LIMITS
from tracking.alerts.lifecycle import AlertChanges, store_changes, update_alerts
from tracking.eta.late_risk import late_probability, promised_on
from tracking.ingest import buyer_tasks
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.loaded import EventKey, Interpretation, LoadedShipment
from tracking.ingest.notices import enqueue_event_notices
from tracking.live import publish
from tracking.models import Alert, Event, Leg, Shipment, bulk, raise_revisions
from tracking.vocabulary import AlertKind, FeedState, Milestone, Overlay, Precision, Scan, ZoneSource

BATCH_SIZE: Final = 500
RELIABLE_ZONE_SOURCES: Final = frozenset(
    {ZoneSource.CARRIER_OFFSET, ZoneSource.CARRIER_EPOCH, ZoneSource.CARRIER_UTC, ZoneSource.PLACE}
)


class EventDetails(NamedTuple):
    """What alerts need of an event beside its interpretation: the carrier's text and the coordinates."""

    text: str = ""
    lat: float | None = None
    lon: float | None = None


NO_DETAILS: Final = EventDetails()


def refresh_changed_alerts(loaded_shipments: Iterable[LoadedShipment], now: datetime) -> list[AlertChanges]:
    """Refresh the alerts of the shipments that have changed; set when to look next, to be saved with them."""
    return refresh_alerts([loaded for loaded in loaded_shipments if loaded.has_changed], now)


def refresh_alerts(loaded_shipments: list[LoadedShipment], now: datetime) -> list[AlertChanges]:
    """Open, update and close the alerts of these shipments; return the changes, in the same order."""
    if not loaded_shipments:
        return []
    alerts: defaultdict[int, list[Alert]] = defaultdict(list)
    for alert in Alert.objects.filter(shipment__in=[loaded.shipment.pk for loaded in loaded_shipments]):
        alerts[alert.shipment_id].append(alert)
    details = load_event_details(loaded_shipments)
    changes = [refresh_shipment_alerts(loaded, alerts[loaded.shipment.pk], details, now) for loaded in loaded_shipments]
    store_changes(changes)
    return changes


def refresh_shipment_alerts(
    loaded: LoadedShipment, stored_alerts: list[Alert], details: dict[EventKey, EventDetails], now: datetime
) -> AlertChanges:
    """Refresh the alerts of one shipment and set when time alone may change them next."""
    open_kinds = frozenset(AlertKind(alert.kind) for alert in stored_alerts if alert.closed_at is None)
    changes = update_alerts(loaded.shipment, build_snapshot(loaded, details, open_kinds, now), stored_alerts)
    loaded.shipment.alerts_due_at = changes.alerts_due_at
    return changes


def load_event_details(loaded_shipments: list[LoadedShipment]) -> dict[EventKey, EventDetails]:
    """Return the details of all events: new and reworded ones from memory, the others by one query."""
    new = {
        event.key: EventDetails(event.text, event.lat, event.lon)
        for loaded in loaded_shipments
        for event in chain(loaded.new_events, loaded.rewritten_events.values())
    }
    shipment_ids = [
        loaded.shipment.pk
        for loaded in loaded_shipments
        if any(event.pk is not None for event in loaded.events.values())
    ]
    if not shipment_ids:
        return new
    events = Event.objects.filter(shipment__in=shipment_ids).exclude(text="", lat=None).order_by()
    rows = events.values_list("leg_id", "fingerprint", "text", "lat", "lon")
    return {(leg_id, fingerprint): EventDetails(text, lat, lon) for leg_id, fingerprint, text, lat, lon in rows} | new


def build_snapshot(
    loaded: LoadedShipment,
    details: dict[EventKey, EventDetails],
    open_kinds: frozenset[AlertKind],
    now: datetime,
) -> snapshot.ShipmentSnapshot:
    """Return what the alert rules need to know of one shipment."""
    shipment, order = loaded.shipment, loaded.shipment.order
    events = build_snapshot_events(loaded, details)
    return snapshot.ShipmentSnapshot(
        now=now,
        origin=shipment.origin_country,
        destination=order.country,
        ordered_at=order.placed_at,
        milestone=Milestone(shipment.milestone),
        overlay=Overlay(shipment.overlay) if shipment.overlay else None,
        events=events,
        limits=CACHED_DWELL_LIMITS.get(),
        promised_on=promised_on(shipment),
        late_probability=late_probability(shipment, now),
        feeds=tuple(feed_health(leg) for leg in loaded.legs if is_polled(leg)),
        open_kinds=open_kinds,
        is_cancelled=shipment.cancelled_at is not None,
        is_untracked=shipment.is_untracked,
        delivery_withdrawn_at=shipment.delivery_withdrawn_at,
        delivery_doubted_at=shipment.delivery_doubted_at,
        stated_problem=find_stated_loss(loaded, events),
        has_other_parcel=shipment.has_other_parcel,
        is_sent_again=any(step.is_sent_again for step in loaded.statements),
    )


def find_stated_loss(loaded: LoadedShipment, events: Sequence[snapshot.SnapshotEvent]) -> snapshot.SnapshotEvent | None:
    """Return the loss that is the parcel's problem, if an operator stated it and no carrier reports one."""
    losses = [step for step in loaded.statements if step.scan is Scan.EXCEPTION_LOST]
    if loaded.shipment.problem_scan != Scan.EXCEPTION_LOST or not losses:
        return None
    if any(event.scan is Scan.EXCEPTION_LOST for event in events):
        return None
    return snapshot.SnapshotEvent(Scan.EXCEPTION_LOST, max(step.occurred_at for step in losses if step.occurred_at))


def build_snapshot_events(
    loaded: LoadedShipment, details: dict[EventKey, EventDetails]
) -> tuple[snapshot.SnapshotEvent, ...]:
    """Return the events of a shipment as the alert rules see them, oldest first."""
    found = []
    for step in loaded.counted_steps():
        assert step.event_key is not None
        text, lat, lon = details.get(step.event_key, NO_DETAILS)
        trusted = is_time_trusted(loaded.events[step.event_key].interpretation)
        found.append(
            snapshot.SnapshotEvent(
                step.scan, step.occurred_at, step.country or "", text, step.leg_position, trusted, lat, lon
            )
        )
    return tuple(found)


def is_time_trusted(interpretation: Interpretation) -> bool:
    """Return whether an event's time can be trusted to the minute."""
    return interpretation.zone_source in RELIABLE_ZONE_SOURCES and interpretation.precision != Precision.DATE


def is_polled(leg: Leg) -> bool:
    """Return whether a leg has an active feed of its own."""
    is_own = leg.feed is not None and leg.reported_by_id is None and leg.removed_at is None
    return is_own and leg.feed_state == FeedState.ACTIVE


def feed_health(leg: Leg) -> snapshot.FeedHealth:
    """Return the feed of a leg with its last answer, next check and failures."""
    return snapshot.FeedHealth(str(leg.feed), leg.last_answer_at, leg.next_check_at, leg.consecutive_failures)


@transaction.atomic
def check_due_alerts(now: datetime) -> int:
    """Refresh the alerts that are due, of `BATCH_SIZE` shipments at most; return of how many."""
    loaded_shipments = list(
        ShipmentBatch.matching(Q(pk__in=Shipment.objects.lock_due("alerts_due_at", now, BATCH_SIZE))).loaded.values()
    )
    changes = refresh_alerts(loaded_shipments, now)
    bulk.update_rows(
        Shipment,
        ("alerts_due_at",),
        [(loaded.shipment.pk, loaded.shipment.alerts_due_at) for loaded in loaded_shipments],
    )
    buyer_tasks.sync_buyer_tasks(changes, now)
    enqueue_event_notices((), changes, now)
    pairs = zip(loaded_shipments, changes, strict=True)
    changed = [loaded.shipment for loaded, change in pairs if change.opened or change.closed]
    raise_revisions(shipment.pk for shipment in changed)
    publish.publish_after_commit(changed)
    return len(loaded_shipments)
