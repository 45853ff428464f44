"""Rows 11 and 14: carrier calls a CPU-second against a bare client, and adaptive against fixed polling."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp

from tests import make
from tests.bench.machine import Row, by_turns, cpu_seconds
from tests.bench.storing import answer
from tracking.evaluation import polling_replay
from tracking.models import Carrier, Leg
from tracking.polling import fetch

CALLS: Final = 600
BODY: Final = json.dumps(answer("LZ000000015CN")).encode()


@contextmanager
def server() -> Iterator[str]:
    """Run a carrier's server and give its address."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(BODY)
        body.flush()
        command = [sys.executable, "-m", "tests.bench.answering", body.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
            process.terminate()


def ours(feed: Carrier, legs: list[Leg]) -> float:
    """Return our calls a CPU-second: budget, headers, call and status, for one number each."""
    todo = [fetch.Batch("fetch", (leg,)) for leg in legs]
    outcomes: list[fetch.Outcome] = []
    took = cpu_seconds(lambda: outcomes.append(asyncio.run(fetch.call_all(feed, todo))))
    assert len(outcomes[0].answers) == CALLS, outcomes[0].trouble
    return CALLS / took


def bare(address: str) -> float:
    """Return a bare client's calls a CPU-second, as many at once as ours."""

    async def run() -> None:
        gate = asyncio.Semaphore(fetch.AT_ONCE)

        async def call(session: aiohttp.ClientSession) -> None:
            async with gate, session.post(address + "/track", json=[{"number": "LZ000000015CN"}]) as response:
                await response.read()

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(call(session) for _ in range(CALLS)))

    return CALLS / cpu_seconds(lambda: asyncio.run(run()))


def row() -> Row:
    """Measure row 11."""
    with server() as address:
        feed = make.feed(base_url=address, calls_per_second=100_000)
        legs = [make.leg(f"LZ{number:09d}CN", source=feed, registered_at=make.HEARD) for number in range(CALLS)]
        found, floor = by_turns(lambda: ours(feed, legs), lambda: bare(address))
    details = {"calls_per_cpu_second": round(found), "bare_aiohttp": round(floor)}
    return Row(11, "calls per CPU-second / bare aiohttp", found / floor, 0.8, True, details)


def adaptive_row() -> Row:
    """Measure row 14 on three populations that taught nothing, at six hours."""
    teachers = polling_replay.population(1500, 1)
    found = [polling_replay.compare(teachers, polling_replay.population(300, seed), 6.0) for seed in (2, 3, 4)]
    ratio = sorted(one.ratio for one in found)[1]
    details = {
        "ratios": " ".join(f"{one.ratio:.3f}" for one in found),
        "calls": " ".join(f"{one.adaptive.calls}/{one.fixed.calls}" for one in found),
        "95 %": " ".join(f"{one.adaptive.quantile(0.95):.1f}/{one.fixed.quantile(0.95):.1f} h" for one in found),
    }
    return Row(14, "adaptive / fixed polling, median delay", ratio, 0.5, False, details)
