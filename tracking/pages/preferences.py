"""Language, zone, clock, units and habits: kept in this browser, and in the account of who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, cast

import pytz
from babel import Locale
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from tracking.localization import datetimes, units
from tracking.localization.numbers import convert_digits, format_money
from tracking.localization.places import country_name
from tracking.localization.reader import (
    FIRST_DAYS,
    PREFERENCE_NAMES,
    PREFERENCE_VALUES,
    Reader,
    build_reader,
    country_of_zone,
    first_valid_preferences,
    zones_in,
)
from tracking.pages.reader import BuyerRequest, signed_in_user

COOKIE_MAX_AGE_SECONDS: Final = 365 * 24 * 3600
SAMPLE_TIME: Final = datetime(2026, 1, 1, 14, 30)  # noqa: DTZ001


class PreferenceChoice(NamedTuple):
    """One preference: its name, its label, the value that was chosen, that which counts, and (value, label) pairs."""

    name: str
    label: str
    chosen: str
    effective: str
    options: list[tuple[str, str]]

    @property
    def default_label(self) -> str:
        """Return what comes of itself, in words; nothing where the reader chose something else."""
        return "" if self.chosen else dict(self.options).get(self.effective, "")


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show all preferences, or keep what was chosen and go back. What is unknown changes nothing."""
    if request.method != "POST":
        return render(request, "preferences/page.html", {"choices": list(all_choices(request))})
    given = {name: request.POST[name] for name in PREFERENCE_NAMES if name in request.POST}
    kept, _strange = first_valid_preferences([given], dict(settings.LANGUAGES))
    forgotten = [name for name, value in given.items() if not value]
    if user := signed_in_user(request):
        save_to_account(user, kept, forgotten)
    response = redirect(redirect_target(request))
    for name, value in kept.items():
        response.set_cookie(name, value, max_age=COOKIE_MAX_AGE_SECONDS, secure=settings.SECURE, samesite="Lax")
    for name in forgotten:
        response.delete_cookie(name, samesite="Lax")
    return response


def save_to_account(user: User, changed: dict[str, str], cleared: Iterable[str]) -> None:
    """Keep choices for all browsers that a user signs in with."""
    user.preferences = {name: value for name, value in {**user.preferences, **changed}.items() if name not in cleared}
    user.save(update_fields=["preferences"])


def redirect_target(request: HttpRequest) -> str:
    """Return the page to go back to: only ever one of this site's own."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target.startswith("/") and safe else reverse("lookup")


def all_choices(request: HttpRequest) -> Iterator[PreferenceChoice]:
    """Yield all preferences. Each value shows itself, `14:30` or `7 mi`, so it needs no words."""
    buyer = cast(BuyerRequest, request)
    reader, chosen = buyer.reader, buyer.chosen
    yield PreferenceChoice(
        "language", _("Language"), chosen.get("language", ""), translation.get_language() or "", settings.LANGUAGES
    )
    yield region_choice(
        reader, chosen, pytz.country_timezones, _("Country whose way to write dates and numbers you like")
    )
    yield zone_choice(reader, chosen, [zone for zones in pytz.country_timezones.values() for zone in zones])
    clocks_told = [("place", _("on each place's own clock")), ("mine", _("on my clock"))]
    yield PreferenceChoice(
        "clock", _("Times"), chosen.get("clock", ""), "mine" if reader.uses_own_zone else "place", clocks_told
    )
    yield from sample_choices(reader, chosen)


def quick_choices(request: HttpRequest) -> Iterator[PreferenceChoice]:
    """Yield the preferences that a parcel's page offers at its foot: few likely values each, so that one tap is enough.

    The language stands at the top of a page, and the clock beside the times that it tells.
    """
    buyer = cast(BuyerRequest, request)
    reader, chosen = buyer.reader, buyer.chosen
    regions = list(filter(None, dict.fromkeys([reader.region, *buyer.regions])))
    if len(regions) > 1:
        yield region_choice(reader, chosen, regions, _("Country"))
    yield from sample_choices(reader, chosen)
    yield zone_choice(reader, chosen, [*zones_in(reader.region), "UTC"])


def region_choice(reader: Reader, chosen: Mapping[str, str], regions: Iterable[str], label: str) -> PreferenceChoice:
    """Return the choice between countries."""
    named = sorted(((code, country_name(code, reader.locale)) for code in regions), key=label_sort_key)
    return PreferenceChoice("region", label, chosen.get("region", ""), reader.region, named)


def zone_choice(reader: Reader, chosen: Mapping[str, str], zones: Iterable[str]) -> PreferenceChoice:
    """Return the choice between zones, that of the reader among them."""
    named = sorted(((zone, zone_label(zone, reader.locale)) for zone in {reader.zone.key, *zones}), key=label_sort_key)
    return PreferenceChoice("zone", _("Time zone"), chosen.get("zone", ""), reader.zone.key, named)


@lru_cache(maxsize=16384)
def zone_label(zone: str, locale: Locale) -> str:
    """Return a zone as a list names it, by country and city; once a language, for there are four hundred."""
    country, city = country_of_zone(zone), datetimes.zone_city(zone, locale)
    return f"{country_name(country, locale)} · {city}" if country else city


def sample_choices(reader: Reader, chosen: Mapping[str, str]) -> Iterator[PreferenceChoice]:
    """Yield the preferences whose values show themselves, each where it makes a difference to this reader."""
    labels = {
        "hours": _("Hours"),
        "units": _("Distance and weight"),
        "temperature": _("Temperature"),
        "digits": _("Digits"),
        "currency": _("Money"),
        "week": _("First day of the week"),
    }
    for name, label in labels.items():
        counts, options = sample_options(name, reader)
        if len({shown for _value, shown in options}) > 1:
            yield PreferenceChoice(name, label, chosen.get(name, ""), counts, options)


def label_sort_key(option: tuple[str, str]) -> str:
    """Return what sorts an option."""
    return option[1].casefold()


@lru_cache(maxsize=4096)
def sample_options(name: str, reader: Reader) -> tuple[str, list[tuple[str, str]]]:
    """Return which value of a preference counts for a reader, and how each looks; once, for each page shows them."""
    language, now = str(reader.locale).replace("_", "-"), explicit_preferences(reader)
    options = [
        (value, sample_text(name, value, build_reader({**now, name: value}, language)))
        for value in PREFERENCE_VALUES[name]
    ]
    shown_now = sample_text(name, reader.week, reader)
    return next(value for value, shown in options if shown == shown_now), options


def sample_text(name: str, value: str, reader: Reader) -> str:
    """Return what a preference is about as a reader sees it; a day of the week by its name."""
    if name == "hours":
        return datetimes.format_time_of_day(SAMPLE_TIME, reader)
    if name == "units":
        roads = (units.format_distance(metres, reader) for metres in (12_000, 400))
        return " · ".join((*roads, units.format_weight(3_000, reader)))
    if name == "temperature":
        return units.format_temperature(20, reader)
    if name == "digits":
        return convert_digits("0123456789", reader.locale, reader.digits)
    if name == "currency":
        return format_money(Decimal("12.50"), "EUR", reader)
    return str(reader.locale.days["stand-alone"]["abbreviated"][FIRST_DAYS[value]])


def explicit_preferences(reader: Reader) -> dict[str, str]:
    """Return a reader's preferences as if each had been chosen."""
    return {
        "region": reader.region,
        "zone": reader.zone.key,
        **{name: str(getattr(reader, name)) for name in PREFERENCE_VALUES if name != "clock"},
    }
