"""Whatever colour a shop has, text in it and on it can be read in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from tracking.shop_colours import (
    DARK_THEME,
    INK,
    LIGHT_THEME,
    MIN_CONTRAST,
    AccentColours,
    ColourTheme,
    InvalidColourError,
    contrast,
    guard_accent,
    guard_shop_colour,
    mix_colours,
    read_colour,
)

DARK_INK = "#eef2ef"
LIGHT_WELL, DARK_WELL = "#f3efe7", "#1f2927"
STYLESHEET = Path(settings.BASE_DIR, "static", "css", "page.css")
TOKEN_PATTERN = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def assert_readable(colours: AccentColours, theme: ColourTheme, ink: str, well: str) -> None:
    for surface in (theme.card, theme.paper, well, colours.soft):
        assert contrast(colours.accent, surface) >= MIN_CONTRAST
    assert contrast(colours.on_accent, colours.accent) >= MIN_CONTRAST
    assert contrast(ink, colours.soft) >= MIN_CONTRAST
    assert contrast(theme.secondary_text, colours.soft) >= MIN_CONTRAST


@given(colours)
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#0000ff")
@example("#808080")
def test_every_colour_becomes_readable_in_light_and_dark(colour: str) -> None:
    light, dark = guard_shop_colour(colour)

    assert_readable(light, LIGHT_THEME, INK, LIGHT_WELL)
    assert_readable(dark, DARK_THEME, DARK_INK, DARK_WELL)


@given(colours)
def test_a_guarded_colour_is_not_changed_again(colour: str) -> None:
    for theme in (LIGHT_THEME, DARK_THEME):
        once = guard_accent(colour, theme)
        assert guard_accent(once.accent, theme) == once


def test_a_readable_colour_stays_as_it_is_with_a_tint_of_a_tenth() -> None:
    light = guard_accent("#0b5c63", LIGHT_THEME)

    assert light == AccentColours("#0b5c63", "#ffffff", mix_colours("#fffdfa", "#0b5c63", 10))


def test_a_pale_colour_is_darkened_by_no_more_steps_than_needed() -> None:
    accent = guard_accent("#ffcc00", LIGHT_THEME).accent
    steps = [mix_colours("#ffcc00", "#000000", percent) for percent in range(0, 101, 4)]
    before = steps[steps.index(accent) - 1]

    assert contrast(accent, LIGHT_THEME.paper) >= MIN_CONTRAST
    assert contrast(before, mix_colours(LIGHT_THEME.card, before, 10)) < MIN_CONTRAST


def test_the_tint_of_a_white_accent_leaves_secondary_text_readable_in_the_dark() -> None:
    soft = guard_accent("#ffffff", DARK_THEME).soft

    assert contrast(DARK_THEME.secondary_text, mix_colours(DARK_THEME.card, "#ffffff", 22)) < MIN_CONTRAST
    assert contrast(DARK_THEME.secondary_text, soft) >= MIN_CONTRAST


def test_text_on_an_accent_is_white_or_ink_whichever_is_better() -> None:
    assert guard_accent("#6d2b66", LIGHT_THEME).on_accent == "#ffffff"
    assert guard_accent("#6d2b66", DARK_THEME).on_accent == INK


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("typed", ["#0B5C63", "0b5c63", "  #0b5c63 "])
def test_a_colour_is_read_in_any_case_and_without_its_sign(typed: str) -> None:
    assert read_colour(typed) == "#0b5c63"


def test_three_digits_are_read_as_in_css() -> None:
    assert read_colour("#fc0") == "#ffcc00"


@pytest.mark.parametrize("typed", ["", "teal", "#12345", "#1234567", "#12345g", "#०१२३४५", "url(x)"])
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(InvalidColourError):
        read_colour(typed)


def tokens_of(selector: str) -> dict[str, str]:
    """Return the colours that the pages' stylesheet sets in the first block of a selector, by name."""
    _, _, rest = STYLESHEET.read_text(encoding="utf-8").partition(f"{selector} {{")
    return dict(TOKEN_PATTERN.findall(rest.partition("}")[0]))


def test_the_surfaces_are_those_of_the_stylesheet() -> None:
    light, dark = tokens_of(":root"), tokens_of('[data-theme="dark"]')
    for theme, tokens in ((LIGHT_THEME, light), (DARK_THEME, dark)):
        assert (theme.card, theme.paper, theme.secondary_text) == (tokens["card"], tokens["paper"], tokens["soft"])
    assert (light["ink"], light["well"], dark["ink"], dark["well"]) == (INK, LIGHT_WELL, DARK_INK, DARK_WELL)


def test_the_dark_theme_is_the_same_by_choice_and_by_device() -> None:
    chosen, by_device = tokens_of('[data-theme="dark"]'), tokens_of(':root:not([data-theme="light"])')
    assert chosen
    assert chosen == by_device
