"""The public accuracy page: how often parcels arrived within the window that was shown, worst cases included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.localization import datetimes
from tracking.localization.numbers import format_number, localize_digits
from tracking.localization.places import country_name
from tracking.localization.reader import Reader
from tracking.models import Carrier, ForecastAccuracy
from tracking.pages.accuracy_chart import ShareChart, SharePoint, build_share_chart, wilson_interval
from tracking.pages.reader import BuyerRequest
from tracking.vocabulary import JourneyStage

MAX_CHART_MONTHS: Final = 12
OPEN_ROWS: Final = 4


class AccuracyRow(NamedTuple):
    """One row of a table; all values are formatted for the reader. `covered` and `range` are numbers of 100 parcels."""

    name: str
    covered: str
    range: str
    parcels: str
    details: str
    is_worst: bool


class AccuracyTable(NamedTuple):
    """A table of accuracy figures; `chart` has the same figures where they are a series."""

    title: str
    rows: list[AccuracyRow]
    chart: ShareChart | None = None

    @property
    def first_rows(self) -> list[AccuracyRow]:
        """Return the rows that stand open."""
        return self.rows[:OPEN_ROWS]

    @property
    def other_rows(self) -> list[AccuracyRow]:
        """Return the rows behind a tap."""
        return self.rows[OPEN_ROWS:]


class AccuracyHeadline(NamedTuple):
    """The one figure of the page: `share` of 100 parcels, `hits` of `parcels`, between `low` and `high` of 100."""

    share: str
    hits: str
    parcels: str
    low: str
    high: str
    width: str


@require_safe
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show the accuracy by journey stage, lane and month; for signed-in staff also by carrier."""
    reader = cast(BuyerRequest, request).reader
    scores = list(ForecastAccuracy.objects.all())
    months = rows_by_month(scores, reader)
    tables = [
        AccuracyTable(_("By route, the worst first"), rows_by_key(scores, "lane", reader)),
        AccuracyTable(_("Month by month"), months, month_chart(scores, reader) if len(months) > 1 else None),
        AccuracyTable(localize_digits(_("The last 60 days"), reader), rows_by_stage(scores, reader, kind="recent")),
    ]
    if request.user.is_active and request.user.is_staff:
        tables.append(AccuracyTable(_("By carrier, the worst first"), rows_by_key(scores, "carrier", reader)))
    context = {
        "headline": build_headline(scores, reader),
        "stages": AccuracyTable(_("Counted from where the parcel was"), rows_by_stage(scores, reader)),
        "tables": [table for table in tables if table.rows],
        "is_simulated": any(score.is_simulated for score in scores),
        "measured_on": max((score.measured_on for score in scores), default=None),
        "reader": reader,
    }
    return render(request, "accuracy/page.html", context)


def build_headline(scores: Iterable[ForecastAccuracy], reader: Reader) -> AccuracyHeadline | None:
    """Return the figure of parcels that were handed over, else of the stage with the most parcels; None without any."""
    selected = [score for score in scores if score.kind == "all" and score.parcel_count]
    if not selected:
        return None
    score = max(selected, key=lambda score: (score.stage == JourneyStage.HANDED_OVER, score.parcel_count))
    hits = round(score.parcel_count * score.coverage_percent / 100)
    low, high = wilson_interval(score.coverage_percent, score.parcel_count)
    return AccuracyHeadline(
        format_number(score.coverage_percent, reader),
        format_number(hits, reader),
        format_number(score.parcel_count, reader),
        format_number(low, reader),
        format_number(high, reader),
        format_days(score.median_width_days + 1, reader),
    )


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
    selected = month_scores(scores)[::-1]
    worst = worst_of(selected)
    return [format_row(score, month_name(score.key, reader), reader, is_worst=score is worst) for score in selected]


def month_scores(scores: Iterable[ForecastAccuracy]) -> list[ForecastAccuracy]:
    """Return the scores of months, forecast at handover, the oldest first."""
    selected = [score for score in scores if score.kind == "month" and score.stage == JourneyStage.HANDED_OVER]
    return sorted(selected, key=lambda score: score.key)


def worst_of(scores: Iterable[ForecastAccuracy]) -> ForecastAccuracy | None:
    """Return the score with the lowest coverage."""
    return min(scores, key=lambda score: score.coverage_percent, default=None)


def month_chart(scores: Iterable[ForecastAccuracy], reader: Reader) -> ShareChart:
    """Return the chart of the newest months."""
    selected = month_scores(scores)[-MAX_CHART_MONTHS:]
    worst = worst_of(selected)
    return build_share_chart(
        SharePoint(
            str(reader.locale.months["stand-alone"]["narrow"][int(score.key[5:])]),
            score.coverage_percent,
            *wilson_interval(score.coverage_percent, score.parcel_count),
            score is worst,
        )
        for score in selected
    )


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
    low, high = wilson_interval(score.coverage_percent, score.parcel_count)
    details = _("Window of %(width)s, later %(late)s, off by %(error)s") % {
        "width": format_days(score.median_width_days + 1, reader),
        "late": format_number(score.late_percent, reader),
        "error": format_days(score.mean_absolute_error_days, reader),
    }
    return AccuracyRow(
        name,
        format_number(score.coverage_percent, reader),
        f"{format_number(low, reader)}–{format_number(high, reader)}",
        format_number(score.parcel_count, reader),
        details,
        is_worst,
    )


def format_days(days: float, reader: Reader) -> str:
    """Return a number of days with one decimal."""
    return _("%(days)s days") % {"days": format_number(days, reader, 1)}
