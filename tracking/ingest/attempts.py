"""Further attempts at stored payloads: those whose task was lost, and those that failed unexpectedly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from tracking.ingest.process import BATCH_SIZE, process_and_collect_errors
from tracking.models import Payload

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
