"""Language, zone, clock, units and habits: kept in this browser, and in the account of who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, cast

import pytz
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from tracking.localization import clocks, units
from tracking.localization.numbers import in_digits, money
from tracking.localization.places import country_name
from tracking.localization.reader import CHOICES, FIRST_DAYS, NAMES, Reader, first_valid, reader_of, zones_in
from tracking.pages.reader import BuyerRequest, user_of

YEAR: Final = 365 * 24 * 3600
AFTERNOON: Final = datetime(2026, 1, 1, 14, 30)  # noqa: DTZ001


class Choice(NamedTuple):
    """One preference as a list to choose from: its name, its label, and (value, label) pairs; empty is automatic."""

    name: str
    label: str
    chosen: str
    options: list[tuple[str, str]]


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show all preferences, or keep what was chosen and go back. What is unknown changes nothing."""
    if request.method != "POST":
        return render(request, "preferences/page.html", {"choices": list(choices(request, everything=True))})
    given = {name: request.POST[name] for name in NAMES if name in request.POST}
    kept, _strange = first_valid([given], dict(settings.LANGUAGES))
    forgotten = [name for name, value in given.items() if not value]
    if user := user_of(request):
        keep_in_account(user, kept, forgotten)
    response = redirect(way_back(request))
    for name, value in kept.items():
        response.set_cookie(name, value, max_age=YEAR, secure=settings.SECURE, samesite="Lax")
    for name in forgotten:
        response.delete_cookie(name, samesite="Lax")
    return response


def keep_in_account(user: User, kept: dict[str, str], forgotten: Iterable[str]) -> None:
    """Keep choices for all browsers that a user signs in with."""
    user.preferences = {name: value for name, value in {**user.preferences, **kept}.items() if name not in forgotten}
    user.save(update_fields=["preferences"])


def way_back(request: HttpRequest) -> str:
    """Return the page to go back to: only ever one of this site's own."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target.startswith("/") and safe else reverse("lookup")


def choices(request: HttpRequest, *, everything: bool) -> Iterator[Choice]:
    """Yield the preferences: each value shows itself, `14:30` or `7 mi`, so it needs no words.

    Without `everything` the lists are short: the zones of the reader's countries, no countries, and no languages, which
    stand at the top of each page.
    """
    buyer = cast(BuyerRequest, request)
    reader, chosen = buyer.reader, buyer.chosen
    if everything:
        languages = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
        yield Choice("language", _("Language"), chosen.get("language", ""), languages)
        regions = sorted(((code, country_name(code, reader.locale)) for code in pytz.country_timezones), key=by_label)
        yield Choice(
            "region", _("Country whose way to write dates and numbers you like"), chosen.get("region", ""), regions
        )
    zones = [(name, name) for name in (pytz.common_timezones if everything else near(reader))]
    yield Choice("zone", _("Time zone"), chosen.get("zone", ""), zones)
    yield Choice(
        "clock",
        _("Times"),
        chosen.get("clock", ""),
        [("place", _("on each place's own clock")), ("mine", _("on my clock"))],
    )
    labels = {
        "hours": _("Hours"),
        "units": _("Distance and weight"),
        "temperature": _("Temperature"),
        "digits": _("Digits"),
        "currency": _("Money"),
        "week": _("First day of the week"),
    }
    for name, label in labels.items():
        options = [(value, sample(name, value, reader)) for value in CHOICES[name]]
        if len({shown for _value, shown in options}) > 1:
            yield Choice(name, label, chosen.get(name, ""), options)


def near(reader: Reader) -> list[str]:
    """Return the zones that a reader most likely wants."""
    return list(dict.fromkeys([reader.zone.key, *zones_in(reader.region), "UTC"]))


def by_label(option: tuple[str, str]) -> str:
    """Return what sorts an option."""
    return option[1].casefold()


@lru_cache(maxsize=4096)
def sample(name: str, value: str, reader: Reader) -> str:
    """Return what something looks like with one preference changed; once, for each page shows them all."""
    changed = reader_of({**as_chosen(reader), name: value}, str(reader.locale).replace("_", "-"))
    if name == "hours":
        return clocks.clock_time(AFTERNOON, changed)
    if name == "units":
        roads = (units.distance(metres, changed) for metres in (12_000, 400))
        return " · ".join((*roads, units.weight(3_000, changed)))
    if name == "temperature":
        return units.temperature(20, changed)
    if name == "digits":
        return in_digits("0123456789", changed.locale, changed.digits)
    if name == "currency":
        return money(Decimal("12.50"), "EUR", changed)
    return str(changed.locale.days["stand-alone"]["wide"][FIRST_DAYS[value]])


def as_chosen(reader: Reader) -> dict[str, str]:
    """Return a reader's preferences as if each had been chosen."""
    return {
        "region": reader.region,
        "zone": reader.zone.key,
        **{name: str(getattr(reader, name)) for name in CHOICES if name != "clock"},
    }
