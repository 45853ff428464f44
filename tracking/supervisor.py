"""Run several processes as one: start them together, restart those that end, stop them together.

A child that ends is started again, after a delay that doubles up to five seconds while it does not stay up. All are
stopped only when one child fails by itself, and not because it was killed or what it needs was away, six times in a
row within ten seconds of its start.

A child that runs once is started when everything is up, and stays away when it has ended.

On Linux the children end with the supervisor even when it is killed. It is run by path, with a `RunPlan` as JSON on
standard input, so that it imports neither Django nor the project and takes little memory.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple, NotRequired, TypedDict
from urllib.parse import urlsplit

START_TIMEOUT_SECONDS: Final = 180.0
PROGRESS_SECONDS: Final = 5.0
STOP_TIMEOUT_SECONDS: Final = 2.0
FIRST_CHILD_STOP_TIMEOUT_SECONDS: Final = 0.8
EARLY_SECONDS: Final = 10.0
MAX_EARLY_FAILURES: Final = 5
FIRST_RESTART_DELAY_SECONDS: Final = 0.2
MAX_RESTART_DELAY_SECONDS: Final = 5.0
STATUSES_OF_KILLED: Final = {-signal.SIGKILL, -signal.SIGTERM}
PR_SET_PDEATHSIG: Final = 1
LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """In the child: get SIGTERM when the parent dies (Linux), and none of the terminal's Ctrl-C."""
    os.setsid()
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class ChildProcess:
    """One process that is kept running; `needs` are the children that it cannot work without."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        needs: Sequence[ChildProcess] = (),
        *,
        runs_once: bool = False,
    ) -> None:
        self.name, self.command, self.environment, self.needs = name, list(command), dict(environment), list(needs)
        self.runs_once = runs_once
        self.process: subprocess.Popen[str] | None = None
        self.started_at = 0.0
        self.restart_at: float | None = None
        self.restarts = self.early_failures = 0

    def start(self, report: Callable[[str], None]) -> None:
        """Start the process and report each line of its output, after its name."""
        self.started_at, self.restart_at = time.monotonic(), None
        # die_with_parent only makes system calls; it is safe between fork and exec.
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent,
        )
        threading.Thread(target=self.forward_output, args=(self.process.stdout, report), daemon=True).start()

    def forward_output(self, output: IO[str], report: Callable[[str], None]) -> None:
        """Report each line of the process after its name."""
        for line in output:
            report(f"{self.name:<9} | {line.rstrip()}")

    @property
    def has_exited(self) -> bool:
        """Return whether the process ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> float:
        """Count the end of the process, set the time of its restart and return the delay in seconds."""
        now = time.monotonic()
        if now - self.started_at >= EARLY_SECONDS:
            self.restarts = self.early_failures = 0
        elif not self.was_disturbed():
            self.early_failures += 1
        delay = min(FIRST_RESTART_DELAY_SECONDS * 2.0**self.restarts, MAX_RESTART_DELAY_SECONDS)
        self.restarts += 1
        self.restart_at = now + delay
        return delay

    def was_disturbed(self) -> bool:
        """Return whether the process was killed, or a child that it needs is down or was restarted meanwhile."""
        assert self.process is not None
        return self.process.returncode in STATUSES_OF_KILLED or any(
            need.has_exited or need.started_at > self.started_at for need in self.needs
        )

    def send_signal(self, number: int) -> None:
        """Send a signal to the process and all that it started, even after the process itself has ended."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def wait(self, deadline: float) -> None:
        """Wait for the end of the process until `deadline` (`time.monotonic`), then kill what is left of its group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.05, deadline - time.monotonic()))
        self.send_signal(signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Keeps children running until a stop is requested."""

    def __init__(self) -> None:
        self.children: dict[str, ChildProcess] = {}
        self.stopping = threading.Event()
        self.failed = False

    def report(self, line: str, output: IO[str] | None = None) -> None:
        """Print a line; stop everything once nobody can read it, as after the terminal was closed."""
        try:
            print(line, file=output, flush=True)
        except OSError:
            self.stopping.set()

    def add(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        needs: Iterable[str],
        *,
        runs_once: bool = False,
    ) -> None:
        """Start a child and keep it running from now on, unless it runs once."""
        needed = [self.children[need] for need in needs]
        child = ChildProcess(name, command, environment, needed, runs_once=runs_once)
        self.children[name] = child
        child.start(self.report)

    def install_signal_handlers(self) -> None:
        """Stop on SIGINT, on SIGTERM and when the terminal closes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())

    def run(self) -> int:
        """Keep the children running until a stop is requested; return the exit status: 1 after a failure, else 0."""
        while not self.failed and not self.stopping.wait(0.2):
            self.restart_exited_children()
        self.stop()
        return int(self.failed)

    def wait_until_nothing_is_missing(self, list_missing: Callable[[], list[str]]) -> bool:
        """Wait, saying every few seconds for what, while the children live; return whether the wait ended well.

        It ends badly after `START_TIMEOUT_SECONDS`, when a child does not stay up, or on a request to stop.
        """
        started_at = reported_at = time.monotonic()
        while missing := list_missing():
            now = time.monotonic()
            if now - started_at > START_TIMEOUT_SECONDS:
                self.abort(f"{', '.join(missing)}: not up after {START_TIMEOUT_SECONDS:g} s")
            elif now - reported_at > PROGRESS_SECONDS:
                reported_at = now
                self.report(f"Waiting for {', '.join(missing)} ({now - started_at:.0f} s)")
            if self.failed or self.stopping.wait(0.1):
                return False
            self.restart_exited_children()
        return True

    def abort(self, reason: str) -> None:
        """Print the reason and mark the run as failed, so that `run` stops everything."""
        self.report(f"{reason}; stopping everything", sys.stderr)
        self.failed = True

    def restart_exited_children(self) -> None:
        """Restart every child that has exited, once its delay is over."""
        for child in self.children.values():
            if not self.failed and child.has_exited and not child.runs_once:
                self.restart_child(child)

    def restart_child(self, child: ChildProcess) -> None:
        """Plan the restart of a child that has just exited, or restart it when its time has come."""
        assert child.process is not None
        if child.restart_at is None:
            delay = child.plan_restart()
            self.report(
                f"{child.name} ended with status {child.process.returncode}; restart in {delay:g} s", sys.stderr
            )
            # Processes that the child started can outlive it and still hold its port.
            child.send_signal(signal.SIGKILL)
            if child.early_failures > MAX_EARLY_FAILURES:
                self.abort(f"{child.name} does not stay up")
        elif time.monotonic() >= child.restart_at:
            child.start(self.report)

    def stop(self) -> None:
        """Stop the children, the first one last: the others may need it until their end (it is the embedded broker)."""
        children = list(self.children.values())
        for group, seconds in (
            (children[1:], STOP_TIMEOUT_SECONDS),
            (children[:1], FIRST_CHILD_STOP_TIMEOUT_SECONDS),
        ):
            for child in group:
                child.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + seconds
            for child in group:
                child.wait(deadline)


