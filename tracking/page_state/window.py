"""Whether a window of arrival is narrow enough to help its reader."""

from __future__ import annotations

from datetime import date
from typing import Final

from tracking.page_state.states import ShownWindow

ALWAYS_NARROW_DAYS: Final = 4
MAX_SHARE_OF_DISTANCE: Final = 0.7
MAX_DAYS: Final = 21


def is_worth_showing(window: ShownWindow, today: date) -> bool:
    """Return whether a window is still ahead and not too wide.

    From its first to its last day it may span 4 days, or 0.7 of the days from today to its middle, and 21 at most.
    """
    if window.last_on < today:
        return False
    width = (window.last_on - window.first_on).days
    days_to_middle = ((window.first_on - today).days + (window.last_on - today).days) / 2
    return width <= min(max(ALWAYS_NARROW_DAYS, MAX_SHARE_OF_DISTANCE * days_to_middle), MAX_DAYS)
