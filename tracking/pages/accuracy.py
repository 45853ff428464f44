"""The public record: how often the windows that we showed came true, worst cases included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.localization import datetimes
from tracking.localization.numbers import format_number, localize_digits
from tracking.localization.places import country_name
from tracking.localization.reader import Reader
from tracking.models import Carrier, ForecastAccuracy
from tracking.pages.reader import BuyerRequest
from tracking.vocabulary import JourneyStage


class AccuracyRow(NamedTuple):
    """One line of a table, all in the reader's own writing."""

    name: str
    parcels: str
    covered: str
    late: str
    width: str
    error: str
    is_worst: bool


class AccuracyTable(NamedTuple):
    """Figures of one kind."""

    title: str
    rows: list[AccuracyRow]


@require_safe
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show how often the windows came true: by clock, month and lane; for signed-in staff also by carrier."""
    reader = cast(BuyerRequest, request).reader
    scores = list(ForecastAccuracy.objects.all())
    tables = [
        AccuracyTable(_("Counted from where the parcel was"), rows_by_stage(scores, reader)),
        AccuracyTable(localize_digits(_("The last 60 days"), reader), rows_by_stage(scores, reader, kind="recent")),
        AccuracyTable(_("By route, the worst first"), rows_by_key(scores, "lane", reader)),
        AccuracyTable(_("By month of the forecast"), rows_by_month(scores, reader)),
    ]
    if request.user.is_active and request.user.is_staff:
        tables.append(AccuracyTable(_("By carrier, the worst first"), rows_by_key(scores, "carrier", reader)))
    context = {
        "tables": [table for table in tables if table.rows],
        "measured_on": max((score.measured_on for score in scores), default=None),
        "reader": reader,
    }
    return render(request, "accuracy/page.html", context)


def rows_by_stage(scores: Iterable[ForecastAccuracy], reader: Reader, kind: str = "all") -> list[AccuracyRow]:
    """Return the figures of each clock, in the order of the journey."""
    places = list(JourneyStage.values)
    found = sorted((one for one in scores if one.kind == kind), key=lambda one: places.index(one.stage))
    return [format_row(one, str(JourneyStage(one.stage).label), reader) for one in found]


def rows_by_key(scores: Iterable[ForecastAccuracy], kind: str, reader: Reader) -> list[AccuracyRow]:
    """Return the figures of lanes or carriers since the carrier has it, those that were right least often first."""
    found = [one for one in scores if one.kind == kind and one.stage == JourneyStage.HANDED_OVER]
    found.sort(key=lambda one: (one.coverage_percent, -one.parcel_count))
    names = carrier_names(found) if kind == "carrier" else {one.key: lane_name(one.key, reader) for one in found}
    return [format_row(one, names[one.key], reader, is_worst=one is found[0] and len(found) > 1) for one in found]


def rows_by_month(scores: Iterable[ForecastAccuracy], reader: Reader) -> list[AccuracyRow]:
    """Return the figures of each month since the carrier has it, the newest first."""
    found = [one for one in scores if one.kind == "month" and one.stage == JourneyStage.HANDED_OVER]
    found.sort(key=lambda one: one.key, reverse=True)
    worst = min(found, key=lambda one: one.coverage_percent, default=None)
    return [
        format_row(
            one, datetimes.format_month(date.fromisoformat(f"{one.key}-01"), reader), reader, is_worst=one is worst
        )
        for one in found
    ]


def lane_name(key: str, reader: Reader) -> str:
    """Return a lane by the names of its countries."""
    origin, _arrow, destination = key.partition(">")
    names = {
        "origin": country_name(origin, reader.locale) if origin != "?" else _("unknown"),
        "destination": country_name(destination, reader.locale) if destination != "?" else _("unknown"),
    }
    return _("%(origin)s to %(destination)s") % names


def carrier_names(scores: Iterable[ForecastAccuracy]) -> dict[str, str]:
    """Return carriers' names by slug."""
    slugs = {one.key for one in scores}
    known = dict(Carrier.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return {slug: known.get(slug, slug) for slug in slugs}


def format_row(score: ForecastAccuracy, name: str, reader: Reader, *, is_worst: bool = False) -> AccuracyRow:
    """Write one score for a reader."""
    return AccuracyRow(
        name,
        format_number(score.parcel_count, reader),
        localize_digits(_("%(share)s of 100") % {"share": format_number(score.coverage_percent, reader)}, reader),
        localize_digits(_("%(share)s of 100") % {"share": format_number(score.late_percent, reader)}, reader),
        _("%(days)s days") % {"days": format_number(score.median_width_days + 1, reader, 1)},
        _("%(days)s days") % {"days": format_number(score.mean_absolute_error_days, reader, 1)},
        is_worst,
    )
