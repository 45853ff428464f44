"""Template filters and tags that write values in the reader's own terms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.template.context import Context

from tracking.localization import datetimes, numbers, places, units
from tracking.localization.reader import Reader
from tracking.models import Shipment

register = template.Library()


def reader_from_context(context: Context) -> Reader:
    """Return the reader of the page that is being written."""
    found: Reader = context["reader"]
    return found


@register.simple_tag(takes_context=True)
def day(context: Context, value: date) -> str:
    """Write a day with weekday and month in words."""
    return datetimes.format_day(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def localized_time(context: Context, value: datetimes.LocalizedTime) -> str:
    """Write the day and, where it was told, the time of an event."""
    return datetimes.format_localized_time(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def local_datetime(context: Context, value: datetime) -> str:
    """Write an instant on the reader's clock."""
    return datetimes.format_instant(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def reader_zone_city(context: Context) -> str:
    """Write the city whose clock is the reader's own."""
    reader = reader_from_context(context)
    return datetimes.zone_city(reader.zone.key, reader.locale)


@register.simple_tag(takes_context=True)
def relative_time(context: Context, value: datetime) -> str:
    """Write how long before or after now an instant is."""
    return datetimes.format_relative_time(value, context["now"], reader_from_context(context))


@register.simple_tag(takes_context=True)
def country(context: Context, code: str) -> str:
    """Write a country's name."""
    return places.country_name(code, reader_from_context(context).locale)


@register.simple_tag(takes_context=True)
def place(context: Context, city: str, country: str) -> str:
    """Write a city with its country, in the reader's names and order."""
    return places.format_place(city, "", country, "", reader_from_context(context).locale)


@register.simple_tag(takes_context=True)
def weight(context: Context, grams: float) -> str:
    """Write a weight in the reader's measure."""
    return units.format_weight(grams, reader_from_context(context))


@register.simple_tag(takes_context=True)
def measurements(context: Context, shipment: Shipment) -> str:
    """Write what a carrier weighed and measured, in the reader's measures; nothing where no carrier did."""
    reader = reader_from_context(context)
    sides = [side / 10 for side in (shipment.length_mm, shipment.width_mm, shipment.height_mm) if side]
    told = (
        units.format_weight(shipment.weight_grams, reader) if shipment.weight_grams else "",
        units.format_dimensions(sides, reader) if sides else "",
    )
    return " · ".join(filter(None, told))


@register.simple_tag(takes_context=True)
def number(context: Context, value: float) -> str:
    """Write a whole number with the reader's separators and digits."""
    return numbers.format_number(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def localize_digits(context: Context, sentence: str) -> str:
    """Write the figures of a sentence of ours in the reader's digits."""
    return numbers.localize_digits(sentence, reader_from_context(context))


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Decimal, currency: str) -> str:
    """Write an amount of money as the reader wants its currency named."""
    return numbers.format_money(amount, currency, reader_from_context(context))


@register.simple_tag(takes_context=True)
def join_list(context: Context, parts: Iterable[str]) -> str:
    """Write a list of things with the language's commas and its word for `and`."""
    return numbers.join_list(parts, reader_from_context(context))
