"""A parcel as its page shows it: answer, stages, legs with days and rows, freshness. A constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import F, Prefetch
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tracking.buyer_tasks.available_requests import available_requests
from tracking.ingest.carrier_correction import CarrierOption
from tracking.localization import datetimes, places, quantities
from tracking.localization.numbers import format_ordinal
from tracking.localization.reader import Reader
from tracking.models import Alert, BuyerTask, Carrier, Event, Forecast, Leg, OrderLine, Shipment
from tracking.models.translations import find_translations
from tracking.pages.alerts import AlertRow, CustomsProgress, alert_rows, customs_progress
from tracking.pages.carrier_choice import carrier_options
from tracking.pages.status_summary import StatusSummary, summarize_status
from tracking.timeline import merge_duplicates, sort_scans
from tracking.vocabulary import DELIVERED_SCANS, MILESTONE_RANKS, BuyerTaskKind, Milestone, Overlay, Scan

PROGRESS_STAGES: Final = (
    (Milestone.INFO_RECEIVED, gettext_lazy("Prepared")),
    (Milestone.ACCEPTED, gettext_lazy("Shipped")),
    (Milestone.LINEHAUL, gettext_lazy("Between countries")),
    (Milestone.IMPORT_CUSTOMS, gettext_lazy("Customs")),
    (Milestone.LAST_MILE, gettext_lazy("Local delivery")),
    (Milestone.DELIVERED, gettext_lazy("Delivered")),
)
CROSS_BORDER_MILESTONES: Final = (Milestone.LINEHAUL, Milestone.IMPORT_CUSTOMS)
MAX_OPEN_ROWS: Final = 4
ACCEPTED_VISIBLE_FOR: Final = timedelta(days=14)


class ProgressStage(NamedTuple):
    """One step of the progress bar; `state` is done, current or ahead."""

    label: str
    state: str


@dataclass(slots=True)
class TimelineRow:
    """One happening, with everybody who told of it."""

    event: Event
    time: datetimes.LocalizedTime
    label: str
    place: str
    reported_by: list[str]
    is_unmapped: bool
    conversions: list[quantities.ConvertedQuantity]
    translation: str = ""
    attempt_label: str = ""


@dataclass(slots=True)
class LegView:
    """One carrier's part of the way."""

    leg: Leg
    rows: list[TimelineRow] = field(default_factory=list)
    visible_days: list[tuple[date | None, list[TimelineRow]]] = field(default_factory=list)
    collapsed_days: list[tuple[date | None, list[TimelineRow]]] = field(default_factory=list)
    is_current: bool = False

    @property
    def collapsed_count(self) -> int:
        """Return how many rows lie one tap away."""
        return sum(len(rows) for _, rows in self.collapsed_days)


class Freshness(NamedTuple):
    """What we know about our own knowing. `due`: the next check is being made now; `down` a feed that does not answer,
    `silent` one that used to push and has stopped."""

    answered_at: datetime | None
    next_check_at: datetime | None
    is_check_due: bool
    failing_feed: Carrier | None
    silent_feed: Carrier | None
    is_followed: bool


@dataclass(slots=True)
class ParcelView:
    """All that the parcel's fragment needs."""

    shipment: Shipment
    summary: StatusSummary
    stages: list[ProgressStage]
    legs: list[LegView]
    route: list[LegView]
    latest_row: TimelineRow | None
    freshness: Freshness
    lines: list[OrderLine]
    carrier_options: list[CarrierOption]
    alerts: list[AlertRow]
    customs_progress: CustomsProgress | None
    buyer_tasks: list[BuyerTask]
    available_requests: list[BuyerTaskKind]


def build_parcel_views(shipments: Iterable[Shipment], reader: Reader, now: datetime) -> list[ParcelView]:
    """Return views of shipments that were fetched by `with_route`."""
    return [build_parcel_view(shipment, reader, now) for shipment in shipments]


