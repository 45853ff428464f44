"""Alarms are watched for the parcels of a casebook: with the news, in the same transaction, and when time alone may
have changed something. A parcel without news costs nothing; each open parcel names the moment of its next look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from tracking.alerts import snapshot as alarms
from tracking.alerts.dwell_limits import CACHED_DWELL_LIMITS
from tracking.alerts.lifecycle import AlertChanges, store_changes, update_alerts
from tracking.ingest import buyer_tasks
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.late_risk import late_probability, promised_on
from tracking.ingest.loaded import INTERPRETATION_FIELDS, OCCURRED_AT_INDEX, LoadedShipment
from tracking.ingest.notices import enqueue_event_notices
from tracking.live import publish
from tracking.models import Alert, Event, Leg, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.timeline import sort_scans
from tracking.vocabulary import AlertKind, FeedState, Milestone, Overlay, Scan, ZoneSource

BATCH_SIZE: Final = 500
SCAN_INDEX, COUNTRY_INDEX, LOCAL_TIME_INDEX, PRECISION_INDEX, ZONE_SOURCE_INDEX = (
    INTERPRETATION_FIELDS.index(name) for name in ("scan", "country", "local_time", "precision", "zone_source")
)
RELIABLE_ZONE_SOURCES: Final = frozenset(
    {ZoneSource.CARRIER_OFFSET, ZoneSource.CARRIER_EPOCH, ZoneSource.CARRIER_UTC, ZoneSource.PLACE}
)
TextsAndCoordinates = dict[tuple[int, str], tuple[str, float | None, float | None]]
"""The carrier's words and the coordinates of an event, by leg and fingerprint."""


class SortableEvent(NamedTuple):
    """A step with what its place in the order depends on."""

    event: alarms.SnapshotEvent
    occurred_at: datetime | None
    leg_position: int
    feed_id: int | None
    sequence: int
    scan: str
    local_time: str
    precision: str
    country: str | None


def refresh_changed_alerts(loaded_shipments: Iterable[LoadedShipment], now: datetime) -> list[AlertChanges]:
    """Watch the parcels that news has moved; their next looks are set, to be saved with them."""
    return refresh_alerts([case for case in loaded_shipments if case.has_changed], now)


def refresh_alerts(loaded_shipments: list[LoadedShipment], now: datetime) -> list[AlertChanges]:
    """Open, update and close the alarms of these parcels and return what became of them, in the same order."""
    if not loaded_shipments:
        return []
    known: defaultdict[int, list[Alert]] = defaultdict(list)
    for alert in Alert.objects.filter(shipment__in=[case.shipment.pk for case in loaded_shipments]):
        known[alert.shipment_id].append(alert)
    words = load_texts_and_coordinates(loaded_shipments)
    found = [refresh_shipment_alerts(case, known[case.shipment.pk], words, now) for case in loaded_shipments]
    store_changes(found)
    return found


def refresh_shipment_alerts(
    loaded: LoadedShipment, stored_alerts: list[Alert], texts: TextsAndCoordinates, now: datetime
) -> AlertChanges:
    """Watch one parcel and set its next look."""
    kinds = frozenset(AlertKind(alert.kind) for alert in stored_alerts if alert.closed_at is None)
    found = update_alerts(loaded.shipment, build_snapshot(loaded, texts, kinds, now), stored_alerts)
    loaded.shipment.alerts_due_at = found.alerts_due_at
    return found


def load_texts_and_coordinates(loaded_shipments: list[LoadedShipment]) -> TextsAndCoordinates:
    """Return the words and coordinates of all events: from memory for new ones, in one query for stored ones."""
    fresh = {
        (event.leg_id, event.fingerprint): (event.text, event.lat, event.lon)
        for case in loaded_shipments
        for event in case.new_events
    }
    stored = [
        case.shipment.pk for case in loaded_shipments if any(known.pk is not None for known in case.events.values())
    ]
    if not stored:
        return fresh
    telling = Event.objects.filter(shipment__in=stored).exclude(text="", lat=None).order_by()
    names = ("leg_id", "fingerprint", "text", "lat", "lon")
    return fresh | {(leg, mark): (told, lat, lon) for leg, mark, told, lat, lon in telling.values_list(*names)}


