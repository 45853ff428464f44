"""List the demo's orders, each with the sentence that says what it shows."""

from __future__ import annotations

from typing import NamedTuple

from tracking.demo.orders import stored_orders
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS
from tracking.simulator.parcels.held_orders import HELD_ORDERS


class DemoOrderRow(NamedTuple):
    """One demo order. `state` is the state that it holds, "" for one that moves."""

    order: str
    email: str
    path: str
    story: str
    state: str


def list_demo_orders() -> list[DemoOrderRow]:
    """Return the demo orders that exist: those that move first, then those that hold their state."""
    orders = {order.number: order for order in stored_orders()}
    stories = [(order.order_number, order.title, "") for order in DEMO_ORDERS]
    stories += [(order.order_number, order.title, order.state) for order in HELD_ORDERS]
    return [
        DemoOrderRow(number, orders[number].email, orders[number].get_absolute_url(), title, state)
        for number, title, state in stories
        if number in orders
    ]
