"""Run several processes as one: start them together, restart those that exit, stop them together.

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
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import IO, Final, NamedTuple, TypedDict
from urllib.parse import urlsplit

START_TIMEOUT_SECONDS: Final = 30.0
STOP_TIMEOUT_SECONDS: Final = 2.0
FIRST_CHILD_STOP_TIMEOUT_SECONDS: Final = 0.8
MAX_RESTARTS: Final = 5
PR_SET_PDEATHSIG: Final = 1
LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """In the child: get SIGTERM when the parent dies (Linux), and none of the terminal's Ctrl-C."""
    os.setsid()
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class ChildProcess:
    """One process that is kept running."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name, self.command, self.environment = name, list(command), dict(environment)
        self.start_times: deque[float] = deque(maxlen=MAX_RESTARTS + 1)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process and forward its output."""
        self.start_times.append(time.monotonic())
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
        threading.Thread(target=self.forward_output, args=(self.process.stdout,), daemon=True).start()

    def forward_output(self, output: IO[str]) -> None:
        """Print the output of the process, each line after its name."""
        for line in output:
            print(f"{self.name:<9} | {line.rstrip()}", flush=True)  # noqa: T201

    @property
    def has_exited(self) -> bool:
        """Return whether the process ended by itself."""
        return self.process is not None and self.process.poll() is not None

    @property
    def is_crash_looping(self) -> bool:
        """Return whether the process was started more than `MAX_RESTARTS` times within a minute."""
        return len(self.start_times) > MAX_RESTARTS and time.monotonic() - self.start_times[0] < 60

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
        self.children: list[ChildProcess] = []
        self.stopping = threading.Event()
        self.failed = False

    def add(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a child and keep it running from now on."""
        child = ChildProcess(name, command, environment or {})
        self.children.append(child)
        child.start()

    def install_signal_handlers(self) -> None:
        """Stop on SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())

    def run(self) -> int:
        """Keep the children running until a stop is requested; return the exit status: 1 after a failure, else 0."""
        while not self.failed and not self.stopping.wait(0.2):
            self.restart_exited_children()
        self.stop()
        return int(self.failed)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait for a condition; return False after `START_TIMEOUT_SECONDS`, a failure or a request to stop."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not condition():
            if self.failed or time.monotonic() > deadline or self.stopping.wait(0.1):
                return False
            self.restart_exited_children()
        return True

    def abort(self, reason: str) -> None:
        """Print the reason and mark the run as failed, so that `run` stops everything."""
        print(f"{reason}; stopping everything", file=sys.stderr, flush=True)  # noqa: T201
        self.failed = True

    def restart_exited_children(self) -> None:
        """Restart every child that has exited."""
        for child in self.children:
            if child.has_exited and not self.failed:
                self.restart_child(child)

    def restart_child(self, child: ChildProcess) -> None:
        """Restart a child after a delay that grows with each restart; give up when it keeps exiting."""
        assert child.process is not None
        print(f"{child.name} ended with status {child.process.returncode}", file=sys.stderr, flush=True)  # noqa: T201
        # Processes that the child started can outlive it and still hold its port.
        child.send_signal(signal.SIGKILL)
        if child.is_crash_looping:
            self.abort(f"{child.name} does not stay up")
        elif not self.stopping.wait(min(0.2 * 2 ** len(child.start_times), 5)):
            child.start()

    def stop(self) -> None:
        """Stop the children, the first one last: the others may need it until their end (it is the embedded broker)."""
        for group, seconds in (
            (self.children[1:], STOP_TIMEOUT_SECONDS),
            (self.children[:1], FIRST_CHILD_STOP_TIMEOUT_SECONDS),
        ):
            for child in group:
                child.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + seconds
            for child in group:
                child.wait(deadline)


class ChildSpec(TypedDict):
    """One child: name, command, additional environment, and a path that exists once it is ready (empty: none)."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_path: str


class RunPlan(NamedTuple):
    """What to run, the URL that answers 200 once everything is up, and the message to print then."""

    children: list[ChildSpec]
    ready_url: str
    ready_message: str


def responds_ok(url: str) -> bool:
    """Return whether an http:// URL answers 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def run_plan(plan: RunPlan) -> int:
    """Start the children in order, print the message once the site is up, keep it up; return the exit status."""
    supervisor = Supervisor()
    supervisor.install_signal_handlers()
    for child in plan.children:
        supervisor.add(child["name"], child["command"], child["environment"])
        ready_path = child["ready_path"]
        if ready_path and not supervisor.wait_until(partial(os.path.exists, ready_path)):
            break
    if supervisor.wait_until(lambda: responds_ok(plan.ready_url)):
        print(plan.ready_message, flush=True)  # noqa: T201
    elif not supervisor.failed and not supervisor.stopping.is_set():
        supervisor.abort(f"{plan.ready_url} did not answer within {START_TIMEOUT_SECONDS:g} s")
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(run_plan(RunPlan(**json.load(sys.stdin))))
