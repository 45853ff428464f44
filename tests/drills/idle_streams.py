"""Open 2,000 idle connections of each kind and see whether `/` still answers: `python -m tests.drills.idle_streams`.

Every connection comes from a loopback address of its own, so that no limit per client helps. CONNECTIONS=500 opens
fewer, HOLD=60 holds them longer. The exit status is not zero if a page did not answer 200 within two seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import tests.drills.django_setup  # noqa: F401

import aiohttp  # isort: skip
from django.conf import settings

from tests import factories
from tests.drills.faults.attempts import percentile
from tests.drills.faults.report import format_counts, format_number, format_table
from tests.drills.site import RunningSite, finish, run_site

CONNECTIONS = int(os.environ.get("CONNECTIONS") or 2000)
HOLD_SECONDS = float(os.environ.get("HOLD") or 30)
PAGE_INTERVAL_SECONDS = 0.25
MAX_PAGE_SECONDS = 2.0
UNKNOWN_TOKEN = "0" * 32


class IdleKind(NamedTuple):
    """A way of being idle: what a connection sends before it says nothing more."""

    name: str
    request: bytes


class IdleConnections:
    """Idle connections of one kind: how many were made, what they were answered and how many are still open."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.made = self.still_open = 0
        self.answers: Counter[str] = Counter()

    async def hold(self, index: int, request: bytes) -> None:
        """Connect, send the request and wait until the site closes the connection or this task is cancelled."""
        address = f"127.1.{index // 250}.{index % 250 + 1}"
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port, local_addr=(address, 0))
        except OSError as error:
            self.answers[type(error).__name__] += 1
            return
        self.made, self.still_open = self.made + 1, self.still_open + 1
        try:
            writer.write(request)
            if answer := await reader.read(1024):
                self.answers[answer.split(b" ", 2)[1].decode("ascii", "replace")] += 1
            while answer and await reader.read(1024):
                pass
        except OSError:
            self.answers["reset"] += 1
        finally:
            self.still_open -= 1
            writer.close()


def idle_kinds(token: str) -> list[IdleKind]:
    """Return the kinds; `token` is that of a page."""
    get = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return [
        IdleKind("nothing sent", b""),
        IdleKind("half of the headers", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
        IdleKind("half of a body", b"POST /hooks/17track/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"),
        IdleKind("stream of no page", get.format(f"/live/{UNKNOWN_TOKEN}").encode()),
        IdleKind("stream of a page", get.format(f"/live/{token}").encode()),
    ]


async def watch_page(url: str, until: float, seconds: list[float], outcomes: Counter[str]) -> None:
    """Open a page every quarter of a second, each time on a new connection, until a time of `time.monotonic`."""
    timeout = aiohttp.ClientTimeout(total=10)
    while time.monotonic() < until:
        started = time.monotonic()
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
                await response.read()
                outcomes[str(response.status)] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            outcomes[type(error).__name__] += 1
        seconds.append(time.monotonic() - started)
        await asyncio.sleep(PAGE_INTERVAL_SECONDS)


async def try_kind(site: RunningSite, kind: IdleKind) -> tuple[list[str], bool]:
    """Hold idle connections of one kind; return a row of the table and whether the page always answered in time."""
    parts = urlsplit(site.url)
    connections = IdleConnections(parts.hostname or "", parts.port or 80)
    tasks = [asyncio.create_task(connections.hold(index, kind.request)) for index in range(CONNECTIONS)]
    seconds, outcomes = list[float](), Counter[str]()
    await watch_page(site.url, time.monotonic() + HOLD_SECONDS, seconds, outcomes)
    still_open = connections.still_open
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    is_answering = set(outcomes) == {"200"} and max(seconds) <= MAX_PAGE_SECONDS
    times = [format_number(1000 * (percentile(seconds, share) or 0)) for share in (0.5, 1.0)]
    row = [kind.name, str(connections.made), format_counts(connections.answers), str(still_open)]
    return [*row, format_counts(outcomes), *times, "met" if is_answering else "MISSED"], is_answering


def main() -> int:
    """Run the drill; return the exit status."""
    log_path = Path(tempfile.mkstemp(prefix="landfall-idle-", suffix=".log")[1])
    header = ["idle", "connected", "answers", f"open after {HOLD_SECONDS:g} s", "/", "p50 ms", "longest ms", ""]
    rows, all_answering = [header], True
    with run_site(settings.DATA_DIR, log_path) as site:
        order = factories.create_order()
        for kind in idle_kinds(order.token):
            row, is_answering = asyncio.run(try_kind(site, kind))
            rows.append(row)
            all_answering &= is_answering
    print(f"{CONNECTIONS} idle connections of each kind; load {os.getloadavg()[0]:.1f}\n\n{format_table(rows)}")
    return finish(log_path, all_answering)


if __name__ == "__main__":
    sys.exit(main())
