"""Alarms tried out on simulated parcels whose truth is known: how many were right, how many troubles seen, how early.

The product's own rules play with limits learned from earlier journeys only. The figures compare rules with each other
in the simulated world; they claim nothing about real carriers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import Final, NamedTuple

from tracking import journey
from tracking.alerts.case import Case
from tracking.alerts.dwell import DAY, Stay, slow_limit
from tracking.alerts.limits import Book, Visit, learned_from, visits
from tracking.alerts.rules import findings, next_look
from tracking.evaluation.ground_truth import TOLD, Parcel, Telling, Trouble, population, slow_by_stage, troubles
from tracking.evaluation.replayed_forecasts import Foretold
from tracking.timeline import in_order
from tracking.vocabulary import DELIVERED_SCANS, AlertKind, Scan

FIRST_ORDER: Final = datetime(2026, 3, 2, tzinfo=UTC)
ORDER_DAYS: Final = 240
TEACHING_DAYS: Final = 365
WATCHED_DAYS: Final = 150
GRACE: Final = timedelta(days=3)
"""Carriers tell some scans up to three days late: an alarm that speaks of what was told is right until then."""
SILENCE: Final = timedelta(days=7)
PROMISED: Final = 0.9
"""Shops promise what this share of earlier parcels to the country by the same service kept."""
FIXED: Final = "7 days without news"
SLOW: Final = frozenset({AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.PROMISE_AT_RISK})


class Score(NamedTuple):
    """How one rule did: alarms, those that were right, parcels in trouble, those that were warned, days of lead."""

    alerts: int
    right: int
    troubled: int
    warned: int
    leads: tuple[float, ...]
    parcels: int

    @property
    def precision(self) -> float | None:
        """Return the share of alarms that were right."""
        return self.right / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Return the share of parcels in trouble that had an alarm in time."""
        return self.warned / self.troubled if self.troubled else None

    @property
    def lead(self) -> float | None:
        """Return the median days between the first alarm in time and the end of the trouble."""
        return median(self.leads) if self.leads else None

    @property
    def per_hundred(self) -> float:
        """Return the alarms a hundred parcels."""
        return 100 * self.alerts / self.parcels


def taught_by(parcels: Iterable[Parcel], now: datetime) -> Book:
    """Return the limits that parcels teach by what was told of them until `now`."""
    return learned_from(visit for one in parcels for visit in told_visits(one, now))


def told_visits(one: Parcel, now: datetime) -> Iterator[Visit]:
    """Yield a parcel's stays as its tellings until `now` show them."""
    known = sorted((told.step for told in one.tellings if told.told_at <= now), key=lambda step: step.at or now)
    marks = [(step.at, step.scan) for step in known if step.at]
    over = any(step.scan in DELIVERED_SCANS for step in known)
    return visits(marks, one.origin, one.destination, one.ordered_at, now, over=over)


def promises(parcels: Iterable[Parcel]) -> dict[tuple[str, str], float]:
    """Return the days that a shop promises by destination and service."""
    took: defaultdict[tuple[str, str], list[Stay]] = defaultdict(list)
    for one in parcels:
        if one.delivered_at:
            took[one.destination, one.service].append(Stay((one.delivered_at - one.ordered_at) / DAY, True))
    return {lane: slow_limit(stays, PROMISED) for lane, stays in took.items()}


def play(one: Parcel, limits: Book, foretold: Foretold, promised: datetime) -> list[tuple[AlertKind, datetime]]:
    """Play one parcel through the rules, at each telling and at each look that they ask for; return what opened."""
    opened: list[tuple[AlertKind, datetime]] = []
    seen: set[tuple[AlertKind, str, datetime]] = set()
    moments = [one.ordered_at, *(told.told_at for told in one.tellings)]
    for now, following in zip(moments, [*moments[1:], one.ordered_at + WATCHED_DAYS * DAY], strict=True):
        look: datetime | None = now
        known = in_order(told for told in one.tellings if told.told_at <= now)
        while look is not None and look < max(following, now + timedelta(microseconds=1)):
            late = foretold.late_odds(one, known, promised + DAY, look)
            case = case_of(one, known, limits, promised, late, look)
            for found in findings(case):
                key = (found.kind, found.stage, found.since)
                opened += [] if key in seen else [(found.kind, look)]
                seen.add(key)
            look = next_look(case)
    return opened


