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
from tracking.alerts.dwell import DAY, DwellTime, dwell_percentile
from tracking.alerts.dwell_limits import DwellLimitTable, StageDwell, build_limit_table, stage_dwells
from tracking.alerts.rules import find_problems, next_due_at
from tracking.alerts.snapshot import ShipmentSnapshot
from tracking.evaluation.ground_truth import (
    ALERT_KINDS_BY_HAPPENING,
    ProblemInterval,
    ReportedScan,
    SimulatedParcel,
    simulate_parcels,
    slow_dwell_days,
    true_problems,
)
from tracking.evaluation.replayed_forecasts import ReplayedForecasts
from tracking.timeline import sort_scans
from tracking.vocabulary import DELIVERED_SCANS, AlertKind, Scan

FIRST_ORDER_AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
ORDER_DAYS: Final = 240
TRAINING_DAYS: Final = 365
OBSERVED_DAYS: Final = 150
REPORTING_GRACE: Final = timedelta(days=3)
"""Carriers tell some scans up to three days late: an alarm that speaks of what was told is right until then."""
SILENCE_LIMIT: Final = timedelta(days=7)
PROMISE_QUANTILE: Final = 0.9
"""Shops promise what this share of earlier parcels to the country by the same service kept."""
FIXED_RULE: Final = "7 days without news"
SLOWNESS_KINDS: Final = frozenset({AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.PROMISE_AT_RISK})


class AlertScore(NamedTuple):
    """How one rule did: alarms, those that were right, parcels in trouble, those that were warned, days of lead."""

    alerts: int
    true_positives: int
    problem_parcels: int
    warned_parcels: int
    lead_days: tuple[float, ...]
    parcels: int

    @property
    def precision(self) -> float | None:
        """Return the share of alarms that were right."""
        return self.true_positives / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Return the share of parcels in trouble that had an alarm in time."""
        return self.warned_parcels / self.problem_parcels if self.problem_parcels else None

    @property
    def median_lead_days(self) -> float | None:
        """Return the median days between the first alarm in time and the end of the trouble."""
        return median(self.lead_days) if self.lead_days else None

    @property
    def alerts_per_hundred(self) -> float:
        """Return the alarms a hundred parcels."""
        return 100 * self.alerts / self.parcels


def fit_dwell_limits(parcels: Iterable[SimulatedParcel], now: datetime) -> DwellLimitTable:
    """Return the limits that parcels teach by what was told of them until `now`."""
    return build_limit_table(visit for one in parcels for visit in reported_stage_dwells(one, now))


def reported_stage_dwells(parcel: SimulatedParcel, now: datetime) -> Iterator[StageDwell]:
    """Yield a parcel's stays as its tellings until `now` show them."""
    known = sorted(
        (told.event for told in parcel.reported_scans if told.reported_at <= now),
        key=lambda step: step.occurred_at or now,
    )
    marks = [(step.occurred_at, step.scan) for step in known if step.occurred_at]
    over = any(step.scan in DELIVERED_SCANS for step in known)
    return stage_dwells(marks, parcel.origin, parcel.destination, parcel.ordered_at, now, is_finished=over)


def promised_days(parcels: Iterable[SimulatedParcel]) -> dict[tuple[str, str], float]:
    """Return the days that a shop promises by destination and service."""
    took: defaultdict[tuple[str, str], list[DwellTime]] = defaultdict(list)
    for one in parcels:
        if one.delivered_at:
            took[one.destination, one.service].append(DwellTime((one.delivered_at - one.ordered_at) / DAY, True))
    return {lane: dwell_percentile(stays, PROMISE_QUANTILE) for lane, stays in took.items()}


def replay_rules(
    parcel: SimulatedParcel, limits: DwellLimitTable, forecasts: ReplayedForecasts, promised_at: datetime
) -> list[tuple[AlertKind, datetime]]:
    """Play one parcel through the rules, at each telling and at each look that they ask for; return what opened."""
    opened: list[tuple[AlertKind, datetime]] = []
    seen: set[tuple[AlertKind, str, datetime]] = set()
    moments = [parcel.ordered_at, *(told.reported_at for told in parcel.reported_scans)]
    for now, following in zip(moments, [*moments[1:], parcel.ordered_at + OBSERVED_DAYS * DAY], strict=True):
        look: datetime | None = now
        known = sort_scans(told for told in parcel.reported_scans if told.reported_at <= now)
        while look is not None and look < max(following, now + timedelta(microseconds=1)):
            late = forecasts.late_probability(parcel, known, promised_at + DAY, look)
            case = build_snapshot(parcel, known, limits, promised_at, late, look)
            for found in find_problems(case):
                key = (found.kind, found.stage, found.since)
                opened += [] if key in seen else [(found.kind, look)]
                seen.add(key)
            look = next_due_at(case)
    return opened


