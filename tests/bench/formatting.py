"""Row 18: what formatting dates, places and units for the reader adds to the server's time for a parcel page."""

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
    """Create a parcel with thirty events and return the path of its page."""
    leg = factories.create_leg("LZ987654321CN", for_order=factories.create_order("BENCH-18", country="DE"))
    events = tuple(
        factories.build_event_json(
            f"2026-09-{1 + index // 3:02}T{8 + 4 * (index % 3):02}:15:00+08:00", text=f"Hall {index}, 72 °F"
        )
        for index in range(EVENT_COUNT)
    )
    process_payload(factories.create_payload(factories.build_answer_json(leg.number, events=events)))
    return leg.shipment.get_absolute_url()


def page_ms(client: Client, path: str, language: str) -> float:
    """Return the milliseconds that one page takes in one language."""
    started_at = time.perf_counter()
    assert client.get(path, headers={"accept-language": language}).status_code == 200
    return (time.perf_counter() - started_at) * 1000


def page_ms_without_formatting(client: Client, path: str, language: str) -> float:
    """Return the milliseconds that one page takes if every formatter returns a constant."""
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
        return page_ms(client, path, language)


def measure_at_depth(depth: int, measure: Callable[[], float]) -> float:
    """Call `measure` with `depth` more frames on the stack."""
    return measure() if depth == 0 else measure_at_depth(depth - 1, measure)


def formatting_row() -> Row:
    """Measure row 18, alternating page by page, so that a slow moment of the machine affects both sides alike."""
    # Two sources of bias: the garbage collector would run in step with the alternation and burden one side, so it is
    # off, as in `timeit`. And Python 3.11 allocates its stack in blocks: a hot loop that crosses the edge of a block
    # changes a page by half, so each round runs at another stack depth.
    client, path = Client(SERVER_NAME="localhost"), create_page()
    rounds = [(language, depth) for depth in STACK_DEPTHS for language in LANGUAGES]
    our_rounds, baseline_rounds = cycle(rounds), cycle(rounds)

    def ours() -> float:
        language, depth = next(our_rounds)
        return measure_at_depth(depth, lambda: page_ms(client, path, language))

    def baseline() -> float:
        language, depth = next(baseline_rounds)
        return measure_at_depth(depth, lambda: page_ms_without_formatting(client, path, language))

    gc.disable()
    formatted, plain = measure_alternating(ours, baseline, len(rounds))
    gc.enable()
    details = {
        "with": f"{formatted:.2f} ms",
        "without": f"{plain:.2f} ms",
        "pages": len(rounds),
        "languages": len(LANGUAGES),
    }
    return Row(18, "formatting's share of a parcel page", formatted / plain - 1, 0.15, False, details)