def case_of(
    one: Parcel, known: Sequence[Telling], limits: Book, promised: datetime, late: float, now: datetime
) -> Case:
    """Return what the rules see of a parcel."""
    steps = tuple(told.step for told in known)
    told = [journey.Step(step.scan, step.at, step.leg, place, step.country, None) for place, step in enumerate(steps)]
    found = journey.conclude(told, origin=one.origin, destination=one.destination)
    return Case(
        now=now,
        origin=one.origin,
        destination=one.destination,
        ordered_at=one.ordered_at,
        milestone=found.milestone,
        overlay=found.overlay,
        steps=steps,
        limits=limits,
        promised_on=promised.date(),
        p_late=late,
    )


def silences(one: Parcel) -> list[datetime]:
    """Return when the fixed rule alarms: after seven days without news, until the end is told."""
    ends = DELIVERED_SCANS | {Scan.RETURN_COMPLETED}
    moments = [told.told_at for told in one.tellings]
    over = next((told.told_at for told in one.tellings if told.step.scan in ends), None)
    last = over or one.ordered_at + WATCHED_DAYS * DAY
    starts = [moment for moment in (one.ordered_at, *moments) if moment < last]
    return [
        start + SILENCE
        for start, following in zip(starts, [*starts[1:], last], strict=True)
        if following - start > SILENCE
    ]


def judge(opened: Sequence[list[datetime]], true: Sequence[list[Trouble]], grace: timedelta = timedelta()) -> Score:
    """Return how alarms, by parcel, fit the true troubles of the same parcels."""
    right = warned = 0
    leads: list[float] = []
    for alarms, found in zip(opened, true, strict=True):
        fitting = [
            (at, trouble) for at in sorted(alarms) for trouble in found if trouble.since <= at <= trouble.until + grace
        ]
        right += len({at for at, _ in fitting})
        warned += bool(fitting)
        leads += [(trouble.until - at) / DAY for at, trouble in fitting[:1]]
    alerts = sum(map(len, opened))
    return Score(alerts, right, sum(map(bool, true)), warned, tuple(leads), len(opened))


def rehearse(count: int, seed: int, teaching_seed: int) -> dict[str, Score]:
    """Return the scores by rule; the fixed rule stands beside those that it is meant to replace."""
    teachers = population(count, teaching_seed, FIRST_ORDER - TEACHING_DAYS * DAY, TEACHING_DAYS)
    limits, days = taught_by(teachers, FIRST_ORDER), promises(teachers)
    parcels = population(count, seed, FIRST_ORDER, ORDER_DAYS)
    slow = slow_by_stage(parcels)
    due = [promise_of(one, days) for one in parcels]
    foretold = Foretold([*teachers, *parcels], FIRST_ORDER)
    played = [play(one, limits, foretold, promised) for one, promised in zip(parcels, due, strict=True)]
    true = [troubles(one, slow, promised) for one, promised in zip(parcels, due, strict=True)]
    silent = [silences(one) for one in parcels]
    scores: dict[str, Score] = {}
    for kind in dict.fromkeys((AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.PROMISE_AT_RISK, *TOLD.values())):
        found = [one[kind] for one in true]
        alarms = [[at for which, at in opened if which is kind] for opened in played]
        if kind in SLOW:
            scores[kind.value] = judge(alarms, found)
            scores[f"{FIXED}, {kind.value}"] = judge(silent, found)
        else:
            scores[kind.value] = judge(alarms, found, GRACE)
    return scores


def promise_of(one: Parcel, days: Mapping[tuple[str, str], float]) -> datetime:
    """Return the start of the day until which the shop promised a parcel."""
    promised = one.ordered_at + days[one.destination, one.service] * DAY
    return datetime.combine(promised.date(), time(), UTC)