def build_snapshot(
    parcel: SimulatedParcel,
    reported_scans: Sequence[ReportedScan],
    limits: DwellLimitTable,
    promised_at: datetime,
    late_probability: float,
    now: datetime,
) -> ShipmentSnapshot:
    """Return what the rules see of a parcel."""
    steps = tuple(told.event for told in reported_scans)
    told = [
        journey.JourneyStep(step.scan, step.occurred_at, step.leg_position, place, step.country, None)
        for place, step in enumerate(steps)
    ]
    found = journey.derive_status(told, origin=parcel.origin, destination=parcel.destination)
    return ShipmentSnapshot(
        now=now,
        origin=parcel.origin,
        destination=parcel.destination,
        ordered_at=parcel.ordered_at,
        milestone=found.milestone,
        overlay=found.overlay,
        events=steps,
        limits=limits,
        promised_on=promised_at.date(),
        late_probability=late_probability,
    )


def fixed_rule_alerts(parcel: SimulatedParcel) -> list[datetime]:
    """Return when the fixed rule alarms: after seven days without news, until the end is told."""
    ends = DELIVERED_SCANS | {Scan.RETURN_COMPLETED}
    moments = [told.reported_at for told in parcel.reported_scans]
    over = next((told.reported_at for told in parcel.reported_scans if told.event.scan in ends), None)
    last = over or parcel.ordered_at + OBSERVED_DAYS * DAY
    starts = [moment for moment in (parcel.ordered_at, *moments) if moment < last]
    return [
        start + SILENCE_LIMIT
        for start, following in zip(starts, [*starts[1:], last], strict=True)
        if following - start > SILENCE_LIMIT
    ]


def score_alerts(
    alerts_by_parcel: Sequence[list[datetime]],
    problems_by_parcel: Sequence[list[ProblemInterval]],
    grace: timedelta = timedelta(),
) -> AlertScore:
    """Return how alarms, by parcel, fit the true troubles of the same parcels."""
    right = warned = 0
    leads: list[float] = []
    for alarms, found in zip(alerts_by_parcel, problems_by_parcel, strict=True):
        fitting = [
            (at, trouble) for at in sorted(alarms) for trouble in found if trouble.since <= at <= trouble.until + grace
        ]
        right += len({at for at, _ in fitting})
        warned += bool(fitting)
        leads += [(trouble.until - at) / DAY for at, trouble in fitting[:1]]
    alerts = sum(map(len, alerts_by_parcel))
    return AlertScore(alerts, right, sum(map(bool, problems_by_parcel)), warned, tuple(leads), len(alerts_by_parcel))


def evaluate_alerts(count: int, seed: int, training_seed: int) -> dict[str, AlertScore]:
    """Return the scores by rule; the fixed rule stands beside those that it is meant to replace."""
    teachers = simulate_parcels(count, training_seed, FIRST_ORDER_AT - TRAINING_DAYS * DAY, TRAINING_DAYS)
    limits, days = fit_dwell_limits(teachers, FIRST_ORDER_AT), promised_days(teachers)
    parcels = simulate_parcels(count, seed, FIRST_ORDER_AT, ORDER_DAYS)
    slow = slow_dwell_days(parcels)
    due = [promise_deadline(one, days) for one in parcels]
    foretold = ReplayedForecasts([*teachers, *parcels], FIRST_ORDER_AT)
    played = [replay_rules(one, limits, foretold, promised) for one, promised in zip(parcels, due, strict=True)]
    true = [true_problems(one, slow, promised) for one, promised in zip(parcels, due, strict=True)]
    silent = [fixed_rule_alerts(one) for one in parcels]
    scores: dict[str, AlertScore] = {}
    for kind in dict.fromkeys(
        (AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.PROMISE_AT_RISK, *ALERT_KINDS_BY_HAPPENING.values())
    ):
        found = [one[kind] for one in true]
        alarms = [[at for which, at in opened if which is kind] for opened in played]
        if kind in SLOWNESS_KINDS:
            scores[kind.value] = score_alerts(alarms, found)
            scores[f"{FIXED_RULE}, {kind.value}"] = score_alerts(silent, found)
        else:
            scores[kind.value] = score_alerts(alarms, found, REPORTING_GRACE)
    return scores


def promise_deadline(parcel: SimulatedParcel, days_by_lane: Mapping[tuple[str, str], float]) -> datetime:
    """Return the start of the day until which the shop promised a parcel."""
    promised = parcel.ordered_at + days_by_lane[parcel.destination, parcel.service] * DAY
    return datetime.combine(promised.date(), time(), UTC)
