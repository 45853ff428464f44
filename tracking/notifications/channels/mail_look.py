"""The colours of an HTML mail in both themes: those of the pages' stylesheet, with the accent of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from tracking.notifications.channels.channel import AnswerCard, Brand, NotificationMessage
from tracking.page_state.days_strip import DayCell
from tracking.shop_colours import AccentColours, ShopColours


class ToneColours(NamedTuple):
    """The colour of a mood, its wash, and what is readable on it."""

    tone: str
    soft: str
    on_tone: str


class MailTheme(NamedTuple):
    """The colours of one theme; `tones` has a row for each tone of a state, `calm` being the accent."""

    paper: str
    card: str
    well: str
    ink: str
    soft: str
    line: str
    tones: Mapping[str, ToneColours]


class StripCell(NamedTuple):
    """One day of the strip; the corners are values of `border-radius` for its upper and its lower half."""

    weekday: str
    number: str
    is_in: bool
    is_best: bool
    is_today: bool
    is_said: bool
    top_corners: str
    bottom_corners: str


class ColouredCard(NamedTuple):
    """A card, the colours of its tone in the light theme, and its strip of days."""

    card: AnswerCard
    colours: ToneColours
    days: list[StripCell]


SITE_COLOURS: Final = ShopColours(
    AccentColours("#0b5c63", "#ffffff", "#e0eeee"), AccentColours("#7cd3cb", "#06201f", "#17332f")
)
"""The accent of the site, for shops that have named no colour."""
LIGHT: Final = MailTheme(
    "#f7f4ee",
    "#fffdfa",
    "#f3efe7",
    "#17211f",
    "#55605d",
    "#e4ddd0",
    {
        "good": ToneColours("#1c6a3c", "#e2f1e5", "#fffdfa"),
        "ask": ToneColours("#8a4a00", "#fdeed6", "#fffdfa"),
        "bad": ToneColours("#a02a1f", "#fbe7e2", "#fffdfa"),
        "quiet-tone": ToneColours("#55605d", "#f3efe7", "#fffdfa"),
    },
)
DARK: Final = MailTheme(
    "#0e1413",
    "#171f1e",
    "#1f2927",
    "#eef2ef",
    "#a9b6b2",
    "#2c3836",
    {
        "good": ToneColours("#8ad9a2", "#173322", "#0e1413"),
        "ask": ToneColours("#f4c27a", "#38290f", "#0e1413"),
        "bad": ToneColours("#f5a499", "#3c1d18", "#0e1413"),
        "quiet-tone": ToneColours("#a9b6b2", "#1f2927", "#0e1413"),
    },
)


def themes_of(brand: Brand) -> tuple[MailTheme, MailTheme]:
    """Return the light and the dark theme with the accent of a shop."""
    colours = brand.colours or SITE_COLOURS
    return with_accent(LIGHT, colours.light), with_accent(DARK, colours.dark)


def with_accent(theme: MailTheme, accent: AccentColours) -> MailTheme:
    """Return a theme whose calm tone is an accent."""
    calm = ToneColours(accent.accent, accent.soft, accent.on_accent)
    return theme._replace(tones={**theme.tones, "calm": calm})


def mail_context(message: NotificationMessage) -> dict[str, object]:
    """Return what the templates of a mail need beside its structured data."""
    brand = message.brand or Brand(message.sender)
    light, dark = themes_of(brand)
    return {
        "message": message,
        "brand": brand,
        "light": light,
        "dark": dark,
        "accent": light.tones["calm"],
        "cards": [
            ColouredCard(card, light.tones[card.tone], [strip_cell(cell, message.direction) for cell in card.days])
            for card in message.cards
        ],
    }


def strip_cell(cell: DayCell, direction: str) -> StripCell:
    """Return one day of the strip; the ends of the window are round, in the direction of the text."""
    kinds = cell.kinds.split()
    left, right = ("first", "last") if direction == "ltr" else ("last", "first")
    at_left, at_right = ("12px" if kind in kinds else "0" for kind in (left, right))
    return StripCell(
        cell.weekday,
        cell.number,
        is_in="in" in kinds,
        is_best="best" in kinds,
        is_today="today" in kinds,
        is_said="said" in kinds,
        top_corners=f"{at_left} {at_right} 0 0",
        bottom_corners=f"0 0 {at_right} {at_left}",
    )
