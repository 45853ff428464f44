"""Row 18: what writing dates, places and units in the reader's terms adds to the server's time for a parcel page."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Final
from unittest.mock import patch

from django.test import Client

from tests import make
from tests.bench.machine import Row, by_turns
from tracking.ingest.read import read
from tracking.localization import clocks, places, quantities

EVENTS: Final = 30
PAGES: Final = 20
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


def milliseconds(address: str) -> float:
    """Return the milliseconds for one page, over all languages."""
    client, begun = Client(SERVER_NAME="localhost"), time.perf_counter()
    for _ in range(PAGES):
        for language in LANGUAGES:
            assert client.get(address, headers={"accept-language": language}).status_code == 200
    return (time.perf_counter() - begun) / (PAGES * len(LANGUAGES)) * 1000


def without_formatting(address: str) -> float:
    """Return the milliseconds for one page in which every value is a ready piece of text."""
    with ExitStack() as patches:
        for name in ("day", "days", "moment", "ago", "clock_time", "day_and_time"):
            patches.enter_context(patch.object(clocks, name, lambda *_: "Wed 14 Oct"))
        patches.enter_context(patch.object(clocks, "read_time", lambda *_: READING))
        patches.enter_context(patch.object(places, "place_line", lambda *_: "Shenzhen, China"))
        patches.enter_context(patch.object(places, "country_name", lambda *_: "China"))
        patches.enter_context(patch.object(quantities, "quantities", lambda *_, **__: []))
        return milliseconds(address)


def row() -> Row:
    """Measure row 18."""
    address = page()
    ours, bare = by_turns(lambda: milliseconds(address), lambda: without_formatting(address))
    details = {"with": f"{ours:.2f} ms", "without": f"{bare:.2f} ms", "events": EVENTS, "languages": len(LANGUAGES)}
    return Row(18, "formatting's share of a parcel page", ours / bare - 1, 0.15, False, details)
