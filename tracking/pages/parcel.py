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

from tracking.buyer_tasks.starts import startable
from tracking.ingest.carrier_correction import Offer
from tracking.localization import clocks, places, quantities
from tracking.localization.numbers import ordinal
from tracking.localization.reader import Reader
from tracking.models import Alert, Ask, Carrier, Event, Forecast, Leg, OrderLine, Shipment
from tracking.models.translations import translated
from tracking.pages.alerts import AlertRow, CustomsClock, alert_rows, customs_clock
from tracking.pages.answer import Answer, answer_for
from tracking.pages.carrier import offers
from tracking.timeline import in_order, told_once
from tracking.vocabulary import DELIVERED_SCANS, RANKS, AskKind, Milestone, Overlay, Scan

STAGES: Final = (
    (Milestone.INFO_RECEIVED, gettext_lazy("Prepared")),
    (Milestone.ACCEPTED, gettext_lazy("Shipped")),
    (Milestone.LINEHAUL, gettext_lazy("Between countries")),
    (Milestone.IMPORT_CUSTOMS, gettext_lazy("Customs")),
    (Milestone.LAST_MILE, gettext_lazy("Local delivery")),
    (Milestone.DELIVERED, gettext_lazy("Delivered")),
)
ABROAD: Final = (Milestone.LINEHAUL, Milestone.IMPORT_CUSTOMS)
OPEN_ROWS: Final = 4
ACCEPTED_SHOWN: Final = timedelta(days=14)


class Stage(NamedTuple):
    """One step of the progress bar; `state` is done, current or ahead."""

    label: str
    state: str


@dataclass(slots=True)
class Row:
    """One happening, with everybody who told of it."""

    event: Event
    time: clocks.Reading
    label: str
    place: str
    tellers: list[str]
    unknown: bool
    converted: list[quantities.Told]
    translation: str = ""
    nth: str = ""


@dataclass(slots=True)
class LegView:
    """One carrier's part of the way."""

    leg: Leg
    rows: list[Row] = field(default_factory=list)
    open_days: list[tuple[date | None, list[Row]]] = field(default_factory=list)
    more_days: list[tuple[date | None, list[Row]]] = field(default_factory=list)
    current: bool = False

    @property
    def more(self) -> int:
        """Return how many rows lie one tap away."""
        return sum(len(rows) for _, rows in self.more_days)


class Freshness(NamedTuple):
    """What we know about our own knowing. `due`: the next check is being made now; `down` a feed that does not answer,
    `silent` one that used to push and has stopped."""

    answered_at: datetime | None
    next_at: datetime | None
    due: bool
    down: Carrier | None
    silent: Carrier | None
    followed: bool


@dataclass(slots=True)
class ParcelView:
    """All that the parcel's fragment needs."""

    shipment: Shipment
    answer: Answer
    stages: list[Stage]
    legs: list[LegView]
    route: list[LegView]
    latest: Row | None
    freshness: Freshness
    lines: list[OrderLine]
    offers: list[Offer]
    alerts: list[AlertRow]
    customs: CustomsClock | None
    asks: list[Ask]
    starts: list[AskKind]


def parcels(shipments: Iterable[Shipment], reader: Reader, now: datetime) -> list[ParcelView]:
    """Return views of shipments that were fetched by `with_route`."""
    return [view(shipment, reader, now) for shipment in shipments]


def with_route() -> list[Prefetch[str]]:
    """Return what to prefetch so that a page needs one query each for legs, events, lines, forecasts, alarms, asks."""
    told = {"teller": F("payload__carrier"), "teller_name": F("payload__carrier__name")}
    events = Event.objects.annotate(leg_position=F("leg__position"), **told).order_by("leg", "sequence")
    legs = Leg.objects.select_related("carrier", "source").order_by("position", "pk")
    return [
        Prefetch("legs", legs),
        Prefetch("events", events),
        Prefetch("lines"),
        Prefetch("forecasts", Forecast.objects.shown()),
        Prefetch("alerts", Alert.objects.open()),
        Prefetch("asks", Ask.objects.shown(timezone.now() - ACCEPTED_SHOWN)),
    ]


def latest_of_each(asks: Iterable[Ask]) -> list[Ask]:
    """Return the latest ask of each kind, in the order given: what was settled before is history."""
    every = list(asks)
    latest = {ask.kind: ask.pk for ask in sorted(every, key=lambda ask: ask.pk)}
    return [ask for ask in every if latest[ask.kind] == ask.pk]


def view(shipment: Shipment, reader: Reader, now: datetime) -> ParcelView:
    """Return one parcel as the page shows it."""
    legs = without_shadows(list(shipment.legs.all()), {event.leg_id for event in shipment.events.all()})
    names = {leg.pk: str(leg.carrier) if leg.carrier else _("the carrier") for leg in legs}
    ordered = in_order(shipment.events.all())  # type: ignore[type-var]
    rows = [row_of(tellings, names, reader) for tellings in told_once(ordered)]  # type: ignore[type-var]
    translate_unknown(rows)
    number_attempts(rows, reader)
    final = Milestone(shipment.milestone) in Milestone.final()
    shown = sorted(latest_of_each(shipment.asks.all()), key=lambda ask: not ask.waits_for_buyer)
    leg_views = by_leg(legs, rows, final)
    known = [row for row in rows if not row.unknown]
    delivered_row = next((row for row in reversed(rows) if row.event.scan in DELIVERED_SCANS), None)
    last_scan = trouble_scan(shipment, known)
    fresh = freshness(list(shipment.legs.all()), now)
    return ParcelView(
        shipment=shipment,
        answer=answer_for(shipment, last_scan, delivered_row.time.day if delivered_row else None, reader, now),
        stages=stages(shipment),
        legs=sorted(reversed(leg_views), key=lambda leg: final and not leg.rows),
        route=leg_views,
        latest=rows[-1] if rows else None,
        freshness=fresh,
        lines=list(shipment.lines.all()),
        offers=offers(shipment) if not rows else [],
        alerts=alert_rows(shipment, last_scan, reader, now),
        customs=customs_clock(shipment, list(shipment.events.all()), fresh.next_at, reader, now),
        asks=shown,
        starts=[kind for kind in startable(shipment, now) if kind not in {ask.kind for ask in shown if not ask.ended}],
    )


