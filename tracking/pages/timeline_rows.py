"""The timeline of a parcel: events merged into rows, rows grouped by leg, day and zone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tracking.localization import datetimes, places, quantities
from tracking.localization.numbers import format_number, format_ordinal
from tracking.localization.reader import Reader, text_direction_of
from tracking.models import Event, Leg, Shipment
from tracking.models.translations import find_translations
from tracking.timeline import merge_duplicates, sort_scans
from tracking.vocabulary import SCAN_MEANINGS, Exclusion, Milestone, Precision, Scan, ZoneSource

MAX_OPEN_ROWS: Final = 3
MAX_TITLE_LENGTH: Final = 160
"""Characters of a carrier's text as the title of a row."""
MAX_WORDS_LENGTH: Final = 1000
"""Characters of a carrier's text in an open row."""
HEARD_SOON: Final = timedelta(hours=1)
"""A report that comes later than this after its scan says so in its row."""
HOURS_COUNTED: Final = 48
"""From this many hours on a delay is counted in days."""


@dataclass(slots=True)
class TimelineRow:
    """One scan, with everybody who reported it; `event` is the best report.

    `title` is what happened, in the carrier's words where the scan is not mapped. `words` are those of the carrier, cut
    to a length that a page can hold; `other_clock` is the time in the other of the place's and the reader's zone.
    `heard` is when the first report came, with its zone; `lateness` says how late, if that was more than an hour.
    `attempt_label` numbers a failed delivery attempt; `translation` is a machine's, of a text without a known scan.
    """

    event: Event
    time: datetimes.LocalizedTime
    label: str
    title: str
    meaning: str
    place: str
    words: str
    words_direction: str
    other_clock: str
    reported_by: list[str]
    heard: str
    lateness: str
    is_unmapped: bool
    conversions: list[quantities.ConvertedQuantity]
    translation: str = ""
    attempt_label: str = ""

    @property
    def shows_words(self) -> bool:
        """Return whether the open row quotes the carrier: where its title is not the whole quotation."""
        return bool(self.words) and (self.title != self.words or bool(self.translation))


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
    """One leg with its rows, newest first."""

    leg: Leg
    rows: list[TimelineRow] = field(default_factory=list)


class LegPart(NamedTuple):
    """Consecutive rows of one leg, by day. `zone_doubts` is said once a leg: only its first part has them."""

    leg: Leg
    is_continued: bool
    zone_doubts: list[str]
    days: list[DayGroup]


class Timeline(NamedTuple):
    """The rows of a parcel, newest first: the open ones, and the rest that is hidden until it is opened."""

    open_parts: list[LegPart]
    rest_parts: list[LegPart]
    rest_count: int


def build_timeline_rows(shipment: Shipment, legs: Sequence[Leg], reader: Reader) -> list[TimelineRow]:
    """Return the rows of a parcel, oldest first; its events were loaded by `page_rows`."""
    carrier_names = names_of_carriers(legs)
    events = sort_scans(event for event in shipment.events.all() if not event.exclusion)  # type: ignore[type-var]
    rows = [
        timeline_row(reports, carrier_names, reader, shipment.created_at)
        for reports in merge_duplicates(events)  # type: ignore[type-var]
    ]
    translate_unmapped(rows)
    label_attempts(rows, reader)
    return rows


def build_excluded_rows(shipment: Shipment, legs: Sequence[Leg], reader: Reader) -> list[ExcludedRows]:
    """Return the events that do not count for a parcel, newest first, by the reason."""
    carrier_names = names_of_carriers(legs)
    events = sort_scans(event for event in shipment.events.all() if event.exclusion)  # type: ignore[type-var]
    groups: defaultdict[str, list[TimelineRow]] = defaultdict(list)
    for event in reversed(events):
        # Why they do not count is said above them; what they would mean for a parcel is not true for this one.
        row = replace(timeline_row([event], carrier_names, reader, shipment.created_at), meaning="", lateness="")
        groups[event.exclusion].append(row)
    return [ExcludedRows(Exclusion(reason), group_by_day(rows), len(rows)) for reason, rows in groups.items()]


def names_of_carriers(legs: Iterable[Leg]) -> dict[int, str]:
    """Return the name of the carrier of each leg, by leg id."""
    return {leg.pk: str(leg.carrier) if leg.carrier else _("the carrier") for leg in legs}


