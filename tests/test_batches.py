"""What many requests bring is handled together; one that fails takes no other with it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

from django.db import OperationalError

from tests.test_worker import wait_until
from tracking.protection.batches import MAX_BATCH, Batches, GroupedCalls


async def run_all(batches: Batches[int, int], items: Sequence[int]) -> list[int | BaseException]:
    return await asyncio.gather(*map(batches.run, items), return_exceptions=True)


def test_items_that_arrive_during_a_batch_form_the_next_one() -> None:
    sizes: list[int] = []

    def square(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        time.sleep(0.05)
        return [item**2 for item in items]

    results = asyncio.run(run_all(Batches(square, "test"), range(100)))

    assert results == [item**2 for item in range(100)]
    assert sum(sizes) == 100 and len(sizes) <= 8 and max(sizes) <= MAX_BATCH


def test_an_item_that_fails_gets_its_error_and_the_others_their_results() -> None:
    def invert(items: Sequence[int]) -> list[int]:
        return [60 // item for item in items]

    results = asyncio.run(run_all(Batches(invert, "test"), [1, 2, 0, 3]))

    assert [results[0], results[1], results[3]] == [60, 30, 20]
    assert isinstance(results[2], ZeroDivisionError)


def test_without_a_database_a_batch_is_tried_once_for_all_and_the_next_one_again() -> None:
    is_away, calls = True, 0

    def store(items: Sequence[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if is_away:
            time.sleep(0.05)
            raise OperationalError("away")
        return list(items)

    batches = Batches(store, "test")
    away = asyncio.run(run_all(batches, range(10)))
    calls_while_away, is_away = calls, False

    assert all(isinstance(result, OperationalError) for result in away) and calls_while_away <= 2
    assert asyncio.run(run_all(batches, [1, 2])) == [1, 2]


def test_calls_after_a_pause_are_made_at_once_and_later_ones_together() -> None:
    calls: list[list[int]] = []
    grouped: GroupedCalls[int] = GroupedCalls(calls.append, 0.3)

    grouped.add([0])
    wait_until(lambda: calls == [[0]], 2)
    for item in range(1, 6):
        grouped.add([item])
    wait_until(lambda: len(calls) == 2, 2)

    assert calls[1] == list(range(1, 6))


def test_a_call_that_hangs_or_fails_holds_up_nobody_who_adds() -> None:
    release, calls = threading.Event(), []

    def handle(items: list[int]) -> None:
        calls.append(items)
        if items == [0]:
            release.wait(10)
            raise OSError("broker away")

    grouped: GroupedCalls[int] = GroupedCalls(handle, 0.01)
    grouped.add([0])
    wait_until(lambda: calls == [[0]], 2)
    grouped.add([1])
    grouped.add([2])
    assert calls == [[0]]
    release.set()
    wait_until(lambda: len(calls) == 2, 2)

    assert calls[1] == [1, 2]
