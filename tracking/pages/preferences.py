"""A reader's preferences (language, zone, units, formats), stored in cookies and in the account if signed in."""

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
NAMES_WITH_FIXED_DEFAULT: Final = ("clock", "look")
MAX_BUTTONS: Final = 4
MAX_BUTTON_CHARACTERS: Final = 24
"""Of all options of a preference together, so that they stand in one row of 256 px."""
SAMPLE_TIME: Final = datetime(2026, 1, 1, 14, 30)  # noqa: DTZ001


class PreferenceChoice(NamedTuple):
    """One preference: its name and label, the chosen value or '', the value in effect, and (value, label) options."""

    name: str
    label: str
    chosen: str
    effective: str
    options: list[tuple[str, str]]

    @property
    def default_label(self) -> str:
        """Return the label of the default value; '' if the reader chose a value."""
        return "" if self.chosen else dict(self.options).get(self.effective, "")

    @property
    def has_automatic(self) -> bool:
        """Return whether the default depends on the reader's language and country."""
        return self.name not in NAMES_WITH_FIXED_DEFAULT

    @property
    def selected(self) -> str:
        """Return the value that is marked: the chosen one, or a fixed default."""
        return self.chosen if self.has_automatic else self.effective

    @property
    def is_short(self) -> bool:
        """Return whether all options fit side by side on a phone."""
        labels = [label for _value, label in self.options]
        return len(labels) <= MAX_BUTTONS - self.has_automatic and sum(map(len, labels)) <= MAX_BUTTON_CHARACTERS


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Show all preferences; on POST save valid ones, clear empty ones and redirect back. Invalid ones are ignored."""
    if request.method != "POST":
        return render(request, "preferences/page.html", {"choices": list(all_choices(request))})
    submitted = {name: request.POST[name] for name in PREFERENCE_NAMES if name in request.POST}
    changed, _invalid = first_valid_preferences([submitted], dict(settings.LANGUAGES))
    cleared = [name for name, value in submitted.items() if not value]
    if user := signed_in_user(request):
        save_to_account(user, changed, cleared)
    response = redirect(redirect_target(request))
    for name, value in changed.items():
        response.set_cookie(name, value, max_age=COOKIE_MAX_AGE_SECONDS, secure=settings.SECURE, samesite="Lax")
    for name in cleared:
        response.delete_cookie(name, samesite="Lax")
    return response


def save_to_account(user: User, changed: dict[str, str], cleared: Iterable[str]) -> None:
    """Update the preferences of an account; `cleared` ones return to their default."""
    user.preferences = {name: value for name, value in {**user.preferences, **changed}.items() if name not in cleared}
    user.save(update_fields=["preferences"])


def redirect_target(request: HttpRequest) -> str:
    """Return the page to go back to; the start page unless it is a path on this site (no open redirect)."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target.startswith("/") and safe else reverse("lookup")


def all_choices(request: HttpRequest) -> Iterator[PreferenceChoice]:
    """Yield all preferences for the preferences page."""
    buyer = cast(BuyerRequest, request)
    reader, chosen = buyer.reader, buyer.chosen
    yield PreferenceChoice(
        "language", _("Language"), chosen.get("language", ""), translation.get_language() or "", settings.LANGUAGES
    )
    yield region_choice(reader, chosen, pytz.country_timezones, _("Country for dates and numbers"))
    yield zone_choice(reader, chosen, [zone for zones in pytz.country_timezones.values() for zone in zones])
    yield clock_choice(reader, chosen)
    yield look_choice(reader, chosen)
    yield from sample_choices(reader, chosen)


def quick_choices(request: HttpRequest) -> Iterator[PreferenceChoice]:
    """Yield the preferences of the reading settings that every page offers: a few short values each."""
    buyer = cast(BuyerRequest, request)
    reader, chosen = buyer.reader, buyer.chosen
    samples = {choice.name: choice for choice in sample_choices(reader, chosen)}
    yield from (samples[name] for name in ("hours", "units") if name in samples)
    yield clock_choice(reader, chosen)
    yield look_choice(reader, chosen)


def own_zone_choice(request: HttpRequest) -> PreferenceChoice:
    """Return the choice of the reader's own zone among those of their country."""
    buyer = cast(BuyerRequest, request)
    return zone_choice(buyer.reader, buyer.chosen, [*zones_in(buyer.reader.region), "UTC"])