def parcel_prefetches() -> list[Prefetch[str]]:
    """Return what to prefetch so that a page needs one query each for legs, events, lines, forecasts, alarms, asks."""
    told = {"feed_id": F("payload__carrier"), "feed_name": F("payload__carrier__name")}
    events = Event.objects.annotate(leg_position=F("leg__position"), **told).order_by("leg", "sequence")
    legs = Leg.objects.select_related("carrier", "feed").order_by("position", "pk")
    return [
        Prefetch("legs", legs),
        Prefetch("events", events),
        Prefetch("lines"),
        Prefetch("forecasts", Forecast.objects.shown()),
        Prefetch("alerts", Alert.objects.open()),
        Prefetch("buyer_tasks", BuyerTask.objects.visible_to_buyer(timezone.now() - ACCEPTED_VISIBLE_FOR)),
    ]


def latest_of_each_kind(buyer_tasks: Iterable[BuyerTask]) -> list[BuyerTask]:
    """Return the latest ask of each kind, in the order given: what was settled before is history."""
    every = list(buyer_tasks)
    latest = {ask.kind: ask.pk for ask in sorted(every, key=lambda ask: ask.pk)}
    return [ask for ask in every if latest[ask.kind] == ask.pk]


def build_parcel_view(shipment: Shipment, reader: Reader, now: datetime) -> ParcelView:
    """Return one parcel as the page shows it."""
    legs = without_duplicate_legs(list(shipment.legs.all()), {event.leg_id for event in shipment.events.all()})
    names = {leg.pk: str(leg.carrier) if leg.carrier else _("the carrier") for leg in legs}
    ordered = sort_scans(shipment.events.all())  # type: ignore[type-var]
    rows = [timeline_row(tellings, names, reader) for tellings in merge_duplicates(ordered)]  # type: ignore[type-var]
    translate_unmapped(rows)
    label_attempts(rows, reader)
    final = Milestone(shipment.milestone) in Milestone.final()
    shown = sorted(latest_of_each_kind(shipment.buyer_tasks.all()), key=lambda ask: not ask.is_waiting_for_buyer)
    leg_views = group_by_leg(legs, rows, final)
    known = [row for row in rows if not row.is_unmapped]
    delivered_row = next((row for row in reversed(rows) if row.event.scan in DELIVERED_SCANS), None)
    last_scan = overlay_scan(shipment, known)
    fresh = build_freshness(list(shipment.legs.all()), now)
    return ParcelView(
        shipment=shipment,
        summary=summarize_status(shipment, last_scan, delivered_row.time.day if delivered_row else None, reader, now),
        stages=progress_stages(shipment),
        legs=sorted(reversed(leg_views), key=lambda leg: final and not leg.rows),
        route=leg_views,
        latest_row=rows[-1] if rows else None,
        freshness=fresh,
        lines=list(shipment.lines.all()),
        carrier_options=carrier_options(shipment) if not rows else [],
        alerts=alert_rows(shipment, last_scan, reader, now),
        customs_progress=customs_progress(shipment, list(shipment.events.all()), fresh.next_check_at, reader, now),
        buyer_tasks=shown,
        available_requests=[
            kind
            for kind in available_requests(shipment, now)
            if kind not in {ask.kind for ask in shown if not ask.is_final}
        ],
    )


def without_duplicate_legs(legs: Sequence[Leg], legs_with_events: Collection[int]) -> list[Leg]:
    """Return the legs without those of no known carrier that only ask a second feed about another leg's number."""
    named = {leg.number_key for leg in legs if leg.carrier}
    return [leg for leg in legs if leg.carrier or leg.pk in legs_with_events or leg.number_key not in named]


def timeline_row(reports: Sequence[Event], carrier_names: dict[int, str], reader: Reader) -> TimelineRow:
    """Return the row of one happening; the first telling leads."""
    event = reports[0]
    scan, time = Scan(event.scan), datetimes.localize_time(event, reader)
    return TimelineRow(
        event=event,
        time=time,
        label=str(scan.label),
        place=places.format_place(event.city, event.region, event.country, event.raw_place, reader.locale),
        reported_by=reporter_names(reports, carrier_names),
        is_unmapped=scan is Scan.UNMAPPED,
        conversions=quantities.convert_quantities(event.text, reader, local_date=time.day, country=event.country),
    )


