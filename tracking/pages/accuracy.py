"""The public record: how often the windows that we showed came true, worst cases included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.localization import clocks
from tracking.localization.numbers import figures, number
from tracking.localization.places import country_name
from tracking.localization.reader import Reader
from tracking.models import Carrier, Score
from tracking.pages.reader import BuyerRequest
from tracking.vocabulary import Clock


class Line(NamedTuple):
    """One line of a table, all in the reader's own writing."""

    name: str
    parcels: str
    covered: str
    late: str
    width: str
    error: str
    is_worst: bool


class Table(NamedTuple):
    """Figures of one kind."""

    title: str
    lines: list[Line]


@require_safe
def accuracy(request: HttpRequest) -> HttpResponse:
    """Show how often the windows came true: by clock, month and lane; for signed-in staff also by carrier."""
    reader = cast(BuyerRequest, request).reader
    scores = list(Score.objects.all())
    tables = [
        Table(_("Counted from where the parcel was"), by_clock(scores, reader)),
        Table(figures(_("The last 60 days"), reader), by_clock(scores, reader, kind="recent")),
        Table(_("By route, the worst first"), by_key(scores, "lane", reader)),
        Table(_("By month of the forecast"), by_month(scores, reader)),
    ]
    if request.user.is_active and request.user.is_staff:
        tables.append(Table(_("By carrier, the worst first"), by_key(scores, "carrier", reader)))
    context = {
        "tables": [table for table in tables if table.lines],
        "counted_on": max((score.counted_on for score in scores), default=None),
        "reader": reader,
    }
    return render(request, "accuracy/page.html", context)


def by_clock(scores: Iterable[Score], reader: Reader, kind: str = "all") -> list[Line]:
    """Return the figures of each clock, in the order of the journey."""
    places = list(Clock.values)
    found = sorted((one for one in scores if one.kind == kind), key=lambda one: places.index(one.clock))
    return [line(one, str(Clock(one.clock).label), reader) for one in found]


def by_key(scores: Iterable[Score], kind: str, reader: Reader) -> list[Line]:
    """Return the figures of lanes or carriers since the carrier has it, those that were right least often first."""
    found = [one for one in scores if one.kind == kind and one.clock == Clock.HANDED_OVER]
    found.sort(key=lambda one: (one.covered, -one.parcels))
    names = carrier_names(found) if kind == "carrier" else {one.key: lane_name(one.key, reader) for one in found}
    return [line(one, names[one.key], reader, is_worst=one is found[0] and len(found) > 1) for one in found]


def by_month(scores: Iterable[Score], reader: Reader) -> list[Line]:
    """Return the figures of each month since the carrier has it, the newest first."""
    found = [one for one in scores if one.kind == "month" and one.clock == Clock.HANDED_OVER]
    found.sort(key=lambda one: one.key, reverse=True)
    worst = min(found, key=lambda one: one.covered, default=None)
    return [
        line(one, clocks.month(date.fromisoformat(f"{one.key}-01"), reader), reader, is_worst=one is worst)
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


def carrier_names(scores: Iterable[Score]) -> dict[str, str]:
    """Return carriers' names by slug."""
    slugs = {one.key for one in scores}
    known = dict(Carrier.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return {slug: known.get(slug, slug) for slug in slugs}


def line(score: Score, name: str, reader: Reader, *, is_worst: bool = False) -> Line:
    """Write one score for a reader."""
    return Line(
        name,
        number(score.parcels, reader),
        figures(_("%(share)s of 100") % {"share": number(score.covered, reader)}, reader),
        figures(_("%(share)s of 100") % {"share": number(score.late, reader)}, reader),
        _("%(days)s days") % {"days": number(score.width_days + 1, reader, 1)},
        _("%(days)s days") % {"days": number(score.error_days, reader, 1)},
        is_worst,
    )
