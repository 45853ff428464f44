"""One demo order that holds its state."""

from __future__ import annotations

from typing import Final, NamedTuple

from .demo_orders import DEMO_ORDERS, DemoOrderLine
from .held_parcels import build_parcel
from .scripted_journeys import ScriptedParcel

HELD_EMAIL: Final = "demo@example.com"
ARTICLES: Final = {line.sku: line for order in DEMO_ORDERS for line in order.lines}


class HeldOrder(NamedTuple):
    """One demo order that holds its state.

    `state` is the `page_state.StateKind` of its first parcel. `promised_days` counts from the day of its start to the
    day that the shop promised. `statement` is what the shop states (`vocabulary.StatementKind`). Without
    `is_country_known` the order has no country, so that no day can be forecast.
    """

    state: str
    title: str
    order_number: str
    sku: str
    parcels: tuple[ScriptedParcel, ...]
    slug: str = ""
    placed_days_ago: int = 14
    hold_hours: int = 24
    promised_days: int | None = None
    statement: str = ""
    is_reported_missing: bool = False
    is_country_known: bool = True
    is_feed_down: bool = False

    @property
    def lines(self) -> tuple[DemoOrderLine, ...]:
        """Return the lines of the order, one for each parcel."""
        return tuple(ARTICLES[self.sku] for _ in self.parcels)


def hold(
    state: str,
    number: int,
    sku: str,
    title: str,
    script: str,
    scan: str = "",
    estimate_days: tuple[float, float] | None = None,
) -> HeldOrder:
    """Return an order of one parcel: a script, with one more line at its end."""
    parcel = build_parcel(50_200_000 + number, f"{script}      {scan}\n" if scan else script, estimate_days)
    return HeldOrder(state, title, f"LF-{number}", sku, (parcel,))
