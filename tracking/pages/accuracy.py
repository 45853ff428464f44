"""The public accuracy page: how often parcels arrived within the window that was shown, worst cases included."""

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
    """One row of a table; all values are formatted for the reader."""

    name: str
    parcels: str
    covered: str
    late: str
    width: str
    error: str
    is_worst: bool


class AccuracyTable(NamedTuple):
    """A table of accuracy figures."""

    title: str
    rows: list[AccuracyRow]


@require_safe
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show the accuracy by journey stage, lane and month; for signed-in staff also by carrier."""
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
    """Return a row for each journey stage, in the order of the journey."""
    stages = list(JourneyStage.values)
    selected = sorted((score for score in scores if score.kind == kind), key=lambda score: stages.index(score.stage))
    return [format_row(score, str(JourneyStage(score.stage).label), reader) for score in selected]


def rows_by_key(scores: Iterable[ForecastAccuracy], kind: str, reader: Reader) -> list[AccuracyRow]:
    """Return a row for each lane or carrier, forecast at handover, the lowest coverage first."""
    selected = [score for score in scores if score.kind == kind and score.stage == JourneyStage.HANDED_OVER]
    selected.sort(key=lambda score: (score.coverage_percent, -score.parcel_count))
    names = carrier_names(selected) if kind == "carrier" else lane_names(selected, reader)
    worst = selected[0] if len(selected) > 1 else None
    return [format_row(score, names[score.key], reader, is_worst=score is worst) for score in selected]


def rows_by_month(scores: Iterable[ForecastAccuracy], reader: Reader) -> list[AccuracyRow]:
    """Return a row for each month, forecast at handover, the newest first."""
    selected = [score for score in scores if score.kind == "month" and score.stage == JourneyStage.HANDED_OVER]
    selected.sort(key=lambda score: score.key, reverse=True)
    worst = min(selected, key=lambda score: score.coverage_percent, default=None)
    return [format_row(score, month_name(score.key, reader), reader, is_worst=score is worst) for score in selected]


def month_name(key: str, reader: Reader) -> str:
    """Return the name of a month with its year from a key `2026-10`."""
    return datetimes.format_month(date.fromisoformat(f"{key}-01"), reader)


def lane_names(scores: Iterable[ForecastAccuracy], reader: Reader) -> dict[str, str]:
    """Return the names of lanes by key."""
    return {score.key: lane_name(score.key, reader) for score in scores}


def lane_name(key: str, reader: Reader) -> str:
    """Return the name of a lane from a key `CN>DE`; `?` stands for an unknown country."""
    origin, _arrow, destination = key.partition(">")
    names = {
        "origin": country_name(origin, reader.locale) if origin != "?" else _("unknown"),
        "destination": country_name(destination, reader.locale) if destination != "?" else _("unknown"),
    }
    return _("%(origin)s to %(destination)s") % names


def carrier_names(scores: Iterable[ForecastAccuracy]) -> dict[str, str]:
    """Return the names of carriers by slug; the slug itself for a carrier that was deleted."""
    slugs = {score.key for score in scores}
    names = dict(Carrier.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return {slug: names.get(slug, slug) for slug in slugs}


def format_row(score: ForecastAccuracy, name: str, reader: Reader, *, is_worst: bool = False) -> AccuracyRow:
    """Format the figures of one score for a reader."""
    return AccuracyRow(
        name,
        format_number(score.parcel_count, reader),
        localize_digits(_("%(share)s of 100") % {"share": format_number(score.coverage_percent, reader)}, reader),
        localize_digits(_("%(share)s of 100") % {"share": format_number(score.late_percent, reader)}, reader),
        _("%(days)s days") % {"days": format_number(score.median_width_days + 1, reader, 1)},
        _("%(days)s days") % {"days": format_number(score.mean_absolute_error_days, reader, 1)},
        is_worst,
    )
