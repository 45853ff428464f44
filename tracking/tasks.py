"""The Celery tasks: each loads rows, calls one package and enqueues what follows. Messages carry ids only."""

from __future__ import annotations

import time
from itertools import islice
from typing import Final

from celery import Task, shared_task
from django.utils import timezone

from tracking.alerts import dwell_limits
from tracking.buyer_tasks import expiry, paper_checks
from tracking.buyer_tasks.forward import forward_due_answers
from tracking.ingest import alerts, record, replay, translate
from tracking.ingest.attempts import poll_legs, process_due_payloads
from tracking.ingest.process import process_payloads
from tracking.live import publish
from tracking.models import Carrier, Leg, Payload, TextMapping, UnmappedCode
from tracking.models.payloads import PayloadStatus
from tracking.notifications import confirmation, delivery, order_links, retention
from tracking.notifications.channels.channel import TemporaryDeliveryError
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import trigger_for_repeated_request
from tracking.polling import after_end, schedule, training, webhook_health
from tracking.worker_lock import hold_worker_lock

LEGS_PER_MESSAGE: Final = 200
MAX_SHIPMENTS_PER_RUN: Final = 20_000
DELIVERY_LOCK_SECONDS: Final = 45.0
"""The longest that one delivery task can last: its ten seconds, and one request that is still waiting."""


@shared_task
def fetch_due_legs() -> int:
    """Claim the legs that are due and enqueue their fetches, carrier by carrier; return how many legs were claimed."""
    claimed = schedule.claim_due_legs(timezone.now())
    for carrier_id, leg_ids in claimed.items():
        remaining = iter(leg_ids)
        while batch := list(islice(remaining, LEGS_PER_MESSAGE)):
            # After the claim another worker may hold these legs: a message that waited longer must not run.
            fetch_carrier_legs.apply_async((carrier_id, batch), expires=schedule.CLAIM_DURATION.total_seconds())
    return sum(map(len, claimed.values()))


@shared_task
def fetch_carrier_legs(carrier_id: int, leg_ids: list[int]) -> int:
    """Fetch claimed legs from one carrier, store the answers and process them; return how many events are new.

    For a leg that was never fetched, payloads that arrived before the leg existed are processed first.
    """
    carrier = Carrier.objects.get(pk=carrier_id)
    never_fetched = list(Leg.objects.filter(pk__in=leg_ids, last_checked_at=None))
    replayed_count = sum(replay.replay_leg(leg) for leg in never_fetched)
    return replayed_count + poll_legs(carrier, leg_ids)


@shared_task
def parse_payload(*payload_ids: int) -> int:
    """Process stored payloads, one or those that arrived together; return how many events are new.

    Those that `parse_stale_payloads` has processed meanwhile are left out.
    """
    stored = Payload.objects.filter(pk__in=payload_ids, status=PayloadStatus.STORED)
    return process_payloads(stored.select_related("carrier").order_by("pk"))


@shared_task
def parse_stale_payloads() -> int:
    """Process stored payloads whose task was lost or failed; return how many there were."""
    return process_due_payloads(timezone.now())


@shared_task
def detect_silent_feeds() -> int:
    """Detect feeds whose webhooks stopped, and poll them instead; return how many there were."""
    return len(webhook_health.detect_silent_feeds(timezone.now()))


@shared_task
def update_load_factors() -> int:
    """Update the load factor of each feed; return how many need more calls than they may make."""
    return schedule.update_load_factors(timezone.now())


@shared_task
def train_hazards() -> int:
    """Train the event hazards from recent parcels; return how many there are."""
    return training.train_hazards(timezone.now())


@shared_task
def train_correction_horizons() -> int:
    """Learn how long each feed corrects itself after a delivery; return of how many feeds."""
    return after_end.train_horizons(timezone.now())


@shared_task
def update_due_alerts() -> int:
    """Check the parcels whose alerts can change by the passing of time alone; return how many there were."""
    total = 0
    while checked := alerts.check_due_alerts(timezone.now()):
        total += checked
        if checked < alerts.BATCH_SIZE or total >= MAX_SHIPMENTS_PER_RUN:
            break
    return total


@shared_task
def update_due_statuses() -> int:
    """Conclude again about parcels with a scan from the future whose time has come; return how many there were."""
    return record.update_due_statuses(timezone.now())


