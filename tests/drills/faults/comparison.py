"""Compare what is stored after a run with the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tests.drills.faults.parcels import TrueEvent, TrueParcel

NO_MILESTONE = "pending"


class StoredScan(NamedTuple):
    """An event as the site stored it, with the number of its leg."""

    number: str
    text: str
    code: str
    milestone: str
    occurred_at: datetime | None


class Differences(NamedTuple):
    """Where the site differs from the truth: texts of events, and numbers of parcels with the wrong milestone."""

    lost: frozenset[str]
    doubled: frozenset[str]
    wrong: frozenset[str]
    wrong_milestones: frozenset[str]


def compare(
    parcels: Sequence[TrueParcel],
    accepted: Collection[str],
    uncertain: Collection[str],
    stored: Sequence[StoredScan],
    milestones: Mapping[str, str],
) -> Differences:
    """Return where the stored events and milestones differ from what was accepted.

    `accepted` are the texts of the events in messages that were answered 202: they must be there once. `uncertain` are
    those of messages that were sent without an answer: they may be there. `milestones` are those stored, by number.
    """
    truth = {event.text: (parcel.number, event) for parcel in parcels for event in parcel.events}
    counts = Counter(scan.text for scan in stored)
    wrong = {scan.text for scan in stored if not is_true(scan, truth.get(scan.text), accepted, uncertain)}
    wrong_milestones = {
        parcel.number
        for parcel in parcels
        if milestones.get(parcel.number, "") != expected_milestone(parcel, accepted, counts)
    }
    return Differences(
        lost=frozenset(text for text in accepted if not counts[text]),
        doubled=frozenset(text for text, count in counts.items() if count > 1),
        wrong=frozenset(wrong),
        wrong_milestones=frozenset(wrong_milestones),
    )


def is_true(
    scan: StoredScan, true: tuple[str, TrueEvent] | None, accepted: Collection[str], uncertain: Collection[str]
) -> bool:
    """Return whether a stored event happened, was sent, and has the true parcel, code, milestone and time."""
    if true is None or (scan.text not in accepted and scan.text not in uncertain):
        return False
    number, event = true
    expected = (number, event.code, event.milestone, event.occurred_at)
    return (scan.number, scan.code, scan.milestone, scan.occurred_at) == expected


def expected_milestone(parcel: TrueParcel, accepted: Collection[str], stored: Mapping[str, int]) -> str:
    """Return the milestone of the latest event that was accepted or is stored: scans of the drill only move forward."""
    known = [event for event in parcel.events if event.text in accepted or event.text in stored]
    return known[-1].milestone if known else NO_MILESTONE
