"""Every background job: load, call one room, hand on. Messages carry ids only."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import islice
from typing import Final

from celery import Task, shared_task
from django.utils import timezone

from tracking.alerts import dwell_limits
from tracking.buyer_tasks import expiry
from tracking.buyer_tasks.forward import forward_due_answers
from tracking.ingest import alerts, replay, translate
from tracking.ingest.process import process_payload, process_payloads
from tracking.live import publish
from tracking.models import Carrier, Leg, Payload, TextMapping, UnmappedCode
from tracking.notifications import confirmation, delivery, retention
from tracking.notifications.channels.channel import TemporaryDeliveryError
from tracking.polling import fetch, schedule, training, webhook_health
from tracking.worker_lock import hold_worker_lock

LEGS_PER_MESSAGE: Final = 200
MAX_SHIPMENTS_PER_RUN: Final = 20_000
DELIVERY_LOCK_SECONDS: Final = 45.0
"""The longest that one job on a channel can last: its ten seconds, and one answer that is waited for."""
STALE_AFTER: Final = timedelta(minutes=2)


@shared_task
def fetch_due_legs() -> int:
    """Claim the legs that are due and have their carriers asked; return how many."""
    claimed = schedule.claim_due_legs(timezone.now())
    for carrier_id, leg_ids in claimed.items():
        rest = iter(leg_ids)
        while group := list(islice(rest, LEGS_PER_MESSAGE)):
            fetch_carrier_legs.apply_async((carrier_id, group), expires=schedule.CLAIM_DURATION.total_seconds())
    return sum(map(len, claimed.values()))


@shared_task
def fetch_carrier_legs(carrier_id: int, leg_ids: list[int]) -> int:
    """Ask one carrier about claimed legs, store its answers, read them; return how many events are new.

    A leg that was never asked about first gets the news that came before it.
    """
    carrier = Carrier.objects.get(pk=carrier_id)
    new = list(Leg.objects.filter(pk__in=leg_ids, last_checked_at=None))
    fresh = sum(replay.replay_leg(leg) for leg in new)
    answers = Payload.objects.filter(pk__in=fetch.fetch_legs(carrier, leg_ids))
    return fresh + process_payloads(answers.select_related("carrier").order_by("pk"))


@shared_task
def parse_payload(payload_id: int) -> int:
    """Read one stored message; return how many events are new."""
    return len(process_payload(Payload.objects.select_related("carrier").get(pk=payload_id)))


@shared_task
def parse_stale_payloads() -> int:
    """Read messages whose job was lost; return how many there were."""
    before = timezone.now() - STALE_AFTER
    forgotten = list(Payload.objects.unparsed_before(before).select_related("carrier").order_by("pk")[:500])
    process_payloads(forgotten)
    return len(forgotten)


@shared_task
def detect_silent_feeds() -> int:
    """Notice feeds that stopped pushing and ask them instead; return how many there were."""
    return len(webhook_health.detect_silent_feeds(timezone.now()))


@shared_task
def update_load_factors() -> int:
    """Note how crowded each feed is; return how many want more calls than they may have."""
    return schedule.update_load_factors(timezone.now())


@shared_task
def train_hazards() -> int:
    """Learn from the latest parcels when news comes; return how many rhythms that gave."""
    return training.train_hazards(timezone.now())


@shared_task
def update_due_alerts() -> int:
    """Look at the parcels in which time alone may have raised or ended an alarm; return how many there were."""
    looked = 0
    while found := alerts.check_due_alerts(timezone.now()):
        looked += found
        if found < alerts.BATCH_SIZE or looked >= MAX_SHIPMENTS_PER_RUN:
            break
    return looked


@shared_task
def update_dwell_limits() -> int:
    """Learn from the parcels of a year how long each stage takes; return how many limits that gave."""
    return dwell_limits.update_dwell_limits(timezone.now())


@shared_task
def replay_mapped_code(code_id: int) -> int:
    """Read again the history of a code that an operator mapped; return how many messages that was."""
    return replay.replay_code(UnmappedCode.objects.get(pk=code_id))


@shared_task
def translate_unknown_texts() -> int:
    """Have carriers' unknown words translated, where an operator wants that; return how many texts that gave."""
    return translate.translate_recent(timezone.now())


@shared_task
def replay_text_mapping(text_mapping_id: int) -> int:
    """Read again the history of words that an operator taught; return how many messages that was."""
    return replay.replay_phrase(TextMapping.objects.get(pk=text_mapping_id))


@shared_task
def replay_earlier_payloads(leg_id: int) -> int:
    """Read what was told about a number before its order came; return how many events that gave."""
    return replay.replay_leg(Leg.objects.get(pk=leg_id))


@shared_task
def forward_answers() -> int:
    """Pass on to carriers the answers whose turn has come; return how many were taken."""
    taken = forward_due_answers(timezone.now())
    publish.publish_after_commit(taken)
    return len(taken)


@shared_task
def erase_expired_papers() -> int:
    """Erase the papers that have expired and what no row knows; return how many files that was."""
    now = timezone.now()
    return expiry.erase_expired_papers(now) + expiry.delete_orphaned_files(now)


@shared_task
def enqueue_due_deliveries() -> int:
    """Have each channel on which notices are due send them, each in a job of its own; return how many channels."""
    names = delivery.channels_due(timezone.now())
    for name in names:
        deliver_notices.apply_async((name,), expires=30)
    return len(names)


@shared_task(bind=True)
def deliver_notices(self: Task[..., int], channel: str) -> int:
    """Send what is due on one channel for some seconds; return how many notices were dealt with.

    A worker sends on each channel in one job at a time, so that a slow channel never takes all of its hands.
    """
    done = 0
    with hold_worker_lock(str(self.request.hostname), channel, DELIVERY_LOCK_SECONDS) as ours:
        ends = time.monotonic() + delivery.CHANNEL_JOB_SECONDS
        while (
            ours and time.monotonic() < ends and (found := delivery.deliver_due_notices(channel, timezone.now(), ends))
        ):
            done += found
    return done


@shared_task(bind=True, max_retries=6)
def send_follow_confirmation(self: Task[..., None], follow_id: int, contact_id: int) -> None:
    """Send the mail by which an address is confirmed; tried again later where the mail server cannot take it."""
    try:
        confirmation.send_confirmation(follow_id, contact_id)
    except TemporaryDeliveryError as trouble:
        raise self.retry(exc=trouble, countdown=60 * 2**self.request.retries) from trouble


@shared_task
def erase_old_notices() -> int:
    """Erase notices that are history and addresses that nobody confirmed; return how many rows that was."""
    return retention.erase_expired_rows(timezone.now())
