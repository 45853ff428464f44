"""A user's parcels as one list: what waits for the user, what is on its way, what came lately, and the archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from babel.dates import format_skeleton

from tracking.localization import datetimes
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader
from tracking.page_state import Tone
from tracking.page_state.days_strip import MAX_DAYS_IN_STRIP, DayCell, weekday_name
from tracking.pages.parcel_card import ParcelCard, zone_of_hours

ARCHIVED_AFTER: Final = timedelta(days=30)


class ArchiveMonth(NamedTuple):
    """The archived parcels that ended in one month; `name` has its year."""

    name: str
    cards: list[ParcelCard]


class ParcelList(NamedTuple):
    """A user's parcels in groups; lost and damaged ones are in trouble.

    `next_card` is the one that arrives next, None where no date is known.
    """

    your_turn: list[ParcelCard]
    in_trouble: list[ParcelCard]
    on_the_way: list[ParcelCard]
    delivered: list[ParcelCard]
    archive: list[ArchiveMonth]
    next_card: ParcelCard | None
    days: list[DayCell]
    also_on: list[str]
    zone: str

    @property
    def open_count(self) -> int:
        """Return how many parcels are still to come, without those in trouble."""
        return len(self.your_turn) + len(self.on_the_way)

    @property
    def archived_count(self) -> int:
        """Return how many parcels are in the archive."""
        return sum(len(month.cards) for month in self.archive)


def build_parcel_list(cards: Sequence[ParcelCard], reader: Reader, now: datetime) -> ParcelList:
    """Return the groups of cards that are sorted as `build_cards` does."""
    today = now.astimezone(reader.zone).date()
    still_to_come = [card for card in cards if not card.has_ended]
    ended = sorted((card for card in cards if card.has_ended), key=ended_on, reverse=True)
    archived = [card for card in ended if ended_on(card) < today - ARCHIVED_AFTER]
    next_card = next((card for card in still_to_come if card.likely_on), None)
    others = {card.likely_on for card in still_to_come if card.likely_on and card is not next_card}
    return ParcelList(
        your_turn=[card for card in still_to_come if card.task_title],
        in_trouble=[card for card in still_to_come if not card.task_title and card.tone == Tone.BAD],
        on_the_way=[card for card in still_to_come if not card.task_title and card.tone != Tone.BAD],
        delivered=[card for card in ended if card not in archived],
        archive=[
            ArchiveMonth(str(format_skeleton("yMMMM", month, locale=reader.locale)), list(group))
            for month, group in groupby(archived, key=lambda card: ended_on(card).replace(day=1))
        ],
        next_card=next_card,
        days=arrival_strip({card.likely_on for card in still_to_come if card.likely_on}, today, reader),
        also_on=[datetimes.format_day(day, reader) for day in sorted(others)[:3]],
        zone=zone_of_hours(still_to_come, reader),
    )


def ended_on(card: ParcelCard) -> date:
    """Return the day on which a parcel's journey ended: its delivery, else its last news."""
    shipment = card.shipment
    last_news = shipment.cancelled_at or shipment.last_event_at
    return shipment.delivered_on or (last_news.date() if last_news else date.min)


def arrival_strip(likely_days: Iterable[date], today: date, reader: Reader) -> list[DayCell]:
    """Return the days from today to the last likely one within the strip, each likely one marked; [] without any."""
    shown = [day for day in likely_days if 0 <= (day - today).days < MAX_DAYS_IN_STRIP]
    if not shown:
        return []
    days = [today + timedelta(days=index) for index in range((max(shown) - today).days + 1)]
    return [
        DayCell(
            weekday_name(day, reader),
            format_number(day.day, reader),
            " ".join(name for name, holds in (("today", day == today), ("best", day in shown)) if holds),
        )
        for day in days
    ]
