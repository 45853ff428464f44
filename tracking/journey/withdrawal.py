"""When a scan counts as withdrawn: its feed reported it, and complete answers about the leg no longer hold it.

One answer without a scan may be an accident, so the scan is only missing; the second such answer in a row withdraws it.
An answer says nothing about scans that are older than all that it holds: carriers drop the start of a long history.
Everything depends on when answers were received, never on the order in which they are processed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self

MAX_COMPLETE_ANSWERS: Final = 12
"""How many of the latest complete answers are kept for each leg and feed."""
ANSWERS_UNTIL_WITHDRAWN: Final = 2


class CompleteAnswer(NamedTuple):
    """When a complete answer was received, and the time of the oldest scan of the leg that it holds."""

    received_at: datetime
    oldest_scan_at: datetime

    def would_hold(self, scan_at: datetime | None) -> bool:
        """Return whether the answer holds older scans than one of this time, so that it would hold that one too."""
        return scan_at is None or self.oldest_scan_at < scan_at


class AnswerHistory(NamedTuple):
    """The latest complete answers of one feed about one leg, oldest first."""

    answers: tuple[CompleteAnswer, ...] = ()

    @classmethod
    def from_json(cls, rows: Iterable[Iterable[str]]) -> Self:
        """Return the history that `as_json` has stored."""
        return cls(tuple(CompleteAnswer(*map(datetime.fromisoformat, row)) for row in rows))

    def as_json(self) -> list[list[str]]:
        """Return the history as JSON: for each answer when it was received, and its oldest scan."""
        return [[instant.isoformat() for instant in answer] for answer in self.answers]

    def including(self, answers: Iterable[CompleteAnswer]) -> Self:
        """Return the history with more answers; of two received at one time the one with fewer old scans counts."""
        by_time: dict[datetime, CompleteAnswer] = {}
        for answer in (*self.answers, *answers):
            known = by_time.get(answer.received_at, answer)
            by_time[answer.received_at] = max(known, answer)
        return type(self)(tuple(sorted(by_time.values())[-MAX_COMPLETE_ANSWERS:]))

    def last_holding(self, scan_at: datetime | None) -> datetime | None:
        """Return when the latest answer came that would hold a scan of this time."""
        return next((one.received_at for one in reversed(self.answers) if one.would_hold(scan_at)), None)

    def received_without(self, scan_at: datetime | None, last_reported_at: datetime) -> list[datetime]:
        """Return when the answers came that no longer hold a scan, which was last reported at this time."""
        return [
            answer.received_at
            for answer in self.answers
            if answer.received_at > last_reported_at and answer.would_hold(scan_at)
        ]


class Withdrawal(NamedTuple):
    """Since when a scan is missing in its feed's complete answers, and whether that withdraws it."""

    missing_since: datetime | None = None
    is_withdrawn: bool = False


def judge_withdrawal(
    history: AnswerHistory, scan_at: datetime | None, last_reported_at: datetime, missing_since: datetime | None
) -> Withdrawal:
    """Return whether a scan is missing or withdrawn.

    `missing_since` is what was found before: it stays when the history no longer holds that answer.
    """
    without = history.received_without(scan_at, last_reported_at)
    if not without:
        return Withdrawal()
    known_since = missing_since if missing_since is not None and missing_since > last_reported_at else without[0]
    return Withdrawal(min(known_since, without[0]), len(without) >= ANSWERS_UNTIL_WITHDRAWN)


def scan_time(occurred_at: datetime | None, local_time: str) -> datetime | None:
    """Return when a scan happened, to compare it with others of its feed; its local time as UTC if nothing else."""
    if occurred_at is not None or not local_time:
        return occurred_at
    return datetime.fromisoformat(local_time).replace(tzinfo=UTC)


def oldest_scan_time(times: Iterable[datetime | None]) -> datetime | None:
    """Return the oldest of the times of an answer's scans; None if none is known."""
    return min((time for time in times if time is not None), default=None)


def stored_history(stored: Mapping[str, list[list[str]]], feed_id: int | None) -> AnswerHistory:
    """Return the history of a feed from what `Leg.complete_answers` holds."""
    return AnswerHistory.from_json(stored.get(str(feed_id), ()))
