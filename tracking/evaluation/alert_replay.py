"""Replay the alert rules on simulated parcels of known truth: precision, recall and lead time of the alerts.

The product's own rules run with limits learned from earlier parcels only. The figures compare rules with each other in
the simulated world; they say nothing about real carriers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import Final, NamedTuple

from tracking import journey
from tracking.alerts.dwell import DAY, DwellTime, dwell_percentile
from tracking.alerts.dwell_limits import DwellLimitTable, PhaseDwell, build_limit_table, phase_dwells
from tracking.alerts.rules import find_problems, next_due_at
from tracking.alerts.snapshot import ShipmentSnapshot
from tracking.evaluation.ground_truth import (
    ALERT_KIND_BY_EVENT_KIND,
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
"""Carriers report some scans up to three days late: an alert about a reported event may come so much later."""
SILENCE_LIMIT: Final = timedelta(days=7)
PROMISE_QUANTILE: Final = 0.9
"""Shops promise the days within which this share of earlier parcels arrived, by country and service."""
FIXED_RULE: Final = "7 days without news"
SLOWNESS_KINDS: Final = (AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.PROMISE_AT_RISK)
"""Kinds of alert that no single scan causes: they are compared with the fixed rule."""


class AlertScore(NamedTuple):
    """How well one rule did.

    `true_positives` are alerts raised during a true problem; `warned_parcels` are parcels with a problem and at least
    one such alert; `lead_days` counts, for each of them, from its first such alert to the end of the problem.
    """

    alerts: int
    true_positives: int
    problem_parcels: int
    warned_parcels: int
    lead_days: tuple[float, ...]
    parcels: int

    @property
    def precision(self) -> float | None:
        """Return the share of alerts that were right, or None without alerts."""
        return self.true_positives / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Return the share of parcels with a problem that had an alert in time, or None without problems."""
        return self.warned_parcels / self.problem_parcels if self.problem_parcels else None

    @property
    def median_lead_days(self) -> float | None:
        """Return the median days between the first alert in time and the end of the problem."""
        return median(self.lead_days) if self.lead_days else None

    @property
    def alerts_per_hundred(self) -> float:
        """Return the alerts per hundred parcels."""
        return 100 * self.alerts / self.parcels


class ReplayedAlerts(NamedTuple):
    """By parcel, in one order: the alerts that the rules opened, those of the fixed rule, and the true problems."""

    opened: list[list[tuple[AlertKind, datetime]]]
    fixed_rule: list[list[datetime]]
    problems: list[dict[AlertKind, list[ProblemInterval]]]


def fit_dwell_limits(parcels: Iterable[SimulatedParcel], now: datetime) -> DwellLimitTable:
    """Fit the dwell limits to what was reported of parcels until `now`."""
    return build_limit_table(dwell for parcel in parcels for dwell in reported_stage_dwells(parcel, now))


def reported_stage_dwells(parcel: SimulatedParcel, now: datetime) -> Iterator[PhaseDwell]:
    """Yield a parcel's dwell times as the scans reported until `now` show them."""
    known = sorted(
        (scan.event for scan in parcel.reported_scans if scan.reported_at <= now),
        key=lambda event: event.occurred_at or now,
    )
    dated_scans = [(event.occurred_at, event.scan) for event in known if event.occurred_at]
    is_delivered = any(event.scan in DELIVERED_SCANS for event in known)
    return phase_dwells(
        dated_scans, parcel.origin, parcel.destination, parcel.ordered_at, now, is_finished=is_delivered
    )


def promised_days(parcels: Iterable[SimulatedParcel]) -> dict[tuple[str, str], float]:
    """Return the days that a shop promises, by destination and service."""
    times: defaultdict[tuple[str, str], list[DwellTime]] = defaultdict(list)
    for parcel in parcels:
        if parcel.delivered_at:
            days = (parcel.delivered_at - parcel.ordered_at) / DAY
            times[parcel.destination, parcel.service].append(DwellTime(days, True))
    return {lane: dwell_percentile(durations, PROMISE_QUANTILE) for lane, durations in times.items()}


def replay_rules(
    parcel: SimulatedParcel, limits: DwellLimitTable, forecasts: ReplayedForecasts, promised_at: datetime
) -> list[tuple[AlertKind, datetime]]:
    """Apply the rules to one parcel and return the alerts opened, with their times.

    The rules run when a scan is reported and whenever `next_due_at` asks for it, as in production.
    """
    opened: list[tuple[AlertKind, datetime]] = []
    seen: set[tuple[AlertKind, str, datetime]] = set()
    report_times = [parcel.ordered_at, *(scan.reported_at for scan in parcel.reported_scans)]
    for now, following in zip(report_times, [*report_times[1:], parcel.ordered_at + OBSERVED_DAYS * DAY], strict=True):
        check_at: datetime | None = now
        known = sort_scans(scan for scan in parcel.reported_scans if scan.reported_at <= now)
        # Two scans may be reported at the same instant: one microsecond more makes the rules run for both.
        while check_at is not None and check_at < max(following, now + timedelta(microseconds=1)):
            late_probability = forecasts.late_probability(parcel, known, promised_at + DAY, check_at)
            snapshot = build_snapshot(parcel, known, limits, promised_at, late_probability, check_at)
            for problem in find_problems(snapshot):
                key = (problem.kind, problem.milestone, problem.since)
                opened += [] if key in seen else [(problem.kind, check_at)]
                seen.add(key)
            check_at = next_due_at(snapshot)
    return opened