def build_snapshot(
    loaded: LoadedShipment, texts: TextsAndCoordinates, open_kinds: frozenset[AlertKind], now: datetime
) -> alarms.ShipmentSnapshot:
    """Return what the rules need to know of one parcel."""
    shipment, order = loaded.shipment, loaded.shipment.order
    return alarms.ShipmentSnapshot(
        now=now,
        origin=shipment.origin_country,
        destination=order.country,
        ordered_at=order.placed_at,
        milestone=Milestone(shipment.milestone),
        overlay=Overlay(shipment.overlay) if shipment.overlay else None,
        events=build_snapshot_events(loaded, texts),
        limits=CACHED_DWELL_LIMITS.get(),
        promised_on=promised_on(shipment),
        late_probability=late_probability(shipment, now),
        feeds=tuple(feed_health(leg) for leg in loaded.legs if is_polled(leg)),
        open_kinds=open_kinds,
    )


def build_snapshot_events(loaded: LoadedShipment, texts: TextsAndCoordinates) -> tuple[alarms.SnapshotEvent, ...]:
    """Return the parcel's scans, oldest first."""
    positions = {leg.pk: leg.position for leg in loaded.legs}
    nothing: tuple[str, float | None, float | None] = ("", None, None)
    placed = []
    for (leg, mark), (_, sequence, teller, read) in loaded.events.items():
        told, lat, lon = texts.get((leg, mark), nothing)
        sure = read[ZONE_SOURCE_INDEX] in RELIABLE_ZONE_SOURCES and read[PRECISION_INDEX] != "date"
        step = alarms.SnapshotEvent(
            Scan(read[SCAN_INDEX]), read[OCCURRED_AT_INDEX], read[COUNTRY_INDEX], told, positions[leg], sure, lat, lon
        )
        told_as = (
            teller,
            sequence,
            read[SCAN_INDEX],
            read[LOCAL_TIME_INDEX],
            read[PRECISION_INDEX],
            read[COUNTRY_INDEX],
        )
        placed.append(SortableEvent(step, read[OCCURRED_AT_INDEX], positions[leg], *told_as))
    return tuple(one.event for one in sort_scans(placed))


def is_polled(leg: Leg) -> bool:
    """Tell whether a leg has a feed that should tell news."""
    return leg.feed is not None and leg.reported_by_id is None and leg.feed_state == FeedState.ACTIVE


def feed_health(leg: Leg) -> alarms.FeedHealth:
    """Return a leg's feed and how well it is heard."""
    return alarms.FeedHealth(str(leg.feed), leg.last_answer_at, leg.next_check_at, leg.consecutive_failures)


def lock_due_shipments(now: datetime) -> list[int]:
    """Claim the parcels whose next look has come, the longest waiting first; none that another sweep has in hand."""
    waiting = lock_rows(Shipment.objects.filter(alerts_due_at__lte=now).order_by("alerts_due_at"), skip_locked=True)
    return list(waiting.values_list("pk", flat=True)[:BATCH_SIZE])


@transaction.atomic
def check_due_alerts(now: datetime) -> int:
    """Look at parcels whose next look is due, `AT_ONCE` at most, and return how many there were."""
    cases = list(ShipmentBatch.matching(Q(pk__in=lock_due_shipments(now))).loaded.values())
    found = refresh_alerts(cases, now)
    bulk.update_rows(Shipment, ("alerts_due_at",), [(case.shipment.pk, case.shipment.alerts_due_at) for case in cases])
    buyer_tasks.sync_buyer_tasks(found, now)
    enqueue_event_notices((), found, now)
    pairs = zip(cases, found, strict=True)
    publish.publish_after_commit([case.shipment for case, one in pairs if one.opened or one.closed])
    return len(cases)