def timeline_row(
    reports: Sequence[Event], carrier_names: dict[int, str], reader: Reader, followed_since: datetime
) -> TimelineRow:
    """Return the row of one scan from its reports, the best first; the parcel is known since `followed_since`."""
    event = reports[0]
    scan, time = Scan(event.scan), datetimes.localize_time(event, reader)
    heard_at = min(report.received_at for report in reports)
    words = shorten(event.text, MAX_WORDS_LENGTH)
    is_unmapped = scan is Scan.UNMAPPED
    zone, zone_name = (time.zone, time.zone_label) if time.zone else datetimes.own_zone(reader)
    return TimelineRow(
        event=event,
        time=time,
        label=str(scan.label),
        title=shorten(event.text, MAX_TITLE_LENGTH) if is_unmapped and words else str(scan.label),
        meaning=str(SCAN_MEANINGS[scan]),
        place=places.format_place(event.city, event.region, event.country, event.raw_place, reader.locale),
        words=words,
        words_direction=text_direction_of(event.language) if event.language else "auto",
        other_clock=datetimes.format_other_clock(event, reader),
        reported_by=reporter_names(reports, carrier_names),
        heard=datetimes.format_instant_in(heard_at, zone, zone_name, reader, shown_day=time.day),
        lateness=format_lateness(event, heard_at, reader) if is_dated_after(event, followed_since) else "",
        is_unmapped=is_unmapped,
        conversions=quantities.convert_quantities(words, reader, local_date=time.day, country=event.country),
    )


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters; a longer one ends with an ellipsis."""
    text = text.strip()
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def is_dated_after(event: Event, moment: datetime) -> bool:
    """Return whether a scan certainly happened after a moment."""
    is_certain = event.precision != Precision.DATE and event.zone_source != ZoneSource.PROVIDER_INFERRED
    return is_certain and event.occurred_at is not None and event.occurred_at >= moment


def format_lateness(event: Event, heard_at: datetime, reader: Reader) -> str:
    """Return how long after a scan its first report came; '' for an hour or less, and for a scan without an instant."""
    delay = heard_at - event.occurred_at if event.occurred_at else timedelta()
    if delay <= HEARD_SOON:
        return ""
    hours, days = delay // timedelta(hours=1), delay.days
    if hours < HOURS_COUNTED:
        text = ngettext("Reported %(hours)s hour later", "Reported %(hours)s hours later", hours)
        return text % {"hours": format_number(hours, reader)}
    return ngettext("Reported %(days)s day later", "Reported %(days)s days later", days) % {
        "days": format_number(days, reader)
    }


def reporter_names(reports: Sequence[Event], carrier_names: dict[int, str]) -> list[str]:
    """Return the carriers that reported a scan, each with the feed that delivered the report if it is another's."""
    names = (reporter_name(carrier_names[event.leg_id], event.feed_name) for event in reports)  # type: ignore[attr-defined]
    return list(dict.fromkeys(names))


def reporter_name(carrier: str, feed: str | None) -> str:
    """Return the name of a carrier, with that of the feed if it is not the carrier's own."""
    return (
        _("%(carrier)s via %(feed)s") % {"carrier": carrier, "feed": feed}
        if feed not in (None, "", carrier)
        else carrier
    )


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


def group_by_leg(legs: Sequence[Leg], rows: Sequence[TimelineRow]) -> list[LegView]:
    """Group rows (oldest first) by leg; return the legs in travel order, the rows of each newest first."""
    views = {leg.pk: LegView(leg) for leg in legs}
    for row in reversed(rows):
        views[row.event.leg_id].rows.append(row)
    return list(views.values())


def build_timeline(legs: Sequence[LegView], rows: Sequence[TimelineRow]) -> Timeline:
    """Return the timeline of a parcel, the leg of the newest row first; `rows` is oldest first."""
    by_leg = {view.leg.pk: view for view in legs}
    leg_ids = dict.fromkeys(row.event.leg_id for row in reversed(rows))
    open_parts: list[LegPart] = []
    rest_parts: list[LegPart] = []
    room = MAX_OPEN_ROWS
    for view in (by_leg[leg_id] for leg_id in leg_ids):
        open_rows, rest = view.rows[:room], view.rows[room:]
        doubts = list(dict.fromkeys(row.time.zone_doubt for row in view.rows if row.time.zone_doubt))
        if open_rows:
            open_parts.append(LegPart(view.leg, False, doubts, group_by_day(open_rows)))
        if rest:
            rest_parts.append(LegPart(view.leg, bool(open_rows), [] if open_rows else doubts, group_by_day(rest)))
        room -= len(open_rows)
    return Timeline(open_parts, rest_parts, max(0, len(rows) - MAX_OPEN_ROWS))


def group_by_day(rows: Iterable[TimelineRow]) -> list[DayGroup]:
    """Group consecutive rows of one day in one zone."""
    groups = groupby(rows, key=lambda row: (row.time.day, row.time.zone_label))
    return [DayGroup(day, zone, list(group)) for (day, zone), group in groups]
