"""`python -m tests.mutants [MODULE ...]`: change each module a little, and count the changes that its tests notice."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path
from typing import Final

# Each mutant runs in a fork of this process, which must not start threads of its own.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutants.mutations import Mutant
from tests.mutants.runner import MutantRunner, Outcome, Target

JOURNEY: Final = ("journey",)
POLLING: Final = ("polling/test_schedule.py", "polling/test_schedule_limits.py", "polling/test_after_end.py")
CONCLUSIONS: Final = ("notifications/test_changes.py", "notifications/test_conclusions.py")
PAGE_STATE: Final = ("page_state/test_decide.py", "page_state/test_progress.py")
TARGETS: Final = (
    *(
        Target(f"tracking.journey.{name}", JOURNEY)
        for name in ("conclusion", "number_use", "other_parcel", "stages", "statements", "steps", "walk", "withdrawal")
    ),
    Target("tracking.timeline", ("test_timeline.py", "test_timeline_limits.py")),
    Target("tracking.ingest.matching", ("ingest/test_matching.py",)),
    Target("tracking.eta.window", ("eta/test_window.py", "eta/test_window_limits.py")),
    *(Target(f"tracking.page_state.{name}", PAGE_STATE) for name in ("decide", "progress", "window")),
    Target("tracking.notifications.conclusions", CONCLUSIONS),
    Target("tracking.notifications.changes", ("notifications/test_changes.py", "notifications/test_change_limits.py")),
    Target("tracking.notifications.outbox", ("notifications/test_outbox.py", "notifications/test_quiet_hours.py")),
    Target("tracking.polling.schedule", POLLING),
    Target("tracking.polling.after_end", ("polling/test_after_end.py",)),
)
MIN_KILLED_SHARE: Final = 0.9
EQUIVALENT_PATH: Final = Path(__file__).with_name("equivalent.toml")
EXAMPLES: Final = 25


def parse_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a part of its name: journey, journey.walk")
    parser.add_argument("--sample", type=int, help="at most so many mutants of each module")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    return parser.parse_args()


def read_equivalents() -> dict[str, list[dict[str, str]]]:
    """Return by module the mutants that no test can kill; without a `scope` in all functions of the module."""
    rows: dict[str, list[dict[str, str]]] = tomllib.loads(EQUIVALENT_PATH.read_text(encoding="utf-8"))["equivalent"]
    return rows


def is_listed(mutant: Mutant, rows: list[dict[str, str]]) -> bool:
    """Return whether a mutant is in the list of equivalent ones; line numbers change too often to name it."""
    return any(
        (row["before"], row["after"], row.get("scope", mutant.scope)) == (mutant.before, mutant.after, mutant.scope)
        for row in rows
    )


def report(outcome: Outcome, equivalents: list[dict[str, str]]) -> float:
    """Print what became of a module's mutants; return the share that was killed, without the equivalent ones."""
    alive = [mutant for mutant in outcome.survivors if not is_listed(mutant, equivalents)]
    listed = len(outcome.survivors) - len(alive)
    share = 1 - len(alive) / max(outcome.run - listed, 1)
    verdict = "" if share >= MIN_KILLED_SHARE else "  TOO FEW"
    print(
        f"\n{outcome.target.module}: {outcome.run} of {outcome.total} mutants, "
        f"{outcome.run - len(outcome.survivors)} killed, {listed} equivalent, {len(alive)} alive: {share:.1%} killed "
        f"({outcome.seconds:.0f} s){verdict}",
        flush=True,
    )
    for mutant in alive:
        print(f"  {outcome.target.path}:{mutant.line_number}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
    return share


def main() -> int:
    """Run the mutants and print a table; return 1 if too few were killed."""
    arguments = parse_arguments()
    targets = [
        target
        for target in TARGETS
        if not arguments.modules or any(f".{name}." in f".{target.module}." for name in arguments.modules)
    ]
    if not targets:
        sys.exit(f"no module is named {' or '.join(arguments.modules)}")
    # The same examples for every mutant; a failure needs no smaller example.
    settings.register_profile(
        "mutants",
        derandomize=True,
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    equivalents = read_equivalents()
    shares: list[float] = []

    def report_outcome(outcome: Outcome) -> None:
        shares.append(report(outcome, equivalents.get(outcome.target.module, [])))

    runner = MutantRunner(targets, report_outcome, arguments.sample, arguments.seed)
    paths = sorted({f"tests/{path}" for target in targets for path in target.tests})
    # The option: tests/conftest.py loads the profile of `make test`.
    options = ["--hypothesis-profile=mutants", "--no-header", "-pno:randomly", "-pno:cacheprovider", "--capture=no"]
    if exit_code := pytest.main([*options, *paths], plugins=[runner]):
        return int(exit_code)
    return int(not shares or min(shares) < MIN_KILLED_SHARE)


if __name__ == "__main__":
    sys.exit(main())
