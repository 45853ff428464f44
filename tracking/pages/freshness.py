"""How fresh our data about a parcel is: last answer, next check, and any feed that is down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracking.models import Carrier, Leg
from tracking.vocabulary import TrackingState


class Freshness(NamedTuple):
    """How fresh our data is: last answer, next check, and any feed that is down.

    `is_check_due`: the time of the next check has come. `failing_feed` does not answer; `silent_feed` used to push
    updates and has stopped. `is_followed`: further checks are scheduled. `tracking_state`: whether there is anything to
    check.
    """

    answered_at: datetime | None
    next_check_at: datetime | None
    is_check_due: bool
    failing_feed: Carrier | None
    silent_feed: Carrier | None
    is_followed: bool
    tracking_state: TrackingState


def build_freshness(legs: Sequence[Leg], tracking_state: TrackingState, now: datetime) -> Freshness:
    """Return how fresh the data of a parcel is; `legs` are all its legs with their feeds."""
    feeds = {leg.feed for leg in legs if leg.feed}
    checks = [leg.next_check_at for leg in legs if leg.next_check_at]
    next_check_at = min(checks, default=None)
    failing_feed = find_failing_feed(feeds, now)
    return Freshness(
        answered_at=max((leg.last_answer_at for leg in legs if leg.last_answer_at), default=None),
        next_check_at=next_check_at,
        is_check_due=next_check_at is not None and next_check_at <= now,
        failing_feed=failing_feed,
        # A parcel that is no longer polled does not need the feed, so it does not matter that the feed is silent.
        silent_feed=find_silent_feed(feeds, failing_feed) if checks else None,
        is_followed=bool(checks),
        tracking_state=tracking_state,
    )


def find_failing_feed(feeds: Iterable[Carrier], now: datetime) -> Carrier | None:
    """Return a feed whose circuit breaker is open."""
    return next((feed for feed in feeds if feed.circuit_open_until and feed.circuit_open_until > now), None)


def find_silent_feed(feeds: Iterable[Carrier], failing_feed: Carrier | None) -> Carrier | None:
    """Return a feed whose webhooks have stopped, other than the failing one."""
    return next((feed for feed in feeds if feed.webhooks_silent_since and feed != failing_feed), None)
