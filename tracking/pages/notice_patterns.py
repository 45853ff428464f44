"""Patterns that set the whole table of notices at once: little, usual, all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracking.notifications.triggers import DEFAULT_KINDS
from tracking.vocabulary import NoticeKind


class NoticePattern(NamedTuple):
    """A set of notice kinds under one name."""

    label: Promise
    kinds: frozenset[NoticeKind]


PATTERNS: Final[Mapping[str, NoticePattern]] = {
    "little": NoticePattern(
        _("Little"),
        frozenset({NoticeKind.BUYER_TASK_OPENED, NoticeKind.PICKUP_EXPIRING, NoticeKind.PROBLEM, NoticeKind.READY}),
    ),
    "usual": NoticePattern(_("Usual"), frozenset(DEFAULT_KINDS)),
    "all": NoticePattern(_("All"), frozenset(NoticeKind)),
}


def pattern_of(enabled_kinds: Iterable[frozenset[NoticeKind]]) -> str:
    """Return the name of the pattern that all channels follow, by their enabled kinds; '' if there is none."""
    distinct = set(enabled_kinds)
    return next((name for name, pattern in PATTERNS.items() if distinct == {pattern.kinds}), "")


def patterns_with(kind: NoticeKind) -> str:
    """Return the names of the patterns that have a kind, separated by spaces, for the script of the page."""
    return " ".join(name for name, pattern in PATTERNS.items() if kind in pattern.kinds)
