"""How fresh our data about a parcel is: last answer, next check, and any feed that is down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.template.loader import render_to_string
from django.utils.translation import get_language

from tracking.localization.reader import Reader
from tracking.vocabulary import TrackingState

MAX_LINES: Final = 512


class CheckedFeed(NamedTuple):
    """A feed that is asked about a parcel, and what ails it."""

    pk: int
    name: str
    circuit_open_until: datetime | None
    webhooks_silent_since: datetime | None
    last_success_at: datetime | None


class CheckedLeg(NamedTuple):
    """A number of a parcel: who is asked about it, and when."""

    feed: CheckedFeed | None
    last_answer_at: datetime | None
    next_check_at: datetime | None


class Freshness(NamedTuple):
    """How fresh our data is: last answer, next check, and any feed that is down.

    `is_check_due`: the time of the next check has come. `failing_feed` does not answer; `silent_feed` used to push
    updates and has stopped. `is_followed`: further checks are scheduled. `tracking_state`: whether there is anything to
    check.
    """

    answered_at: datetime | None
    next_check_at: datetime | None
    is_check_due: bool
    failing_feed: CheckedFeed | None
    silent_feed: CheckedFeed | None
    is_followed: bool
    tracking_state: TrackingState


def build_freshness(legs: Sequence[CheckedLeg], is_untracked: bool, now: datetime) -> Freshness:
    """Return how fresh the data of a parcel is; `legs` are all its legs; nothing scans an untracked one."""
    feeds = list(dict.fromkeys(leg.feed for leg in legs if leg.feed))
    checks = [leg.next_check_at for leg in legs if leg.next_check_at]
    next_check_at = min(checks, default=None)
    failing_feed = find_failing_feed(feeds, now)
    tracked = TrackingState.TRACKED if legs else TrackingState.NO_NUMBER
    return Freshness(
        answered_at=max((leg.last_answer_at for leg in legs if leg.last_answer_at), default=None),
        next_check_at=next_check_at,
        is_check_due=next_check_at is not None and next_check_at <= now,
        failing_feed=failing_feed,
        # A parcel that is no longer polled does not need the feed, so it does not matter that the feed is silent.
        silent_feed=find_silent_feed(feeds, failing_feed) if checks else None,
        is_followed=bool(checks),
        tracking_state=TrackingState.UNTRACKED if is_untracked else tracked,
    )


def find_failing_feed(feeds: Iterable[CheckedFeed], now: datetime) -> CheckedFeed | None:
    """Return a feed whose circuit breaker is open."""
    return next((feed for feed in feeds if feed.circuit_open_until and feed.circuit_open_until > now), None)


def find_silent_feed(feeds: Iterable[CheckedFeed], failing_feed: CheckedFeed | None) -> CheckedFeed | None:
    """Return a feed whose webhooks have stopped, other than the failing one."""
    return next((feed for feed in feeds if feed.webhooks_silent_since and feed != failing_feed), None)


LINES: Final[dict[tuple[object, ...], str]] = {}
"""The last lines, which many readers of a minute share."""


def freshness_line(freshness: Freshness, shows_checks: bool, page_path: str, reader: Reader, now: datetime) -> str:
    """Return the line about the last and the next check, as it was first rendered in this minute."""
    key = (freshness, shows_checks, page_path, reader, get_language(), int(now.timestamp()) // 60)
    line = LINES.get(key)
    if line is None:
        context = {"freshness": freshness, "shows_checks": shows_checks, "page_path": page_path}
        line = render_to_string("shipment/_freshness.html", {**context, "reader": reader, "now": now})
        LINES[key] = line
        while len(LINES) > MAX_LINES:
            LINES.pop(next(iter(LINES)), None)
    return line