@shared_task
def update_dwell_limits() -> int:
    """Fit the dwell limits of milestones from a year of parcels; return how many there are."""
    return dwell_limits.update_dwell_limits(timezone.now())


@shared_task
def replay_mapped_code(code_id: int) -> int:
    """Process the payloads with a code again after an operator has mapped it; return how many there were."""
    return replay.replay_code(UnmappedCode.objects.get(pk=code_id))


@shared_task
def translate_unknown_texts() -> int:
    """Have unmapped carrier texts translated by machine, where configured; return how many translations came."""
    return translate.translate_recent(timezone.now())


@shared_task
def replay_text_mapping(text_mapping_id: int) -> int:
    """Process the payloads with a text again after an operator has mapped it; return how many there were."""
    return replay.replay_phrase(TextMapping.objects.get(pk=text_mapping_id))


@shared_task
def replay_earlier_payloads(leg_id: int) -> int:
    """Process payloads about a number that arrived before its leg; return how many events are new."""
    return replay.replay_leg(Leg.objects.get(pk=leg_id))


@shared_task
def forward_answers() -> int:
    """Forward the buyers' answers that are due to carriers; return the number of shipments concerned."""
    shipments = forward_due_answers(timezone.now())
    publish.publish_after_commit(shipments)
    return len(shipments)


@shared_task
def check_papers(answer_id: int) -> bool:
    """Check the papers of one answer; return whether this task finished the check.

    Open pages are updated, and whoever follows the order is notified if papers were refused.
    """
    now = timezone.now()
    finished = paper_checks.check_answer(answer_id, now)
    if finished is None:
        return False
    buyer_task = finished.answer.buyer_task
    publish.publish_after_commit([buyer_task.shipment])
    if finished.is_refused:
        enqueue_notices([trigger_for_repeated_request(buyer_task)], now)
    return True


@shared_task
def check_waiting_papers() -> int:
    """Enqueue the checks of answers whose task was lost or killed; return how many there were."""
    waiting = paper_checks.unchecked_answers(timezone.now())
    for answer_id in waiting:
        check_papers.apply_async((answer_id,), expires=60)
    return len(waiting)


@shared_task
def erase_expired_papers() -> int:
    """Erase papers that have expired, and files that no row names; return how many files there were."""
    now = timezone.now()
    return expiry.erase_expired_papers(now) + expiry.delete_orphaned_files(now)


@shared_task
def enqueue_due_deliveries() -> int:
    """Enqueue one delivery task for each channel with due notices; return how many channels there are."""
    names = delivery.channels_due(timezone.now())
    for name in names:
        deliver_notices.apply_async((name,), expires=30)
    return len(names)


@shared_task(bind=True)
def deliver_notices(self: Task[..., int], channel: str) -> int:
    """Deliver the due notices of one channel for some seconds; return how many were handled.

    A worker runs one such task per channel at a time, so that a slow channel never occupies all its processes.
    """
    total = 0
    with hold_worker_lock(str(self.request.hostname), channel, DELIVERY_LOCK_SECONDS) as acquired:
        deadline = time.monotonic() + delivery.CHANNEL_JOB_SECONDS
        while acquired and time.monotonic() < deadline:
            handled = delivery.deliver_due_notices(channel, timezone.now(), deadline)
            if not handled:
                break
            total += handled
    return total


@shared_task(bind=True, max_retries=6)
def send_follow_confirmation(self: Task[..., None], follow_id: int, contact_id: int) -> None:
    """Send the mail that confirms an address; retry with growing delays while the mail server cannot take it."""
    try:
        confirmation.send_confirmation(follow_id, contact_id)
    except TemporaryDeliveryError as error:
        raise self.retry(exc=error, countdown=60 * 2**self.request.retries) from error


@shared_task(bind=True, max_retries=6)
def send_order_links(self: Task[..., None], order_ids: list[int]) -> None:
    """Mail the links of orders to their buyer; retry with growing delays while the mail server cannot take it."""
    try:
        order_links.send_order_links(order_ids, str(self.request.id))
    except TemporaryDeliveryError as error:
        raise self.retry(exc=error, countdown=60 * 2**self.request.retries) from error


@shared_task
def erase_old_notices() -> int:
    """Erase old notices, and addresses that nobody confirmed; return how many rows there were."""
    return retention.erase_expired_rows(timezone.now())
