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

from tests import factories
from tests.bench.ingest import build_answer
from tests.bench.measurement import Row, measure_alternating, measure_cpu_seconds
from tracking.evaluation import polling_replay
from tracking.models import Carrier, Leg
from tracking.polling import fetch

CALL_COUNT: Final = 600
BODY: Final = json.dumps(build_answer("LZ000000015CN")).encode()


@contextmanager
def run_server() -> Iterator[str]:
    """Run a carrier's server and give its address."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(BODY)
        body.flush()
        command = [sys.executable, "-m", "tests.bench.carrier_server", body.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
            process.terminate()


def measure_ours(feed: Carrier, legs: list[Leg]) -> float:
    """Return our calls a CPU-second: budget, headers, call and status, for one number each."""
    todo = [fetch.CallBatch("fetch", (leg,)) for leg in legs]
    outcomes: list[fetch.FetchResult] = []
    took = measure_cpu_seconds(lambda: outcomes.append(asyncio.run(fetch.call_batches(feed, todo))))
    assert len(outcomes[0].answers) == CALL_COUNT, outcomes[0].error
    return CALL_COUNT / took


def measure_bare_client(url: str) -> float:
    """Return a bare client's calls a CPU-second, as many at once as ours."""

    async def run() -> None:
        gate = asyncio.Semaphore(fetch.CONCURRENT_CALLS)

        async def call(session: aiohttp.ClientSession) -> None:
            async with gate, session.post(url + "/track", json=[{"number": "LZ000000015CN"}]) as response:
                await response.read()

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(call(session) for _ in range(CALL_COUNT)))

    return CALL_COUNT / measure_cpu_seconds(lambda: asyncio.run(run()))


def calls_row() -> Row:
    """Measure row 11."""
    with run_server() as address:
        feed = factories.create_feed(base_url=address, calls_per_second=100_000)
        legs = [
            factories.create_leg(f"LZ{number:09d}CN", from_feed=feed, registered_at=factories.RECEIVED_AT)
            for number in range(CALL_COUNT)
        ]
        found, floor = measure_alternating(lambda: measure_ours(feed, legs), lambda: measure_bare_client(address))
    details = {"calls_per_cpu_second": round(found), "bare_aiohttp": round(floor)}
    return Row(11, "calls per CPU-second / bare aiohttp", found / floor, 0.8, True, details)


def adaptive_polling_row() -> Row:
    """Measure row 14 on three populations that taught nothing, at six hours."""
    teachers = polling_replay.simulate_numbers(1500, 1)
    found = [
        polling_replay.compare_policies(teachers, polling_replay.simulate_numbers(300, seed), 6.0) for seed in (2, 3, 4)
    ]
    ratio = sorted(one.ratio for one in found)[1]
    details = {
        "ratios": " ".join(f"{one.ratio:.3f}" for one in found),
        "calls": " ".join(f"{one.adaptive.calls}/{one.fixed.calls}" for one in found),
        "95 %": " ".join(f"{one.adaptive.quantile(0.95):.1f}/{one.fixed.quantile(0.95):.1f} h" for one in found),
    }
    return Row(14, "adaptive / fixed polling, median delay", ratio, 0.5, False, details)
