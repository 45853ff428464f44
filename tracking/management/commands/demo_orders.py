"""Create and list the demo orders: `manage.py demo_orders [--carrier-url URL --carrier-key KEY]`.

It prints one JSON object a line: order number, e-mail, page path, story, and the state that it holds. With
--carrier-url and --carrier-key (`make start` passes them) it first connects the simulated carrier network as a feed,
creates the missing orders, and lets those start again whose time is over.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tracking.demo.listing import list_demo_orders
from tracking.demo.orders import connect_feed, create_held_orders, create_moving_orders
from tracking.demo.restarts import restart_held_orders


class Command(BaseCommand):
    help = "Print the demo's orders as JSON lines; with --carrier-url and --carrier-key make them first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier-url", help="where the simulated network answers, e.g. http://127.0.0.1:8100")
        parser.add_argument("--carrier-key", default="", help="its API key")
        parser.add_argument("--moving-only", action="store_true", help="leave those that hold their state as they are")
        parser.add_argument("--speed", type=float, default=720.0, help="how much faster than ours its clock runs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["carrier_url"]:
            now = timezone.now()
            feed = connect_feed(options["carrier_url"], options["carrier_key"], options["speed"])
            create_moving_orders(feed, now)
            if not options["moving_only"]:
                create_held_orders(feed, now)
                restart_held_orders(now)
        rows = list_demo_orders()
        if not rows:
            raise CommandError("there are no demo orders yet; `make start` makes them")
        for row in rows:
            self.stdout.write(json.dumps(row._asdict(), ensure_ascii=False))
