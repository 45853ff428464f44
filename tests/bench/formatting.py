"""Row 18: what writing dates, places and units in the reader's terms adds to the server's time for a parcel page."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
from typing import Final
from unittest.mock import patch

from django.test import Client

from tests import factories
from tests.bench.measurement import Row, measure_alternating
from tracking.ingest.process import process_payload
from tracking.localization import datetimes, places, quantities

EVENT_COUNT: Final = 30
STACK_DEPTHS: Final = range(0, 160, 2)
LANGUAGES: Final = ("de-DE", "ja-JP", "ar-EG", "en-US")
READY_TIME: Final = datetimes.LocalizedTime(None, "14:30", "Berlin time", "", "2026-10-14T14:30")


def create_page() -> str:
    """Make a parcel with thirty events and return its page's address."""
    leg = factories.create_leg("LZ987654321CN", for_order=factories.create_order("BENCH-18", country="DE"))
    events = tuple(
        factories.build_event_json(
            f"2026-09-{1 + index // 3:02}T{8 + 4 * (index % 3):02}:15:00+08:00", text=f"Hall {index}, 72 °F"
        )
        for index in range(EVENT_COUNT)
    )
    process_payload(factories.create_payload(factories.build_answer_json(leg.number, events=events)))
    return leg.shipment.get_absolute_url()


def page_ms(client: Client, address: str, language: str) -> float:
    """Return the milliseconds for one page in one language."""
    begun = time.perf_counter()
    assert client.get(address, headers={"accept-language": language}).status_code == 200
    return (time.perf_counter() - begun) * 1000


def page_ms_without_formatting(client: Client, address: str, language: str) -> float:
    """Return the milliseconds for one page in which every value is a ready piece of text."""
    with ExitStack() as patches:
        for name in (
            *("format_day", "format_day_range", "format_instant"),
            *("format_relative_time", "format_time_of_day", "format_localized_time"),
        ):
            patches.enter_context(patch.object(datetimes, name, lambda *_: "Wed 14 Oct"))
        patches.enter_context(patch.object(datetimes, "localize_time", lambda *_: READY_TIME))
        patches.enter_context(patch.object(places, "format_place", lambda *_: "Shenzhen, China"))
        patches.enter_context(patch.object(places, "country_name", lambda *_: "China"))
        patches.enter_context(patch.object(quantities, "convert_quantities", lambda *_, **__: []))
        return page_ms(client, address, language)


def measure_at_depth(depth: int, measure: Callable[[], float]) -> float:
    """Measure from so many frames further down the stack."""
    return measure() if depth == 0 else measure_at_depth(depth - 1, measure)


def formatting_row() -> Row:
    """Measure row 18: page by page in turns, so that a machine's good and bad seconds fall on both alike.

    The garbage collector rests meanwhile, as in `timeit`: it would keep step with the turns and burden one side. Each
    turn begins at another depth of the stack: Python 3.11 takes and returns a block of memory at each call over a
    block's edge, and whether that edge lies in a hot loop changes a page by half.
    """
    client, address = Client(SERVER_NAME="localhost"), create_page()
    turns = [(language, depth) for depth in STACK_DEPTHS for language in LANGUAGES]
    ones, others = cycle(turns), cycle(turns)

    def ours() -> float:
        language, depth = next(ones)
        return measure_at_depth(depth, lambda: page_ms(client, address, language))

    def bare() -> float:
        language, depth = next(others)
        return measure_at_depth(depth, lambda: page_ms_without_formatting(client, address, language))

    gc.disable()
    told, floor = measure_alternating(ours, bare, len(turns))
    gc.enable()
    details = {"with": f"{told:.2f} ms", "without": f"{floor:.2f} ms", "pages": len(turns), "languages": len(LANGUAGES)}
    return Row(18, "formatting's share of a parcel page", told / floor - 1, 0.15, False, details)
