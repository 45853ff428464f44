"""Run the tests of a module against each of its mutants, each in a fork of one process that has collected them."""

from __future__ import annotations

import gc
import importlib
import math
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.mutants.grafting import graft_source
from tests.mutants.mutations import Mutant, make_mutants

MIN_CPU_SECONDS: Final = 5.0
MIN_SECONDS: Final = 60.0
"""For what waits without computing: a busy machine must not kill a mutant that no test notices."""
SURVIVED, KILLED = 0, 1


class Target(NamedTuple):
    """A module and the tests that must notice each change of it: files or folders below `tests`."""

    module: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Return the module's file."""
        return Path(*self.module.split(".")).with_suffix(".py")

    def is_tested_by(self, path: Path) -> bool:
        """Return whether a file with tests belongs to this module."""
        return any(path.is_relative_to(Path("tests", test).resolve()) for test in self.tests)


class Outcome(NamedTuple):
    """What became of the mutants of one module: how many were run, and which survived."""

    target: Target
    run: int
    total: int
    survivors: list[Mutant]
    seconds: float


class Limits(NamedTuple):
    """How long the tests may take with a mutant: seconds of the processor, and of the clock."""

    cpu_seconds: float
    seconds: float


class MutantRunner:
    """A pytest plugin that runs the collected tests once for each mutant instead of once."""

    def __init__(
        self, targets: Sequence[Target], report: Callable[[Outcome], None], sample: int | None, seed: int
    ) -> None:
        self.targets, self.report, self.sample, self.seed = targets, report, sample, seed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests against each target's mutants."""
        if not session.testsfailed:
            for target in self.targets:
                self.report(self.run_target(session, target))
                session._setupstate.teardown_exact(None)
        return True

    def run_target(self, session: pytest.Session, target: Target) -> Outcome:
        """Run the tests of a module as it is, which must pass, then against each of its mutants."""
        started, cpu_started = time.monotonic(), time.process_time()
        # Property tests are slow, and the others kill most mutants.
        items = sorted(
            (item for item in session.items if target.is_tested_by(item.path)),
            key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"),
        )
        if not items or not run_items(session, items):
            raise pytest.UsageError(f"the tests of {target.module} do not pass, or there are none")
        limits = Limits(
            MIN_CPU_SECONDS + 5 * (time.process_time() - cpu_started), MIN_SECONDS + 10 * (time.monotonic() - started)
        )
        # A collection in a fork would copy all that it shares with this process.
        gc.freeze()
        mutants = make_mutants(target.path.read_text(encoding="utf-8"))
        chosen = mutants
        if self.sample is not None and self.sample < len(mutants):
            chosen = sorted(random.Random(f"{self.seed} {target.module}").sample(mutants, self.sample))
        survivors = [mutant for mutant in chosen if not is_killed(session, items, target, mutant, limits)]
        return Outcome(target, len(chosen), len(mutants), survivors, time.monotonic() - started)


def run_items(session: pytest.Session, items: Sequence[pytest.Item]) -> bool:
    """Run tests up to the first failure; return whether all passed. What the whole run shares stays set up."""
    for index, item in enumerate(items):
        following = items[(index + 1) % len(items)]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return False
    return True


def is_killed(
    session: pytest.Session, items: Sequence[pytest.Item], target: Target, mutant: Mutant, limits: Limits
) -> bool:
    """Return whether a test fails with a mutant, or takes longer than the limits allow."""
    process = os.fork()
    if process == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limits.cpu_seconds), resource.RLIM_INFINITY))
        run_mutant(session, items, target, mutant)
    deadline = time.monotonic() + limits.seconds
    while time.monotonic() < deadline:
        finished, status = os.waitpid(process, os.WNOHANG)
        if finished:
            return os.waitstatus_to_exitcode(status) != SURVIVED
        time.sleep(0.005)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def run_mutant(session: pytest.Session, items: Sequence[pytest.Item], target: Target, mutant: Mutant) -> None:
    """Run the tests with a mutant and end this process, which is a fork, with the outcome."""
    outcome = KILLED
    try:
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        graft_source(importlib.import_module(target.module), mutant.source)
        outcome = SURVIVED if run_items(session, items) else KILLED
    except BaseException:  # noqa: BLE001 - whatever stops the tests is noticed
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(outcome)
