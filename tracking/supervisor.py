"""Several processes as one: started together, restarted when they fall, stopped together. Plain subprocess.

On Linux a child dies with its parent even when that is killed without warning. Run by path, with a plan as JSON on
standard input (see `Plan`), so that it loads neither Django nor the project and stays small.
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
from typing import IO, Final, NamedTuple, TypedDict
from urllib.parse import urlsplit

START_TIMEOUT_SECONDS: Final = 30.0
STOP_TIMEOUT_SECONDS: Final = 2.0
FIRST_CHILD_STOP_TIMEOUT_SECONDS: Final = 0.8
MAX_RESTARTS: Final = 5
PR_SET_PDEATHSIG: Final = 1
LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the kernel, in the child, for SIGTERM when the parent goes; and stay out of the terminal's Ctrl-C."""
    os.setsid()
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class ChildProcess:
    """One process that should always run."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.name, self.command, self.environment = name, list(command), dict(environment)
        self.start_times: deque[float] = deque(maxlen=MAX_RESTARTS + 1)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, with its words passed on under its name."""
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
        """Print what it says, each line under its name."""
        for line in output:
            print(f"{self.name:<9} | {line.rstrip()}", flush=True)  # noqa: T201

    @property
    def has_exited(self) -> bool:
        """Tell whether it ended by itself."""
        return self.process is not None and self.process.poll() is not None

    @property
    def is_crash_looping(self) -> bool:
        """Tell whether it fell too often within a minute."""
        return len(self.start_times) > MAX_RESTARTS and time.monotonic() - self.start_times[0] < 60

    def send_signal(self, number: int) -> None:
        """Send a signal to it and all that it started, even where it is gone itself and left them behind."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def wait(self, deadline: float) -> None:
        """Wait until it has ended, at most to the deadline (of the monotonic clock); then kill what is left of it."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.05, deadline - time.monotonic()))
        self.send_signal(signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Runs children until it is told to stop."""

    def __init__(self) -> None:
        self.children: list[ChildProcess] = []
        self.stopping = threading.Event()
        self.failed = False

    def add(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one more child."""
        child = ChildProcess(name, command, environment or {})
        self.children.append(child)
        child.start()

    def install_signal_handlers(self) -> None:
        """Stop at SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())

    def run(self) -> int:
        """Keep the children running until told to stop; return 0, or 1 when one could not be kept running."""
        while not self.failed and not self.stopping.wait(0.2):
            self.restart_exited_children()
        self.stop()
        return int(self.failed)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait until something holds, or for `START_SECONDS`, or until told to stop; return whether it holds."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not condition():
            if self.failed or time.monotonic() > deadline or self.stopping.wait(0.1):
                return False
            self.restart_exited_children()
        return True

    def abort(self, reason: str) -> None:
        """Say why the whole cannot go on; `run` then stops it."""
        print(f"{reason}; stopping everything", file=sys.stderr, flush=True)  # noqa: T201
        self.failed = True

    def restart_exited_children(self) -> None:
        """Start every fallen child again."""
        for child in self.children:
            if child.has_exited and not self.failed:
                self.restart_child(child)

    def restart_child(self, child: ChildProcess) -> None:
        """Start a fallen child again; give up when it falls again and again."""
        assert child.process is not None
        print(f"{child.name} ended with status {child.process.returncode}", file=sys.stderr, flush=True)  # noqa: T201
        # What it started may outlive it and hold its port.
        child.send_signal(signal.SIGKILL)
        if child.is_crash_looping:
            self.abort(f"{child.name} does not stay up")
        elif not self.stopping.wait(min(0.2 * 2 ** len(child.start_times), 5)):
            child.start()

    def stop(self) -> None:
        """Stop the children; the first, on which the others stand, when they are gone."""
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
    """One child: its name, its command, what to add to the environment, and a file that shows that it is up."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_path: str


class RunPlan(NamedTuple):
    """What to run, the address that answers 200 once all is up, and what to say then."""

    children: list[ChildSpec]
    ready_url: str
    ready_message: str


def responds_ok(url: str) -> bool:
    """Tell whether an address of ours answers 200."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        line.request("GET", parts.path)
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def run_plan(plan: RunPlan) -> int:
    """Start what the plan names, say that it is up, keep it up; return the exit status."""
    supervisor = Supervisor()
    supervisor.install_signal_handlers()
    for program in plan.children:
        supervisor.add(program["name"], program["command"], program["environment"])
        shown = program["ready_path"]
        if shown and not supervisor.wait_until(lambda path=shown: os.path.exists(path)):  # type: ignore[misc]  # noqa: PTH110
            break
    if supervisor.wait_until(lambda: responds_ok(plan.ready_url)):
        print(plan.ready_message, flush=True)  # noqa: T201
    elif not supervisor.failed and not supervisor.stopping.is_set():
        supervisor.abort(f"{plan.ready_url} did not answer within {START_TIMEOUT_SECONDS:g} s")
    return supervisor.run()


if __name__ == "__main__":
    sys.exit(run_plan(RunPlan(**json.load(sys.stdin))))
