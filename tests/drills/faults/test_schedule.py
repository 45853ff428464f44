"""The schedule of `make faults`: every kind of fault at a random time, and senders that do not wait for each other."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from tests.drills.faults.options import read_options
from tests.drills.faults.schedule import AWAY, DATABASE_RESTART, Fault, fault_kinds, plan_arrivals, plan_faults

KINDS = fault_kinds("postgresql")


def test_each_kind_of_fault_happens_once_in_a_short_run_and_none_before_the_other_has_ended() -> None:
    faults = plan_faults(KINDS, 90, 30, random.Random(1))

    assert sorted(fault.kind for fault in faults) == sorted(KINDS)
    assert all(first.ends < second.begins for first, second in pairwise(faults))
    assert faults[-1].ends < 90


def test_kinds_come_again_in_a_long_run() -> None:
    faults = plan_faults(KINDS, 450, 30, random.Random(1))

    assert [sum(fault.kind == kind for fault in faults) for kind in KINDS] == [3] * len(KINDS)


def test_only_the_absence_lasts() -> None:
    lasting = {fault.kind: fault.ends - fault.begins for fault in plan_faults(KINDS, 90, 30, random.Random(1))}

    assert lasting.pop(AWAY) == pytest.approx(30)
    assert set(lasting.values()) == {0}


def test_a_fault_can_be_moved_to_later() -> None:
    assert Fault(AWAY, 1, 31).later(20) == Fault(AWAY, 21, 51)


def test_order_and_times_depend_on_the_seed_alone() -> None:
    first, second, other = (plan_faults(KINDS, 90, 30, random.Random(seed)) for seed in (1, 1, 2))

    assert first == second
    assert [fault.kind for fault in first] != [fault.kind for fault in other]


def test_too_short_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        plan_faults(KINDS, 50, 30, random.Random(1))


def test_only_a_database_server_restarts() -> None:
    assert DATABASE_RESTART in fault_kinds("postgresql")
    assert DATABASE_RESTART not in fault_kinds("sqlite")


def test_arrivals_have_the_rate_and_stay_in_their_time() -> None:
    times = plan_arrivals(60, 100, 50, random.Random(1))

    assert times == sorted(times)
    assert times[0] >= 100
    assert times[-1] < 150
    assert len(times) == pytest.approx(3000, rel=0.1)


def test_options_come_from_the_environment_and_have_defaults() -> None:
    options = read_options({"DATABASE": "postgresql", "RATE": "20", "SECONDS": "80", "SEED": "5"})

    assert (options.database, options.rate, options.seconds, options.seed) == ("postgresql", 20, 80, 5)
    assert options.overload_seconds == 20
    assert read_options({}).database == "sqlite"


@pytest.mark.parametrize("environment", [{"DATABASE": "mysql"}, {"RATE": "many"}])
def test_options_that_make_no_sense_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"mysql|many"):
        read_options(environment)
