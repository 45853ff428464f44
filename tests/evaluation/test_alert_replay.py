"""The rules on simulated parcels of known truth: better than a fixed number of silent days."""

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


def test_an_alarm_is_right_only_while_its_trouble_lasts() -> None:
    true = [[ProblemInterval(START, START + 4 * DAY)], [], [ProblemInterval(START, START + DAY)]]
    opened = [[START + DAY, START + 9 * DAY], [START], []]

    score = score_alerts(opened, true)

    assert (score.alerts, score.true_positives, score.problem_parcels, score.warned_parcels) == (3, 1, 2, 1)
    assert (score.precision, score.recall, score.median_lead_days, score.alerts_per_hundred) == (1 / 3, 0.5, 3.0, 100.0)


def test_the_rules_are_more_often_right_than_seven_days_of_silence() -> None:
    out = StringIO()
    call_command("alarms", "--parcels", "500", "--json", stdout=out)
    found = json.loads(out.getvalue())

    for kind in ("stalled", "customs_dwell", "promise_at_risk"):
        assert found[kind]["precision"] > 1.5 * found[f"7 days without news, {kind}"]["precision"]
    assert found["papers_asked"]["precision"] == 1.0
    assert found["papers_asked"]["recall"] > 0.7


def test_the_teachers_parcels_are_not_played() -> None:
    with pytest.raises(CommandError):
        call_command("alarms", "--seed", "1")
