"""Template filters and tags that write values in the reader's own terms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.template.context import Context

from tracking.localization import clocks, numbers, places, units
from tracking.localization.reader import Reader
from tracking.models import Shipment

register = template.Library()


def reader_of(context: Context) -> Reader:
    """Return the reader of the page that is being written."""
    found: Reader = context["reader"]
    return found


@register.simple_tag(takes_context=True)
def day(context: Context, value: date) -> str:
    """Write a day with weekday and month in words."""
    return clocks.day(value, reader_of(context))


@register.simple_tag(takes_context=True)
def day_and_time(context: Context, reading: clocks.Reading) -> str:
    """Write the day and, where it was told, the time of an event."""
    return clocks.day_and_time(reading, reader_of(context))


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime) -> str:
    """Write an instant on the reader's clock."""
    return clocks.moment(value, reader_of(context))


@register.simple_tag(takes_context=True)
def own_city(context: Context) -> str:
    """Write the city whose clock is the reader's own."""
    reader = reader_of(context)
    return clocks.zone_city(reader.zone.key, reader.locale)


@register.simple_tag(takes_context=True)
def ago(context: Context, value: datetime) -> str:
    """Write how long before or after now an instant is."""
    return clocks.ago(value, context["now"], reader_of(context))


@register.simple_tag(takes_context=True)
def country(context: Context, code: str) -> str:
    """Write a country's name."""
    return places.country_name(code, reader_of(context).locale)


@register.simple_tag(takes_context=True)
def place(context: Context, city: str, country: str) -> str:
    """Write a city with its country, in the reader's names and order."""
    return places.place_line(city, "", country, "", reader_of(context).locale)


@register.simple_tag(takes_context=True)
def weight(context: Context, grams: float) -> str:
    """Write a weight in the reader's measure."""
    return units.weight(grams, reader_of(context))


@register.simple_tag(takes_context=True)
def measures(context: Context, shipment: Shipment) -> str:
    """Write what a carrier weighed and measured, in the reader's measures; nothing where no carrier did."""
    reader = reader_of(context)
    sides = [side / 10 for side in (shipment.length_mm, shipment.width_mm, shipment.height_mm) if side]
    told = (
        units.weight(shipment.weighed_grams, reader) if shipment.weighed_grams else "",
        units.size(sides, reader) if sides else "",
    )
    return " · ".join(filter(None, told))


@register.simple_tag(takes_context=True)
def number(context: Context, value: float) -> str:
    """Write a whole number with the reader's separators and digits."""
    return numbers.number(value, reader_of(context))


@register.simple_tag(takes_context=True)
def figures(context: Context, sentence: str) -> str:
    """Write the figures of a sentence of ours in the reader's digits."""
    return numbers.figures(sentence, reader_of(context))


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Decimal, currency: str) -> str:
    """Write an amount of money as the reader wants its currency named."""
    return numbers.money(amount, currency, reader_of(context))


@register.simple_tag(takes_context=True)
def listed(context: Context, parts: Iterable[str]) -> str:
    """Write a list of things with the language's commas and its word for `and`."""
    return numbers.listed(parts, reader_of(context))
