"""Webhooks under faults and overload, compared with the truth: `make faults`. See tests/drills/README.md."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.drills.faults.options import FaultOptions, read_options

try:
    OPTIONS = read_options(os.environ)
except ValueError as error:
    sys.exit(str(error))

import tests.drills.django_setup  # noqa: F401

from django.conf import settings  # isort: skip

from tests.drills.faults.attempts import (
    ACCEPTED,
    OVERLOAD,
    Attempt,
    covered_share,
    measure_recoveries,
    recovery_windows,
)
from tests.drills.faults.comparison import compare
from tests.drills.faults.injection import (
    Clock,
    Usage,
    control_postgresql,
    inject_faults,
    watch_readiness,
)
from tests.drills.faults.parcels import Message, TrueParcel, generate_traffic
from tests.drills.faults.records import (
    StoredState,
    create_parcels,
    read_state,
    wait_until_processed,
)
from tests.drills.faults.report import (
    Figure,
    failures,
    format_counts,
    format_figures,
    format_percentiles,
    format_phases,
    format_rate,
    judge,
    judge_recoveries,
    summarize_phases,
)
from tests.drills.faults.schedule import Fault, fault_kinds, plan_arrivals, plan_faults
from tests.drills.faults.traffic import CarrierSenders, hold_stream, visit_pages
from tests.drills.site import RunningSite, run_site

RETRY_SECONDS = 60.0
"""How long carriers try again after the last message was due."""
JOURNEY_AGE = timedelta(days=20)


class Plan(NamedTuple):
    """Everything that is drawn from the seed before the run."""

    faults: list[Fault]
    arrivals: list[float]
    page_arrivals: list[float]
    overload: tuple[float, float]
    parcels: list[TrueParcel]
    messages: list[Message]


class Observations(NamedTuple):
    """What was seen from outside while the traffic ran."""

    attempts: list[Attempt]
    visits: list[Attempt]
    streams: Counter[str]
    faults: list[Fault]
    ready_times: list[float]
    usage: dict[str, float]
    clock: Clock


def plan_run(options: FaultOptions) -> Plan:
    """Draw faults, arrivals and parcels."""
    rng = random.Random(options.seed)
    faults = plan_faults(fault_kinds(options.database), options.seconds, options.away_seconds, rng)
    faults = [fault.later(options.calm_seconds) for fault in faults]
    normal_seconds = options.calm_seconds + options.seconds
    overload = (normal_seconds, normal_seconds + options.overload_seconds)
    arrivals = plan_arrivals(options.rate, 0.0, normal_seconds, rng)
    arrivals += plan_arrivals(options.rate * options.overload_factor, overload[0], options.overload_seconds, rng)
    pages = plan_arrivals(options.pages_rate, 0.0, overload[1], rng)
    parcels, messages = generate_traffic(len(arrivals), datetime.now(UTC) - JOURNEY_AGE, rng)
    return Plan(faults, arrivals, pages, overload, parcels, messages)


async def observe(site: RunningSite, plan: Plan, paths: Sequence[str], options: FaultOptions) -> Observations:
    """Run traffic and faults against the site, and note what comes of them."""
    rng, clock, streams = random.Random(options.seed), Clock(), Counter[str]()
    senders = CarrierSenders(f"{site.url}/hooks/17track/", plan.messages, clock, rng)
    usage, visits, ready_times = Usage(site, settings.DATA_DIR, options.database), list[Attempt](), list[float]()
    tokens = [path.strip("/").rpartition("/")[2] for path in paths]
    watchers = [
        asyncio.create_task(usage.watch()),
        asyncio.create_task(watch_readiness(site, clock, ready_times)),
        *(asyncio.create_task(hold_stream(f"{site.url}/live/{token}", streams)) for token in tokens[: options.streams]),
    ]
    urls = [f"{site.url}{path}" for path in ("/", *paths)]
    _, faults, _ = await asyncio.gather(
        senders.run(plan.arrivals, plan.overload[1] + RETRY_SECONDS),
        inject_faults(site, settings.DATA_DIR, plan.faults, clock, report_progress),
        visit_pages(urls, plan.page_arrivals, clock, rng, visits),
    )
    for watcher in watchers:
        watcher.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)
    return Observations(senders.attempts, visits, streams, faults, ready_times, usage.peaks, clock)


def report_progress(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def print_report(plan: Plan, seen: Observations, state: StoredState, drained_after: float | None) -> list[str]:
    """Print all tables; return the names of the figures that make the run fail."""
    accepted_messages = {attempt.message for attempt in seen.attempts if attempt.outcome == ACCEPTED}
    accepted = {text for index in accepted_messages for text in plan.messages[index].texts} - state.waiting
    uncertain = {text for attempt in seen.attempts for text in plan.messages[attempt.message].texts} - accepted
    differences = compare(plan.parcels, accepted, uncertain, state.scans, state.milestones)
    recoveries = measure_recoveries(seen.faults, seen.attempts, state.payloads, seen.ready_times, plan.overload[0])
    windows = recovery_windows(recoveries)
    phases = summarize_phases(seen.attempts, plan.messages, windows, plan.overload, differences)
    readers = Counter(visit.outcome for visit in seen.visits) + seen.streams
    figures = [
        *judge(phases, differences, readers, state.unprocessed),
        *judge_recoveries(recoveries),
        Figure("recovery windows, part of the time", f"{100 * covered_share(windows, plan.overload[0]):.0f} %"),
        *describe_load(plan, seen, state, drained_after, len(accepted_messages)),
    ]
    print(f"\n{format_phases(phases)}\n\n{format_figures(figures)}\n")
    return failures(figures)


def describe_load(
    plan: Plan, seen: Observations, state: StoredState, drained_after: float | None, accepted: int
) -> list[Figure]:
    """Return the figures without a target."""
    waits = [payload.processed - payload.received for payload in state.payloads if payload.processed is not None]
    pages = [visit.latency_ms for visit in seen.visits if visit.outcome == "200"]
    in_overload = Counter(visit.outcome for visit in seen.visits if visit.due >= plan.overload[0])
    drained = "not in time" if drained_after is None else f"{drained_after:.0f} s"
    values = {
        "messages never accepted": f"{len(plan.messages) - accepted} of {len(plan.messages)}",
        "seconds from stored to processed": format_percentiles(waits),
        "webhooks processed per second": format_rate(state.payloads),
        "queue empty after the last answer": drained,
        "pages": format_counts(Counter(visit.outcome for visit in seen.visits)),
        "pages 200, ms": format_percentiles(pages),
        f"pages in {OVERLOAD}": format_counts(in_overload),
        "live streams, answers and updates": format_counts(seen.streams),
        "peak memory, MiB": f"web {seen.usage['web']:.0f}, worker {seen.usage['worker']:.0f}",
        "most database connections": f"{seen.usage['connections']:.0f}",
    }
    return [Figure(name, value) for name, value in values.items()]


def describe_run(options: FaultOptions, plan: Plan) -> str:
    """Return what is about to be done, on what machine: other work on it makes the figures worse."""
    no_restart = "" if options.database == "postgresql" else " (it runs inside the processes: nothing to restart)"
    overload_rate = options.rate * options.overload_factor
    return (
        f"{options.database}{no_restart}, seed {options.seed}: {options.rate:g} webhooks/s for "
        f"{options.calm_seconds:g} s, then for {options.seconds:g} s with faults,\n"
        f"then {overload_rate:g}/s for {options.overload_seconds:g} s; "
        f"{len(plan.messages)} webhooks about {len(plan.parcels)} parcels; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start"
    )


def run(plan: Plan, options: FaultOptions, log_path: Path) -> list[str]:
    """Run the drill and print its report; return what failed."""
    try:
        with run_site(settings.DATA_DIR, log_path) as site:
            paths = create_parcels(plan.parcels)
            seen = asyncio.run(observe(site, plan, paths, options))
            drained_after = wait_until_processed(site, options.quiet_seconds)
            gave_up = ["the supervisor gave up"] if not site.is_running else []
        state = read_state(seen.clock.started_at)
    finally:
        if options.database == "postgresql":
            control_postgresql(settings.DATA_DIR, "stop")
    return print_report(plan, seen, state, drained_after) + gave_up


def main() -> int:
    """Run the drill; return the exit status."""
    # So that the database server and the site are stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plan = plan_run(OPTIONS)
    report_progress(describe_run(OPTIONS, plan))
    log_path = Path(tempfile.mkstemp(prefix="landfall-faults-", suffix=".log")[1])
    if failed := run(plan, OPTIONS, log_path):
        report_progress(f"FAILED: {', '.join(failed)}. What the site printed: {log_path}")
        return 1
    log_path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
