"""The alert rules on simulated parcels of known truth: better than a fixed number of days without a scan."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tracking.evaluation.alert_replay import score_alerts
from tracking.evaluation.ground_truth import ProblemInterval

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def test_alert_is_right_only_while_its_problem_lasts() -> None:
    problems = [[ProblemInterval(START, START + 4 * DAY)], [], [ProblemInterval(START, START + DAY)]]
    alerts = [[START + DAY, START + 9 * DAY], [START], []]

    score = score_alerts(alerts, problems)

    assert (score.alerts, score.true_positives, score.problem_parcels, score.warned_parcels) == (3, 1, 2, 1)
    assert (score.precision, score.recall, score.median_lead_days, score.alerts_per_hundred) == (1 / 3, 0.5, 3.0, 100.0)


def test_rules_are_more_precise_than_seven_days_of_silence() -> None:
    out = StringIO()
    call_command("alarms", "--parcels", "500", "--json", stdout=out)
    figures = json.loads(out.getvalue())

    for kind in ("stalled", "customs_dwell", "promise_at_risk"):
        assert figures[kind]["precision"] > 1.5 * figures[f"7 days without news, {kind}"]["precision"]
    assert figures["papers_asked"]["precision"] == 1.0
    assert figures["papers_asked"]["recall"] > 0.7


def test_training_seed_cannot_be_scored() -> None:
    with pytest.raises(CommandError):
        call_command("alarms", "--seed", "1")
