"""A shop's accent colour, changed until text in it and on it can be read in the light and the dark theme.

WCAG 2.2 (success criterion 1.4.3) asks for a contrast of 4.5:1. The surfaces and text colours are the tokens `--card`,
`--paper`, `--soft` and `--ink` of the pages' stylesheet; a test compares them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MIN_CONTRAST: Final = 4.5
MIX_STEP_PERCENT: Final = 4
TINT_STEP_PERCENT: Final = 2
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
INK: Final = "#17211f"
HEX_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


class ColourTheme(NamedTuple):
    """The surfaces of one theme, its secondary text, what an accent is mixed with, and the strength of its tint."""

    card: str
    paper: str
    secondary_text: str
    mixed_with: str
    tint_percent: int


LIGHT_THEME: Final = ColourTheme("#fffdfa", "#f7f4ee", "#55605d", BLACK, 10)
DARK_THEME: Final = ColourTheme("#171f1e", "#0e1413", "#a9b6b2", WHITE, 22)


class AccentColours(NamedTuple):
    """The three colours of one theme that a shop sets, as `#rrggbb`: `--accent`, `--on-accent`, `--accent-soft`."""

    accent: str
    on_accent: str
    soft: str


class ShopColours(NamedTuple):
    """The colours of a shop in both themes."""

    light: AccentColours
    dark: AccentColours


class InvalidColourError(ValueError):
    """The text is no colour of the form `#rrggbb`."""


def read_colour(text: str) -> str:
    """Return a typed colour as `#rrggbb`; the `#` may be missing, and three digits are enough as in CSS."""
    digits = text.strip().lower().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    colour = f"#{digits}"
    if not HEX_COLOUR.fullmatch(colour):
        raise InvalidColourError(text)
    return colour


def guard_shop_colour(colour: str) -> ShopColours:
    """Return the readable colours of a shop for its own colour `#rrggbb`."""
    return ShopColours(guard_accent(colour, LIGHT_THEME), guard_accent(colour, DARK_THEME))


def guard_accent(colour: str, theme: ColourTheme) -> AccentColours:
    """Mix a colour with the theme's black or white, 4 % at a time, until it is readable on card, paper and its tint."""
    for percent in range(0, 101, MIX_STEP_PERCENT):
        accent = mix_colours(colour, theme.mixed_with, percent)
        soft = tint_card(accent, theme)
        if all(contrast(accent, surface) >= MIN_CONTRAST for surface in (theme.card, theme.paper, soft)):
            break
    return AccentColours(accent, max((WHITE, INK), key=lambda text: contrast(text, accent)), soft)


def tint_card(accent: str, theme: ColourTheme) -> str:
    """Return the card with a tint of the accent, weaker where secondary text would not be readable on it."""
    for percent in range(theme.tint_percent, 0, -TINT_STEP_PERCENT):
        soft = mix_colours(theme.card, accent, percent)
        if contrast(theme.secondary_text, soft) >= MIN_CONTRAST:
            return soft
    return theme.card


def mix_colours(colour: str, other: str, percent: int) -> str:
    """Return a colour with `percent` of another, each channel mixed as it is stored (sRGB), as CSS does by default."""
    channels = zip(channels_of(colour), channels_of(other), strict=True)
    return "#" + "".join(f"{round(own + (added - own) * percent / 100):02x}" for own, added in channels)


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((relative_luminance(colour), relative_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white) (WCAG 2.2, "relative luminance")."""
    red, green, blue = (linearize(channel / 255) for channel in channels_of(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linearize(channel: float) -> float:
    """Return the linear intensity of one sRGB channel, both 0 to 1."""
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def channels_of(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of `#rrggbb`, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