class ChildSpec(TypedDict):
    """One child: name, command, additional environment, the names of the children that it needs, and a path.

    The path exists once the child is ready (empty: none). A child that runs once is started after all others.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    needs: list[str]
    ready_path: str
    runs_once: NotRequired[bool]


class RunPlan(NamedTuple):
    """What to run, the URL that answers 200 once everything is up, and the message to print then."""

    children: list[ChildSpec]
    ready_url: str
    ready_message: str


def list_unready_parts(url: str) -> list[str]:
    """Return the parts of the site that its /readyz (an http:// URL) says are missing; empty once it answers 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return ["web"]
    finally:
        connection.close()
    return [] if response.status == 200 else parse_unready_parts(body) or [f"web (it answers {response.status})"]


def parse_unready_parts(body: bytes) -> list[str]:
    """Return the names of the failed checks in the JSON that /readyz answers; empty for any other answer."""
    try:
        checks = json.loads(body)
    except ValueError:
        return []
    if not isinstance(checks, dict):
        return []
    return [name for name, check in checks.items() if isinstance(check, dict) and not check.get("ok")]


def run_plan(plan: RunPlan) -> int:
    """Start the children in order, print the message once the site is up, keep it up; return the exit status."""
    supervisor = Supervisor()
    supervisor.install_signal_handlers()
    kept_running = [child for child in plan.children if not child.get("runs_once")]
    if all(start_child(supervisor, child) for child in kept_running) and supervisor.wait_until_nothing_is_missing(
        lambda: list_unready_parts(plan.ready_url)
    ):
        supervisor.report(plan.ready_message)
        for child in plan.children:
            if child.get("runs_once"):
                supervisor.add(child["name"], child["command"], child["environment"], child["needs"], runs_once=True)
    return supervisor.run()


def start_child(supervisor: Supervisor, child: ChildSpec) -> bool:
    """Start one child and wait until it is ready; return whether the next may start."""
    name, ready_path = child["name"], child["ready_path"]
    supervisor.add(name, child["command"], child["environment"], child["needs"])
    return supervisor.wait_until_nothing_is_missing(
        lambda: [name] if ready_path and not Path(ready_path).exists() else []
    )


if __name__ == "__main__":
    sys.exit(run_plan(RunPlan(**json.load(sys.stdin))))
