"""The tables that a run prints, and its verdict. Targets stand beside the figures; only some of them fail the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tests.drills.faults.attempts import (
    ACCEPTED,
    AFTERWARDS,
    CALM,
    OVERLOAD,
    RECOVERY,
    Attempt,
    ProcessedPayload,
    Recovery,
    percentile,
    phase_of,
)
from tests.drills.faults.comparison import Differences
from tests.drills.faults.parcels import Message

PHASES = (CALM, RECOVERY, OVERLOAD, AFTERWARDS)
OVERLOAD_OUTCOMES = {ACCEPTED, "503"}
SERVER_ERROR = "500"


class Figure(NamedTuple):
    """One measured value beside its target."""

    name: str
    value: str
    target: str = ""
    is_met: bool | None = None
    fails_the_run: bool = False
    """Whether the drill ends with an error when the target is missed."""


class PhaseFigures(NamedTuple):
    """What came of the requests of one phase; `lost`, `doubled` and `wrong` count accepted messages."""

    phase: str
    outcomes: Counter[str]
    accepted_latencies_ms: list[float]
    lost: int
    doubled: int
    wrong: int

    @property
    def share_accepted(self) -> float | None:
        """The share of requests that were accepted."""
        return self.outcomes[ACCEPTED] / self.outcomes.total() if self.outcomes else None


def summarize_phases(
    attempts: Sequence[Attempt],
    messages: Sequence[Message],
    windows: Sequence[tuple[float, float]],
    overload: tuple[float, float],
    differences: Differences,
) -> dict[str, PhaseFigures]:
    """Return the figures of each phase by its name."""
    by_phase: dict[str, list[Attempt]] = {phase: [] for phase in PHASES}
    for attempt in attempts:
        by_phase[phase_of(attempt, windows, overload)].append(attempt)
    return {
        phase: summarize_phase(phase, phase_attempts, messages, differences)
        for phase, phase_attempts in by_phase.items()
    }


def summarize_phase(
    phase: str, attempts: Sequence[Attempt], messages: Sequence[Message], differences: Differences
) -> PhaseFigures:
    """Return the figures of the requests of one phase."""
    accepted = [attempt for attempt in attempts if attempt.outcome == ACCEPTED]

    def count(texts: Collection[str]) -> int:
        return sum(not set(messages[attempt.message].texts).isdisjoint(texts) for attempt in accepted)

    return PhaseFigures(
        phase,
        Counter(attempt.outcome for attempt in attempts),
        [attempt.latency_ms for attempt in accepted],
        *(count(texts) for texts in (differences.lost, differences.doubled, differences.wrong)),
    )


def judge(
    phases: Mapping[str, PhaseFigures],
    differences: Differences,
    statuses_of_readers: Counter[str],
    unprocessed: int,
) -> list[Figure]:
    """Return the figures that have a target, with whether it is met."""
    share, p99 = phases[CALM].share_accepted, percentile(phases[OVERLOAD].accepted_latencies_ms, 0.99)
    others = {name: count for name, count in phases[OVERLOAD].outcomes.items() if name not in OVERLOAD_OUTCOMES}
    errors = sum(phase.outcomes[SERVER_ERROR] for phase in phases.values()) + statuses_of_readers[SERVER_ERROR]
    return [
        Figure("lost events", str(len(differences.lost)), "0", not differences.lost, fails_the_run=True),
        Figure("doubled events", str(len(differences.doubled)), "0", not differences.doubled, fails_the_run=True),
        Figure("wrong events", str(len(differences.wrong)), "0", not differences.wrong, fails_the_run=True),
        Figure(
            "parcels with a wrong milestone",
            str(len(differences.wrong_milestones)),
            "0",
            not differences.wrong_milestones,
            fails_the_run=True,
        ),
        Figure("webhooks not processed in the quiet time", str(unprocessed), "0", unprocessed == 0, fails_the_run=True),
        Figure("answers 500 (webhooks, pages, streams)", str(errors), "0", errors == 0, fails_the_run=True),
        Figure(
            "202 outside recovery windows",
            "none sent" if share is None else f"{100 * share:.1f} %",
            ">= 95 %",
            share is not None and share >= 0.95,
        ),
        Figure("in overload neither 202 nor 503", format_counts(others), "none", not others),
        Figure("in overload, 99th percentile of 202", format_ms(p99), "<= 300 ms", p99 is not None and p99 <= 300),
    ]


def judge_recoveries(recoveries: Sequence[Recovery]) -> list[Figure]:
    """Return the longest recovery after each kind of fault."""
    figures = []
    for kind in dict.fromkeys(recovery.fault.kind for recovery in recoveries):
        same = [recovery for recovery in recoveries if recovery.fault.kind == kind]
        longest = longest_of([recovery.seconds for recovery in same])
        parts = ", ".join(
            f"{name} {format_seconds(longest_of([getattr(recovery, name) for recovery in same]))}"
            for name in ("requests", "processing", "readiness")
        )
        value = f"{format_seconds(longest)} ({parts})"
        figures.append(Figure(f"recovery after {kind}", value, "< 30 s", longest is not None and longest < 30))
    return figures


def longest_of(seconds: Sequence[float | None]) -> float | None:
    """Return the longest time; None if one of them never ended."""
    return None if None in seconds else max(item for item in seconds if item is not None)


def failures(figures: Sequence[Figure]) -> list[str]:
    """Return the names of the missed targets that make the run fail."""
    return [figure.name for figure in figures if figure.fails_the_run and not figure.is_met]


def format_phases(phases: Mapping[str, PhaseFigures]) -> str:
    """Return the table of phases."""
    header = ["phase", "sent", "202", "other answers", "lost", "doubled", "wrong", "p50 ms", "p99 ms"]
    rows = [
        [
            phase.phase,
            str(phase.outcomes.total()),
            str(phase.outcomes[ACCEPTED]),
            format_counts({name: count for name, count in phase.outcomes.items() if name != ACCEPTED}),
            *(str(count) for count in (phase.lost, phase.doubled, phase.wrong)),
            *(format_number(percentile(phase.accepted_latencies_ms, share)) for share in (0.5, 0.99)),
        ]
        for phase in phases.values()
    ]
    return format_table([header, *rows])


def format_figures(figures: Sequence[Figure]) -> str:
    """Return the table of figures and targets."""
    words = {True: "met", False: "MISSED", None: ""}
    rows = [[figure.name, figure.value, figure.target, words[figure.is_met]] for figure in figures]
    return format_table([["figure", "measured", "target", ""], *rows])


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text with aligned columns, the first row underlined."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def format_counts(counts: Mapping[str, int]) -> str:
    """Return counts by name, the most frequent first; `none` for no counts."""
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} x {name}" for name, count in listed) or "none"


def format_number(value: float | None) -> str:
    """Return a rounded number; `-` for none."""
    return "-" if value is None else f"{value:.0f}"


def format_percentiles(values: Sequence[float]) -> str:
    """Return median, 99th percentile and maximum."""
    middle, high, longest = (format_number(percentile(values, share)) for share in (0.5, 0.99, 1.0))
    return f"p50 {middle}, p99 {high}, longest {longest}"


def format_rate(payloads: Sequence[ProcessedPayload]) -> str:
    """Return how many webhooks were processed per second, from the first to the last."""
    times = [payload.processed for payload in payloads if payload.processed is not None]
    span = max(times, default=0.0) - min(times, default=0.0)
    return f"{len(times) / span:.0f}" if span else "-"


def format_ms(value: float | None) -> str:
    """Return milliseconds; `none accepted` for none."""
    return "none accepted" if value is None else f"{value:.0f} ms"


def format_seconds(value: float | None) -> str:
    """Return seconds; `not seen` for a recovery that was not seen before the next fault."""
    return "not seen" if value is None else f"{value:.1f} s"
