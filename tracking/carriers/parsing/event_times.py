"""The order and the clock of events from carriers that document neither."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from tracking.carriers.parsed import ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.vocabulary import ZoneSource

Row = TypeVar("Row")


def order_oldest_first(rows: list[Row], clock_of: Callable[[Row], str]) -> list[Row]:
    """Return an answer's rows oldest first, for a carrier that may list them in either direction.

    Compares the clock texts of the first and the last row only: sorting would tear apart rows of the same minute.
    """
    return rows[::-1] if rows and clock_of(rows[0]) > clock_of(rows[-1]) else rows


def parse_with_assumed_clock(text: str, country: str, received_at: datetime) -> ParsedTime:
    """Parse a time on the clock of `country`, wherever the event happened.

    The instant is certain. That the place shows the same clock is our assumption, and the zone source says so.
    """
    parsed_time = timestamps.parse_timestamp(text, country=country, received_at=received_at)
    is_assumed = parsed_time.zone_source is ZoneSource.PLACE
    return parsed_time._replace(zone_source=ZoneSource.ASSUMED) if is_assumed else parsed_time