def without_shadows(legs: Sequence[Leg], told: Collection[int]) -> list[Leg]:
    """Return the legs without those of no known carrier that only ask a second feed about another leg's number."""
    named = {leg.number_key for leg in legs if leg.carrier}
    return [leg for leg in legs if leg.carrier or leg.pk in told or leg.number_key not in named]


def row_of(tellings: Sequence[Event], names: dict[int, str], reader: Reader) -> Row:
    """Return the row of one happening; the first telling leads."""
    event = tellings[0]
    scan, time = Scan(event.scan), clocks.read_time(event, reader)
    return Row(
        event=event,
        time=time,
        label=str(scan.label),
        place=places.place_line(event.city, event.region, event.country, event.place, reader.locale),
        tellers=tellers(tellings, names),
        unknown=scan is Scan.UNMAPPED,
        converted=quantities.quantities(event.words, reader, on=time.day, country=event.country),
    )


def number_attempts(rows: Iterable[Row], reader: Reader) -> None:
    """Say of each failed attempt which one it was, where there was more than one."""
    failed = [row for row in rows if row.event.milestone == Milestone.ATTEMPT_FAILED]
    feminine = _("the word “attempt” is: m (masculine or neither), f (feminine)") == "f"
    for nth, row in enumerate(failed if len(failed) > 1 else (), start=1):
        row.nth = _("%(ordinal)s attempt") % {"ordinal": ordinal(nth, reader, feminine=feminine)}


def translate_unknown(rows: Iterable[Row]) -> None:
    """Put a machine's translation beside words that nobody knows, where the site has such a service."""
    unknown = [row for row in rows if row.unknown and row.event.words]
    if not settings.TRANSLATE_URL or not unknown:
        return
    known = translated({row.event.words for row in unknown}, get_language() or "")
    for row in unknown:
        row.translation = known.get(row.event.words, "")


def tellers(tellings: Sequence[Event], names: dict[int, str]) -> list[str]:
    """Return who told of one happening: the carriers, and the feeds where more than one told us."""
    carriers = [names[telling.leg_id] for telling in tellings]
    feeds = dict.fromkeys(telling.teller_name for telling in tellings if telling.teller_name)  # type: ignore[attr-defined]
    return list(dict.fromkeys([*carriers, *(feeds if len(feeds) > 1 else ())]))


def by_leg(legs: Sequence[Leg], rows: Sequence[Row], final: bool) -> list[LegView]:
    """Return the legs in travel order, each with its rows by day, newest first, a few of the newest leg's open."""
    views = {leg.pk: LegView(leg) for leg in legs}
    for row in reversed(rows):
        views[row.event.leg_id].rows.append(row)
    ordered = list(views.values())
    newest = next((view for view in reversed(ordered) if view.rows), None)
    for view in ordered:
        view.current = view is newest and not final
        shown = OPEN_ROWS if view is newest else 1
        view.open_days, view.more_days = by_day(view.rows[:shown]), by_day(view.rows[shown:])
    return ordered


def by_day(rows: Iterable[Row]) -> list[tuple[date | None, list[Row]]]:
    """Group neighbouring rows of one day."""
    return [(day, list(group)) for day, group in groupby(rows, key=lambda row: row.time.day)]


def trouble_scan(shipment: Shipment, rows: Sequence[Row]) -> str:
    """Return the scan that laid the present overlay, or ''."""
    if not shipment.overlay:
        return ""
    overlay = Overlay(shipment.overlay)
    return next((row.event.scan for row in reversed(rows) if row.event.milestone == overlay.value), "")


def stages(shipment: Shipment) -> list[Stage]:
    """Return the steps of the progress bar; a parcel that crosses no border has no border steps."""
    destination = shipment.order.country
    domestic = bool(shipment.origin_country) and shipment.origin_country == destination
    steps = [(milestone, label) for milestone, label in STAGES if not (domestic and milestone in ABROAD)]
    rank = RANKS.get(Milestone(shipment.milestone), 0)
    reached = [index for index, (milestone, _label) in enumerate(steps) if RANKS[milestone] <= rank]
    current = reached[-1] if reached else -1
    return [Stage(str(label), state_of(index, current)) for index, (_milestone, label) in enumerate(steps)]


def state_of(index: int, current: int) -> str:
    """Name the state of a step."""
    return "current" if index == current else "done" if index < current else "ahead"


def freshness(legs: Sequence[Leg], now: datetime) -> Freshness:
    """Return when we last heard, when we ask next, and whether a feed is down."""
    feeds = {leg.source for leg in legs if leg.source}
    heard = [at for leg in legs for at in (leg.last_answer_at,) if at]
    ahead = [leg.next_check_at for leg in legs if leg.next_check_at]
    down = next((feed for feed in feeds if feed.closed_until and feed.closed_until > now), None)
    silent = next((feed for feed in feeds if feed.silent_since and feed != down), None) if ahead else None
    next_at = min(ahead, default=None)
    due = next_at is not None and next_at <= now
    return Freshness(max(heard, default=None), next_at, due, down, silent, bool(ahead))
