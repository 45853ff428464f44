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

from tests import make
from tests.bench.machine import Row, by_turns
from tracking.ingest.read import read
from tracking.localization import clocks, places, quantities

EVENTS: Final = 30
DEPTHS: Final = range(0, 160, 2)
LANGUAGES: Final = ("de-DE", "ja-JP", "ar-EG", "en-US")
READING: Final = clocks.Reading(None, "14:30", "Berlin time", "", "2026-10-14T14:30")


def page() -> str:
    """Make a parcel with thirty events and return its page's address."""
    leg = make.leg("LZ987654321CN", of=make.order("BENCH-18", country="DE"))
    events = tuple(
        make.event(f"2026-09-{1 + index // 3:02}T{8 + 4 * (index % 3):02}:15:00+08:00", words=f"Hall {index}, 72 °F")
        for index in range(EVENTS)
    )
    read(make.payload(make.answer(leg.number, events=events)))
    return leg.shipment.get_absolute_url()


def milliseconds(client: Client, address: str, language: str) -> float:
    """Return the milliseconds for one page in one language."""
    begun = time.perf_counter()
    assert client.get(address, headers={"accept-language": language}).status_code == 200
    return (time.perf_counter() - begun) * 1000


def without_formatting(client: Client, address: str, language: str) -> float:
    """Return the milliseconds for one page in which every value is a ready piece of text."""
    with ExitStack() as patches:
        for name in ("day", "days", "moment", "ago", "clock_time", "day_and_time"):
            patches.enter_context(patch.object(clocks, name, lambda *_: "Wed 14 Oct"))
        patches.enter_context(patch.object(clocks, "read_time", lambda *_: READING))
        patches.enter_context(patch.object(places, "place_line", lambda *_: "Shenzhen, China"))
        patches.enter_context(patch.object(places, "country_name", lambda *_: "China"))
        patches.enter_context(patch.object(quantities, "quantities", lambda *_, **__: []))
        return milliseconds(client, address, language)


def deeper(frames: int, measured: Callable[[], float]) -> float:
    """Measure from so many frames further down the stack."""
    return measured() if frames == 0 else deeper(frames - 1, measured)


def row() -> Row:
    """Measure row 18: page by page in turns, so that a machine's good and bad seconds fall on both alike.

    The garbage collector rests meanwhile, as in `timeit`: it would keep step with the turns and burden one side. Each
    turn begins at another depth of the stack: Python 3.11 takes and returns a block of memory at each call over a
    block's edge, and whether that edge lies in a hot loop changes a page by half.
    """
    client, address = Client(SERVER_NAME="localhost"), page()
    turns = [(language, depth) for depth in DEPTHS for language in LANGUAGES]
    ones, others = cycle(turns), cycle(turns)

    def ours() -> float:
        language, depth = next(ones)
        return deeper(depth, lambda: milliseconds(client, address, language))

    def bare() -> float:
        language, depth = next(others)
        return deeper(depth, lambda: without_formatting(client, address, language))

    gc.disable()
    told, floor = by_turns(ours, bare, len(turns))
    gc.enable()
    details = {"with": f"{told:.2f} ms", "without": f"{floor:.2f} ms", "pages": len(turns), "languages": len(LANGUAGES)}
    return Row(18, "formatting's share of a parcel page", told / floor - 1, 0.15, False, details)