def label_attempts(rows: Iterable[TimelineRow], reader: Reader) -> None:
    """Say of each failed attempt which one it was, where there was more than one."""
    failed = [row for row in rows if row.event.milestone == Milestone.ATTEMPT_FAILED]
    feminine = _("the word “attempt” is: m (masculine or neither), f (feminine)") == "f"
    for nth, row in enumerate(failed if len(failed) > 1 else (), start=1):
        row.attempt_label = _("%(ordinal)s attempt") % {"ordinal": format_ordinal(nth, reader, feminine=feminine)}


def translate_unmapped(rows: Iterable[TimelineRow]) -> None:
    """Put a machine's translation beside words that nobody knows, where the site has such a service."""
    unknown = [row for row in rows if row.is_unmapped and row.event.text]
    if not settings.TRANSLATE_URL or not unknown:
        return
    known = find_translations({row.event.text for row in unknown}, get_language() or "")
    for row in unknown:
        row.translation = known.get(row.event.text, "")


def reporter_names(reports: Sequence[Event], carrier_names: dict[int, str]) -> list[str]:
    """Return who told of one happening: the carriers, and the feeds where more than one told us."""
    carriers = [carrier_names[telling.leg_id] for telling in reports]
    feeds = dict.fromkeys(telling.feed_name for telling in reports if telling.feed_name)  # type: ignore[attr-defined]
    return list(dict.fromkeys([*carriers, *(feeds if len(feeds) > 1 else ())]))


def group_by_leg(legs: Sequence[Leg], rows: Sequence[TimelineRow], is_final: bool) -> list[LegView]:
    """Return the legs in travel order, each with its rows by day, newest first, a few of the newest leg's open."""
    views = {leg.pk: LegView(leg) for leg in legs}
    for row in reversed(rows):
        views[row.event.leg_id].rows.append(row)
    ordered = list(views.values())
    newest = next((view for view in reversed(ordered) if view.rows), None)
    for view in ordered:
        view.is_current = view is newest and not is_final
        shown = MAX_OPEN_ROWS if view is newest else 1
        view.visible_days, view.collapsed_days = group_by_day(view.rows[:shown]), group_by_day(view.rows[shown:])
    return ordered


def group_by_day(rows: Iterable[TimelineRow]) -> list[tuple[date | None, list[TimelineRow]]]:
    """Group neighbouring rows of one day."""
    return [(day, list(group)) for day, group in groupby(rows, key=lambda row: row.time.day)]


def overlay_scan(shipment: Shipment, rows: Sequence[TimelineRow]) -> str:
    """Return the scan that laid the present overlay, or ''."""
    if not shipment.overlay:
        return ""
    overlay = Overlay(shipment.overlay)
    return next((row.event.scan for row in reversed(rows) if row.event.milestone == overlay.value), "")


def progress_stages(shipment: Shipment) -> list[ProgressStage]:
    """Return the steps of the progress bar; a parcel that crosses no border has no border steps."""
    destination = shipment.order.country
    domestic = bool(shipment.origin_country) and shipment.origin_country == destination
    steps = [
        (milestone, label)
        for milestone, label in PROGRESS_STAGES
        if not (domestic and milestone in CROSS_BORDER_MILESTONES)
    ]
    rank = MILESTONE_RANKS.get(Milestone(shipment.milestone), 0)
    reached = [index for index, (milestone, _label) in enumerate(steps) if MILESTONE_RANKS[milestone] <= rank]
    current = reached[-1] if reached else -1
    return [ProgressStage(str(label), stage_state(index, current)) for index, (_milestone, label) in enumerate(steps)]


def stage_state(index: int, current: int) -> str:
    """Name the state of a step."""
    return "current" if index == current else "done" if index < current else "ahead"


def build_freshness(legs: Sequence[Leg], now: datetime) -> Freshness:
    """Return when we last heard, when we ask next, and whether a feed is down."""
    feeds = {leg.feed for leg in legs if leg.feed}
    heard = [at for leg in legs for at in (leg.last_answer_at,) if at]
    ahead = [leg.next_check_at for leg in legs if leg.next_check_at]
    down = next((feed for feed in feeds if feed.circuit_open_until and feed.circuit_open_until > now), None)
    silent = next((feed for feed in feeds if feed.webhooks_silent_since and feed != down), None) if ahead else None
    next_at = min(ahead, default=None)
    due = next_at is not None and next_at <= now
    return Freshness(max(heard, default=None), next_at, due, down, silent, bool(ahead))
