"""Polls, and further attempts at stored payloads: those whose task was lost, and those that failed unexpectedly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from tracking.ingest.process import BATCH_SIZE, process_and_collect_errors
from tracking.models import Carrier, Payload
from tracking.models.payloads import UNUSABLE
from tracking.polling import fetch

MAX_ATTEMPTS_PER_RUN: Final = 500


def process_due_payloads(now: datetime) -> int:
    """Process the stored payloads whose next attempt is due; return how many there were.

    The next attempt is scheduled before the payload is processed: even one that kills the worker is behind the others
    in the next run. A payload that fails keeps its error and is tried again ever more rarely, but never forgotten.
    """
    count = 0
    for payload_ids in batches_due(now):
        batch = Payload.objects.filter(pk__in=payload_ids).due_for_attempt(now).select_related("carrier")
        payloads = list(batch)
        batch.order_by().schedule_next_attempts(now)
        process_and_collect_errors(payloads)
        count += len(payloads)
    return count


def batches_due(now: datetime) -> Iterator[list[int]]:
    """Yield the ids of the payloads that are due: new ones together, those that were tried before each alone."""
    due = Payload.objects.due_for_attempt(now).values_list("pk", "attempts")[:MAX_ATTEMPTS_PER_RUN]
    new_ids, tried_ids = list[int](), list[int]()
    for payload_id, attempts in due:
        (tried_ids if attempts else new_ids).append(payload_id)
    remaining = iter(new_ids)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
    yield from ([payload_id] for payload_id in tried_ids)


def poll_legs(carrier: Carrier, leg_ids: Sequence[int]) -> int:
    """Fetch legs from a carrier and process the answers; return how many events are new.

    An error page with status 200, or an answer about another parcel, counts as a failure of the feed.
    """
    result = fetch.fetch_legs(carrier, leg_ids)
    answers = Payload.objects.filter(pk__in=result.payloads).select_related("carrier").order_by("pk")
    new_events, errors = process_and_collect_errors(answers)
    unusable = Payload.objects.filter(pk__in=result.payloads, status__in=UNUSABLE)
    fetch.record_result(carrier, result, dict(unusable.values_list("pk", "error")))
    if errors:
        raise errors[0]
    return new_events
