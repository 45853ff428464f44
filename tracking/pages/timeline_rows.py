"""The timeline of a parcel: events merged into rows, rows grouped by leg and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracking.localization import datetimes, places, quantities
from tracking.localization.numbers import format_ordinal
from tracking.localization.reader import Reader
from tracking.models import Event, Leg, Shipment
from tracking.models.translations import find_translations
from tracking.timeline import merge_duplicates, sort_scans
from tracking.vocabulary import Exclusion, Milestone, Scan

MAX_OPEN_ROWS: Final = 3


@dataclass(slots=True)
class TimelineRow:
    """One scan, with everybody who reported it; `event` is the best report.

    `attempt_label` numbers a failed delivery attempt; `translation` is a machine's, of a text without a known scan.
    """

    event: Event
    time: datetimes.LocalizedTime
    label: str
    place: str
    reported_by: list[str]
    is_unmapped: bool
    conversions: list[quantities.ConvertedQuantity]
    translation: str = ""
    attempt_label: str = ""


class DayGroup(NamedTuple):
    """The rows of one day in one zone: the zone is named once for all of them, '' where it is unknown."""

    day: date | None
    zone: str
    rows: list[TimelineRow]


class ExcludedRows(NamedTuple):
    """Events that do not count for one reason, by day, newest first, and how many there are."""

    reason: Exclusion
    days: list[DayGroup]
    row_count: int


@dataclass(slots=True)
class LegView:
    """One leg with its rows, newest first; collapsed days are hidden until opened.

    `is_current`: the parcel is on this leg. `is_newest`: its first row is the latest news.
    """

    leg: Leg
    rows: list[TimelineRow] = field(default_factory=list)
    visible_days: list[DayGroup] = field(default_factory=list)
    collapsed_days: list[DayGroup] = field(default_factory=list)
    is_current: bool = False
    is_newest: bool = False

    @property
    def collapsed_count(self) -> int:
        """Return the number of collapsed rows."""
        return sum(len(group.rows) for group in self.collapsed_days)


def build_timeline_rows(shipment: Shipment, legs: Sequence[Leg], reader: Reader) -> list[TimelineRow]:
    """Return the rows of a parcel, oldest first; its events were prefetched by `parcel_prefetches`."""
    carrier_names = names_of_carriers(legs)
    events = sort_scans(event for event in shipment.events.all() if not event.exclusion)  # type: ignore[type-var]
    rows = [timeline_row(reports, carrier_names, reader) for reports in merge_duplicates(events)]  # type: ignore[type-var]
    translate_unmapped(rows)
    label_attempts(rows, reader)
    return rows


def build_excluded_rows(shipment: Shipment, legs: Sequence[Leg], reader: Reader) -> list[ExcludedRows]:
    """Return the events that do not count for a parcel, newest first, by the reason."""
    carrier_names = names_of_carriers(legs)
    events = sort_scans(event for event in shipment.events.all() if event.exclusion)  # type: ignore[type-var]
    groups: defaultdict[str, list[TimelineRow]] = defaultdict(list)
    for event in reversed(events):
        groups[event.exclusion].append(timeline_row([event], carrier_names, reader))
    return [ExcludedRows(Exclusion(reason), group_by_day(rows), len(rows)) for reason, rows in groups.items()]


def names_of_carriers(legs: Iterable[Leg]) -> dict[int, str]:
    """Return the name of the carrier of each leg, by leg id."""
    return {leg.pk: str(leg.carrier) if leg.carrier else _("the carrier") for leg in legs}


def timeline_row(reports: Sequence[Event], carrier_names: dict[int, str], reader: Reader) -> TimelineRow:
    """Return the row of one scan from its reports, the best first."""
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


def reporter_names(reports: Sequence[Event], carrier_names: dict[int, str]) -> list[str]:
    """Return the carriers that reported a scan, and the feeds if more than one delivered it."""
    carriers = [carrier_names[event.leg_id] for event in reports]
    feeds = dict.fromkeys(event.feed_name for event in reports if event.feed_name)  # type: ignore[attr-defined]
    return list(dict.fromkeys([*carriers, *(feeds if len(feeds) > 1 else ())]))


def translate_unmapped(rows: Iterable[TimelineRow]) -> None:
    """Add stored machine translations to the rows of unmapped texts, if a translation service is configured."""
    unmapped = [row for row in rows if row.is_unmapped and row.event.text]
    if not settings.TRANSLATE_URL or not unmapped:
        return
    translations = find_translations({row.event.text for row in unmapped}, get_language() or "")
    for row in unmapped:
        row.translation = translations.get(row.event.text, "")


def label_attempts(rows: Iterable[TimelineRow], reader: Reader) -> None:
    """Number the failed delivery attempts (`2nd attempt`) if there is more than one."""
    failed = [row for row in rows if row.event.milestone == Milestone.ATTEMPT_FAILED]
    # Each translator answers this message with a letter: ordinals agree with the gender of the word for "attempt".
    feminine = _("the word “attempt” is: m (masculine or neither), f (feminine)") == "f"
    for attempt_number, row in enumerate(failed if len(failed) > 1 else (), start=1):
        ordinal = format_ordinal(attempt_number, reader, feminine=feminine)
        row.attempt_label = _("%(ordinal)s attempt") % {"ordinal": ordinal}


def group_by_leg(legs: Sequence[Leg], rows: Sequence[TimelineRow], is_final: bool) -> list[LegView]:
    """Group rows (oldest first) by leg; return the legs in travel order, the rows of each newest first.

    The leg of the newest row shows its last `MAX_OPEN_ROWS`, every other leg one; the rest is collapsed. `is_final`:
    the parcel has arrived or been returned, so that no leg is current.
    """
    views = {leg.pk: LegView(leg) for leg in legs}
    for row in reversed(rows):
        views[row.event.leg_id].rows.append(row)
    leg_views = list(views.values())
    newest = views[rows[-1].event.leg_id] if rows else None
    for view in leg_views:
        view.is_newest = view is newest
        view.is_current = view is newest and not is_final
        open_count = MAX_OPEN_ROWS if view is newest else 1
        view.visible_days = group_by_day(view.rows[:open_count])
        view.collapsed_days = group_by_day(view.rows[open_count:])
    return leg_views


def group_by_day(rows: Iterable[TimelineRow]) -> list[DayGroup]:
    """Group consecutive rows of one day in one zone."""
    groups = groupby(rows, key=lambda row: (row.time.day, row.time.zone_label))
    return [DayGroup(day, zone, list(group)) for (day, zone), group in groups]
