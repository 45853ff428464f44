"""Rows 11 and 14: carrier calls per CPU second against a bare client, and adaptive against fixed polling."""

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
    """Run a carrier server in its own process and yield its URL."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(BODY)
        body.flush()
        command = [sys.executable, "-m", "tests.bench.carrier_server", body.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
            process.terminate()


def measure_ours(feed: Carrier, legs: list[Leg]) -> float:
    """Return our calls per CPU second, one number each, with rate limit, headers and error handling."""
    batches = [fetch.CallBatch("fetch", (leg,)) for leg in legs]
    results: list[fetch.FetchResult] = []
    cpu_seconds = measure_cpu_seconds(lambda: results.append(asyncio.run(fetch.call_batches(feed, batches))))
    assert len(results[0].answers) == CALL_COUNT, results[0].error
    return CALL_COUNT / cpu_seconds


def measure_bare_client(url: str) -> float:
    """Return the calls per CPU second of a bare aiohttp client with the same concurrency as ours."""

    async def run() -> None:
        semaphore = asyncio.Semaphore(fetch.CONCURRENT_CALLS)

        async def call(session: aiohttp.ClientSession) -> None:
            async with semaphore, session.post(url + "/track", json=[{"number": "LZ000000015CN"}]) as response:
                await response.read()

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(call(session) for _ in range(CALL_COUNT)))

    return CALL_COUNT / measure_cpu_seconds(lambda: asyncio.run(run()))


def calls_row() -> Row:
    """Measure row 11."""
    with run_server() as url:
        feed = factories.create_feed(base_url=url, calls_per_second=100_000)
        legs = [
            factories.create_leg(f"LZ{number:09d}CN", from_feed=feed, registered_at=factories.RECEIVED_AT)
            for number in range(CALL_COUNT)
        ]
        ours, bare = measure_alternating(lambda: measure_ours(feed, legs), lambda: measure_bare_client(url))
    details = {"calls_per_cpu_second": round(ours), "bare_aiohttp": round(bare)}
    return Row(11, "calls per CPU-second / bare aiohttp", ours / bare, 0.8, True, details)


def adaptive_polling_row() -> Row:
    """Measure row 14 against a fixed interval of six hours, on three populations that were not trained on."""
    training_numbers = polling_replay.simulate_numbers(1500, 1)
    comparisons = [
        polling_replay.compare_policies(training_numbers, polling_replay.simulate_numbers(300, seed), 6.0)
        for seed in (2, 3, 4)
    ]
    median_ratio = sorted(comparison.ratio for comparison in comparisons)[1]
    details = {
        "ratios": " ".join(f"{comparison.ratio:.3f}" for comparison in comparisons),
        "calls": " ".join(f"{comparison.adaptive.calls}/{comparison.fixed.calls}" for comparison in comparisons),
        "95 %": " ".join(
            f"{comparison.adaptive.quantile(0.95):.1f}/{comparison.fixed.quantile(0.95):.1f} h"
            for comparison in comparisons
        ),
    }
    return Row(14, "adaptive / fixed polling, median delay", median_ratio, 0.5, False, details)
