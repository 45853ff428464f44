"""Template tags that format values for the reader of the page; each needs `reader` in the context."""

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
    """Return the reader of the page being rendered."""
    reader: Reader = context["reader"]
    return reader


@register.simple_tag(takes_context=True)
def day(context: Context, value: date) -> str:
    """Format a day with weekday and month name."""
    return datetimes.format_day(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def localized_time(context: Context, value: datetimes.LocalizedTime) -> str:
    """Format the day of an event, with its time if it has one."""
    return datetimes.format_localized_time(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def local_datetime(context: Context, value: datetime) -> str:
    """Format an instant in the reader's zone."""
    return datetimes.format_instant(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def reader_zone_city(context: Context) -> str:
    """Return the city of the reader's zone."""
    reader = reader_from_context(context)
    return datetimes.zone_city(reader.zone.key, reader.locale)


@register.simple_tag(takes_context=True)
def reader_zone(context: Context) -> str:
    """Return the name of the reader's zone: `Berlin time`."""
    reader = reader_from_context(context)
    return datetimes.zone_name(reader.zone.key, reader.locale)


@register.simple_tag(takes_context=True)
def relative_time(context: Context, value: datetime) -> str:
    """Format the distance of an instant from `now` in the context."""
    return datetimes.format_relative_time(value, context["now"], reader_from_context(context))


@register.simple_tag(takes_context=True)
def country(context: Context, code: str) -> str:
    """Return the name of a country."""
    return places.country_name(code, reader_from_context(context).locale)


@register.simple_tag(takes_context=True)
def place(context: Context, city: str, country: str) -> str:
    """Format a city with its country, in the names and order of the reader's language."""
    return places.format_place(city, "", country, "", reader_from_context(context).locale)


@register.simple_tag(takes_context=True)
def weight(context: Context, grams: float) -> str:
    """Format a weight in the reader's units."""
    return units.format_weight(grams, reader_from_context(context))


@register.simple_tag(takes_context=True)
def measurements(context: Context, shipment: Shipment) -> str:
    """Format the weight and dimensions that the carrier measured; '' if it measured nothing."""
    reader = reader_from_context(context)
    sides = [side / 10 for side in (shipment.length_mm, shipment.width_mm, shipment.height_mm) if side]
    parts = (
        units.format_weight(shipment.weight_grams, reader) if shipment.weight_grams else "",
        units.format_dimensions(sides, reader) if sides else "",
    )
    return " · ".join(filter(None, parts))


@register.simple_tag(takes_context=True)
def number(context: Context, value: float) -> str:
    """Format a whole number with the reader's separators and digits."""
    return numbers.format_number(value, reader_from_context(context))


@register.simple_tag(takes_context=True)
def localize_digits(context: Context, sentence: str) -> str:
    """Convert the digits of one of our own sentences to the reader's."""
    return numbers.localize_digits(sentence, reader_from_context(context))


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Decimal, currency: str) -> str:
    """Format an amount of money, the currency as the reader prefers it."""
    return numbers.format_money(amount, currency, reader_from_context(context))


@register.simple_tag(takes_context=True)
def join_list(context: Context, parts: Iterable[str]) -> str:
    """Join texts with the language's commas and its word for `and`."""
    return numbers.join_list(parts, reader_from_context(context))