def build_snapshot(
    parcel: SimulatedParcel,
    reported_scans: Sequence[ReportedScan],
    limits: DwellLimitTable,
    promised_at: datetime,
    late_probability: float,
    now: datetime,
) -> ShipmentSnapshot:
    """Return what the rules see of a parcel at `now`; `reported_scans` are those reported until then, sorted."""
    events = tuple(scan.event for scan in reported_scans)
    steps = [
        journey.JourneyStep(event.scan, event.occurred_at, event.leg_position, sequence, event.country, None)
        for sequence, event in enumerate(events)
    ]
    status = journey.derive_status(steps, origin=parcel.origin, destination=parcel.destination)
    return ShipmentSnapshot(
        now=now,
        origin=parcel.origin,
        destination=parcel.destination,
        ordered_at=parcel.ordered_at,
        milestone=status.milestone,
        overlay=status.overlay,
        events=events,
        limits=limits,
        promised_on=promised_at.date(),
        late_probability=late_probability,
    )


def fixed_rule_alerts(parcel: SimulatedParcel) -> list[datetime]:
    """Return when the fixed rule alerts: after each seven days without a scan, until the end is reported."""
    final_scans = DELIVERED_SCANS | {Scan.RETURN_COMPLETED}
    report_times = [scan.reported_at for scan in parcel.reported_scans]
    ended_at = next((scan.reported_at for scan in parcel.reported_scans if scan.event.scan in final_scans), None)
    last = ended_at or parcel.ordered_at + OBSERVED_DAYS * DAY
    starts = [at for at in (parcel.ordered_at, *report_times) if at < last]
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
    """Score alerts against the true problems of the same parcels; an alert up to `grace` after a problem is right."""
    true_positives = warned_parcels = 0
    lead_days: list[float] = []
    for alerts, problems in zip(alerts_by_parcel, problems_by_parcel, strict=True):
        matches = [
            (at, problem)
            for at in sorted(alerts)
            for problem in problems
            if problem.since <= at <= problem.until + grace
        ]
        true_positives += len({at for at, _ in matches})
        warned_parcels += bool(matches)
        lead_days += [(problem.until - at) / DAY for at, problem in matches[:1]]
    return AlertScore(
        alerts=sum(map(len, alerts_by_parcel)),
        true_positives=true_positives,
        problem_parcels=sum(map(bool, problems_by_parcel)),
        warned_parcels=warned_parcels,
        lead_days=tuple(lead_days),
        parcels=len(alerts_by_parcel),
    )


def evaluate_alerts(count: int, seed: int, training_seed: int) -> dict[str, AlertScore]:
    """Return the scores by rule name; after each rule about slowness, the score of the fixed rule on its problems.

    As many parcels, of another seed and of the year before, serve as training data.
    """
    training_parcels = simulate_parcels(count, training_seed, FIRST_ORDER_AT - TRAINING_DAYS * DAY, TRAINING_DAYS)
    replayed = replay_parcels(training_parcels, simulate_parcels(count, seed, FIRST_ORDER_AT, ORDER_DAYS))
    scores: dict[str, AlertScore] = {}
    for kind in dict.fromkeys((*SLOWNESS_KINDS, *ALERT_KIND_BY_EVENT_KIND.values())):
        scores |= score_kind(kind, replayed)
    return scores


def replay_parcels(training_parcels: Sequence[SimulatedParcel], parcels: Sequence[SimulatedParcel]) -> ReplayedAlerts:
    """Run all rules on parcels, with limits and promises fitted to the training parcels."""
    limits, days = fit_dwell_limits(training_parcels, FIRST_ORDER_AT), promised_days(training_parcels)
    slow_days = slow_dwell_days(parcels)
    forecasts = ReplayedForecasts([*training_parcels, *parcels], FIRST_ORDER_AT)
    promised = [(parcel, promise_deadline(parcel, days)) for parcel in parcels]
    return ReplayedAlerts(
        opened=[replay_rules(parcel, limits, forecasts, promised_at) for parcel, promised_at in promised],
        fixed_rule=[fixed_rule_alerts(parcel) for parcel in parcels],
        problems=[true_problems(parcel, slow_days, promised_at) for parcel, promised_at in promised],
    )


def score_kind(kind: AlertKind, replayed: ReplayedAlerts) -> dict[str, AlertScore]:
    """Return the score of the rules for one kind of alert, and of the fixed rule where it is compared."""
    problems = [problems_by_kind[kind] for problems_by_kind in replayed.problems]
    alerts = [[at for opened_kind, at in opened if opened_kind is kind] for opened in replayed.opened]
    if kind not in SLOWNESS_KINDS:
        return {kind.value: score_alerts(alerts, problems, REPORTING_GRACE)}
    return {
        kind.value: score_alerts(alerts, problems),
        f"{FIXED_RULE}, {kind.value}": score_alerts(replayed.fixed_rule, problems),
    }


def promise_deadline(parcel: SimulatedParcel, days_by_lane: Mapping[tuple[str, str], float]) -> datetime:
    """Return the start of the day by whose end the shop promised a parcel."""
    promised = parcel.ordered_at + days_by_lane[parcel.destination, parcel.service] * DAY
    return datetime.combine(promised.date(), time(), UTC)
