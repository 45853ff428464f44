"""How sure a share of parcels is, and the chart of shares by month: coordinates for an SVG, no database."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, sqrt
from typing import Final, NamedTuple

Z_95: Final = 1.959964
"""The standard normal quantile of a two-sided 95 % interval."""
PROMISED_PERCENT: Final = 80
WIDTH: Final = 296.0
TOP, BOTTOM = 14.0, 106.0
LABEL_Y: Final = 134.0
MAX_LINES: Final = 4


class SharePoint(NamedTuple):
    """A month: its one-letter label, and how many of 100 came with the 95 % range, in percent."""

    label: str
    percent: float
    low: float
    high: float
    is_worst: bool


class ChartDot(NamedTuple):
    """One month in the chart; coordinates are texts, so that no locale changes their decimal points."""

    x: str
    y: str
    low_y: str
    high_y: str
    label: str
    is_worst: bool


class ChartLine(NamedTuple):
    """A horizontal line at a percentage."""

    y: str
    text_y: str
    percent: int
    is_promise: bool


class ShareChart(NamedTuple):
    """Dots from the oldest month to the newest, and the lines behind them."""

    dots: list[ChartDot]
    lines: list[ChartLine]


def wilson_interval(percent: float, count: int) -> tuple[float, float]:
    """Return the 95 % range of a share in percent that was counted on `count` parcels (Wilson 1927)."""
    if not count:
        return 0.0, 100.0
    share, z_squared = percent / 100, Z_95**2
    centre = share + z_squared / (2 * count)
    spread = Z_95 * sqrt(share * (1 - share) / count + z_squared / (4 * count**2))
    scale = 100 / (1 + z_squared / count)
    return max(0.0, (centre - spread) * scale), min(100.0, (centre + spread) * scale)


def build_share_chart(points: Iterable[SharePoint]) -> ShareChart:
    """Return the chart of months in their order; the promised share is always among its lines."""
    shown = list(points)
    bottom = 5 * floor(min([PROMISED_PERCENT, *(point.low for point in shown)]) / 5)
    top = 5 * ceil(max([PROMISED_PERCENT, *(point.high for point in shown)]) / 5)
    span = max(5, top - bottom)
    step = next(step for step in (5, 10, 20, 50) if span / step < MAX_LINES or step == 50)

    def y_of(percent: float) -> float:
        return BOTTOM - (percent - bottom) / span * (BOTTOM - TOP)

    percents = {*range(bottom + -bottom % step, top + 1, step), PROMISED_PERCENT}
    lines = [
        ChartLine(f"{y_of(percent):.1f}", f"{y_of(percent) + 4:.1f}", percent, percent == PROMISED_PERCENT)
        for percent in sorted(percents)
    ]
    pitch = WIDTH / max(1, len(shown))
    dots = [
        ChartDot(
            f"{(index + 0.5) * pitch:.1f}",
            f"{y_of(point.percent):.1f}",
            f"{y_of(point.low):.1f}",
            f"{y_of(point.high):.1f}",
            point.label,
            point.is_worst,
        )
        for index, point in enumerate(shown)
    ]
    return ShareChart(dots, lines)
