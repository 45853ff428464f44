"""Alarms are watched for the parcels of a casebook: with the news, in the same transaction, and when time alone may
have changed something. A parcel without news costs nothing; each open parcel names the moment of its next look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from tracking.alerts import case as alarms
from tracking.alerts.limits import SHELF
from tracking.alerts.watch import Watched, store, watch
from tracking.ingest import buyer_tasks
from tracking.ingest.batch import Casebook
from tracking.ingest.late_risk import late_odds, promised_on
from tracking.ingest.loaded import AT, READ_FIELDS, Case
from tracking.ingest.notices import owe_for_news
from tracking.live import publish
from tracking.models import Alert, Event, Leg, Shipment, bulk
from tracking.models.locks import locked
from tracking.timeline import in_order
from tracking.vocabulary import AlertKind, Milestone, Overlay, Scan, Tracker, ZoneSource

AT_ONCE: Final = 500
SCAN, COUNTRY, LOCAL, PRECISION, ZONE_SOURCE = (
    READ_FIELDS.index(name) for name in ("scan", "country", "local", "precision", "zone_source")
)
SURE: Final = frozenset({ZoneSource.CARRIER_OFFSET, ZoneSource.CARRIER_EPOCH, ZoneSource.CARRIER_UTC, ZoneSource.PLACE})
Words = dict[tuple[int, str], tuple[str, float | None, float | None]]
"""The carrier's words and the coordinates of an event, by leg and fingerprint."""


class Placed(NamedTuple):
    """A step with what its place in the order depends on."""

    step: alarms.Step
    at: datetime | None
    leg_position: int
    teller: int | None
    sequence: int
    scan: str
    local: str
    precision: str
    country: str | None


def watch_moved(cases: Iterable[Case], now: datetime) -> list[Watched]:
    """Watch the parcels that news has moved; their next looks are set, to be saved with them."""
    return watch_cases([case for case in cases if case.moved], now)


def watch_cases(cases: list[Case], now: datetime) -> list[Watched]:
    """Open, update and close the alarms of these parcels and return what became of them, in the same order."""
    if not cases:
        return []
    known: defaultdict[int, list[Alert]] = defaultdict(list)
    for alert in Alert.objects.filter(shipment__in=[case.shipment.pk for case in cases]):
        known[alert.shipment_id].append(alert)
    words = words_of(cases)
    found = [watch_one(case, known[case.shipment.pk], words, now) for case in cases]
    store(found)
    return found


def watch_one(case: Case, known: list[Alert], words: Words, now: datetime) -> Watched:
    """Watch one parcel and set its next look."""
    kinds = frozenset(AlertKind(alert.kind) for alert in known if alert.closed_at is None)
    found = watch(case.shipment, alarm_case(case, words, kinds, now), known)
    case.shipment.look_at = found.look_at
    return found


def words_of(cases: list[Case]) -> Words:
    """Return the words and coordinates of all events: from memory for new ones, in one query for stored ones."""
    fresh = {
        (event.leg_id, event.fingerprint): (event.words, event.lat, event.lon) for case in cases for event in case.fresh
    }
    stored = [case.shipment.pk for case in cases if any(known.pk is not None for known in case.events.values())]
    if not stored:
        return fresh
    telling = Event.objects.filter(shipment__in=stored).exclude(words="", lat=None).order_by()
    names = ("leg_id", "fingerprint", "words", "lat", "lon")
    return fresh | {(leg, mark): (told, lat, lon) for leg, mark, told, lat, lon in telling.values_list(*names)}


def alarm_case(case: Case, words: Words, kinds: frozenset[AlertKind], now: datetime) -> alarms.Case:
    """Return what the rules need to know of one parcel."""
    shipment, order = case.shipment, case.shipment.order
    return alarms.Case(
        now=now,
        origin=shipment.origin_country,
        destination=order.country,
        ordered_at=order.placed_at,
        milestone=Milestone(shipment.milestone),
        overlay=Overlay(shipment.overlay) if shipment.overlay else None,
        steps=steps_of(case, words),
        limits=SHELF.current(),
        promised_on=promised_on(shipment),
        p_late=late_odds(shipment, now),
        feeds=tuple(feed_of(leg) for leg in case.legs if is_followed(leg)),
        open=kinds,
    )


def steps_of(case: Case, words: Words) -> tuple[alarms.Step, ...]:
    """Return the parcel's scans, oldest first."""
    positions = {leg.pk: leg.position for leg in case.legs}
    nothing: tuple[str, float | None, float | None] = ("", None, None)
    placed = []
    for (leg, mark), (_, sequence, teller, read) in case.events.items():
        told, lat, lon = words.get((leg, mark), nothing)
        sure = read[ZONE_SOURCE] in SURE and read[PRECISION] != "date"
        step = alarms.Step(Scan(read[SCAN]), read[AT], read[COUNTRY], told, positions[leg], sure, lat, lon)
        told_as = (teller, sequence, read[SCAN], read[LOCAL], read[PRECISION], read[COUNTRY])
        placed.append(Placed(step, read[AT], positions[leg], *told_as))
    return tuple(one.step for one in in_order(placed))


def is_followed(leg: Leg) -> bool:
    """Tell whether a leg has a feed that should tell news."""
    return leg.source is not None and leg.told_by_id is None and leg.tracker == Tracker.ACTIVE


def feed_of(leg: Leg) -> alarms.Feed:
    """Return a leg's feed and how well it is heard."""
    return alarms.Feed(str(leg.source), leg.last_answer_at, leg.next_check_at, leg.failures)


def due(now: datetime) -> list[int]:
    """Claim the parcels whose next look has come, the longest waiting first; none that another sweep has in hand."""
    waiting = locked(Shipment.objects.filter(look_at__lte=now).order_by("look_at"), skip=True)
    return list(waiting.values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic
def sweep(now: datetime) -> int:
    """Look at parcels whose next look is due, `AT_ONCE` at most, and return how many there were."""
    cases = list(Casebook.of(Q(pk__in=due(now))).cases.values())
    found = watch_cases(cases, now)
    bulk.update(Shipment, ("look_at",), [(case.shipment.pk, case.shipment.look_at) for case in cases])
    buyer_tasks.follow(found, now)
    owe_for_news((), found, now)
    pairs = zip(cases, found, strict=True)
    publish.ring_after_commit([case.shipment for case, one in pairs if one.opened or one.closed])
    return len(cases)