def clock_choice(reader: Reader, chosen: Mapping[str, str]) -> PreferenceChoice:
    """Return the choice between the time of each place and the reader's own."""
    options = [("place", _("At the place")), ("mine", _("My time"))]
    effective = "mine" if reader.uses_own_zone else "place"
    return PreferenceChoice("clock", _("Times"), chosen.get("clock", ""), effective, options)


def look_choice(reader: Reader, chosen: Mapping[str, str]) -> PreferenceChoice:
    """Return the choice between a light and a dark page."""
    options = [("auto", _("Auto")), ("light", _("Light")), ("dark", _("Dark"))]
    return PreferenceChoice("look", _("Look"), chosen.get("look", ""), reader.look, options)


def region_choice(reader: Reader, chosen: Mapping[str, str], regions: Iterable[str], label: str) -> PreferenceChoice:
    """Return the choice between countries."""
    options = sorted(((code, country_name(code, reader.locale)) for code in regions), key=label_sort_key)
    return PreferenceChoice("region", label, chosen.get("region", ""), reader.region, options)


def zone_choice(reader: Reader, chosen: Mapping[str, str], zones: Iterable[str]) -> PreferenceChoice:
    """Return the choice between time zones, always with the reader's own."""
    options = sorted(
        ((zone, zone_label(zone, reader.locale)) for zone in {reader.zone.key, *zones}), key=label_sort_key
    )
    return PreferenceChoice("zone", _("Time zone"), chosen.get("zone", ""), reader.zone.key, options)


@lru_cache(maxsize=16384)
def zone_label(zone: str, locale: Locale) -> str:
    """Return the label of a zone, `Germany · Berlin`; cached, because a list has 400 of them."""
    country, city = country_of_zone(zone), datetimes.zone_city(zone, locale)
    return f"{country_name(country, locale)} · {city}" if country else city


def sample_choices(reader: Reader, chosen: Mapping[str, str]) -> Iterator[PreferenceChoice]:
    """Yield the preferences whose options are samples (`14:30`, `7.5 mi`), if the samples differ for this reader."""
    labels = {
        "hours": _("Hours"),
        "units": _("Distance and weight"),
        "temperature": _("Temperature"),
        "digits": _("Digits"),
        "currency": _("Money"),
        "week": _("First day of the week"),
    }
    for name, label in labels.items():
        effective, options = sample_options(name, reader)
        if len({sample for _value, sample in options}) > 1:
            yield PreferenceChoice(name, label, chosen.get(name, ""), effective, options)


def label_sort_key(option: tuple[str, str]) -> str:
    """Return the key that sorts options by label."""
    return option[1].casefold()


@lru_cache(maxsize=4096)
def sample_options(name: str, reader: Reader) -> tuple[str, list[tuple[str, str]]]:
    """Return the value in effect and the (value, sample) options; cached, because every page shows them."""
    language, current = str(reader.locale).replace("_", "-"), explicit_preferences(reader)
    options = [
        (value, sample_text(name, value, build_reader({**current, name: value}, language)))
        for value in PREFERENCE_VALUES[name]
    ]
    # Compared by sample: `hours` may be empty, and then only the output tells which value is in effect.
    current_sample = sample_text(name, reader.week, reader)
    return next(value for value, sample in options if sample == current_sample), options


def sample_text(name: str, value: str, reader: Reader) -> str:
    """Return a sample of what a preference changes, for this reader; `value` is used only for the week's first day."""
    if name == "hours":
        return datetimes.format_time_of_day(SAMPLE_TIME, reader)
    if name == "units":
        distances = (units.format_distance(metres, reader) for metres in (12_000, 400))
        return " · ".join((*distances, units.format_weight(3_000, reader)))
    if name == "temperature":
        return units.format_temperature(20, reader)
    if name == "digits":
        return convert_digits("0123456789", reader.locale, reader.digits)
    if name == "currency":
        return format_money(Decimal("12.50"), "EUR", reader)
    return str(reader.locale.days["stand-alone"]["abbreviated"][FIRST_DAYS[value]])


def explicit_preferences(reader: Reader) -> dict[str, str]:
    """Return a reader's effective preferences as if each had been chosen."""
    return {
        "region": reader.region,
        "zone": reader.zone.key,
        **{name: str(getattr(reader, name)) for name in PREFERENCE_VALUES if name != "clock"},
    }
