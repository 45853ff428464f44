"""Every background job: load, call one room, hand on. Messages carry ids only."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import islice
from typing import Final

from celery import Task, shared_task
from django.utils import timezone

from tracking.alerts import limits
from tracking.buyer_tasks import expiry
from tracking.buyer_tasks.forward import forward_due
from tracking.ingest import alerts, replay, translate
from tracking.ingest.read import read, read_all
from tracking.live import publish
from tracking.models import Carrier, Leg, Payload, Phrase, UnmappedCode
from tracking.notifications import confirmation, delivery, retention
from tracking.notifications.channels.channel import Later
from tracking.polling import fetch, schedule, training, webhook_health
from tracking.worker_lock import one_at_a_time

LEGS_PER_MESSAGE: Final = 200
SWEPT_AT_MOST: Final = 20_000
NOTICE_TURN_ENDS: Final = 45.0
"""The longest that one job on a channel can last: its ten seconds, and one answer that is waited for."""
FORGOTTEN_AFTER: Final = timedelta(minutes=2)


@shared_task
def refresh_due() -> int:
    """Claim the legs that are due and have their carriers asked; return how many."""
    claimed = schedule.claim(timezone.now())
    for carrier_id, leg_ids in claimed.items():
        rest = iter(leg_ids)
        while group := list(islice(rest, LEGS_PER_MESSAGE)):
            ask_carrier.apply_async((carrier_id, group), expires=schedule.CLAIM.total_seconds())
    return sum(map(len, claimed.values()))


@shared_task
def ask_carrier(carrier_id: int, leg_ids: list[int]) -> int:
    """Ask one carrier about claimed legs, store its answers, read them; return how many events are new.

    A leg that was never asked about first gets the news that came before it.
    """
    carrier = Carrier.objects.get(pk=carrier_id)
    new = list(Leg.objects.filter(pk__in=leg_ids, last_checked_at=None))
    fresh = sum(replay.adopt(leg) for leg in new)
    answers = Payload.objects.filter(pk__in=fetch.ask(carrier, leg_ids))
    return fresh + read_all(answers.select_related("carrier").order_by("pk"))


@shared_task
def read_payload(payload_id: int) -> int:
    """Read one stored message; return how many events are new."""
    return len(read(Payload.objects.select_related("carrier").get(pk=payload_id)))


@shared_task
def read_forgotten() -> int:
    """Read messages whose job was lost; return how many there were."""
    before = timezone.now() - FORGOTTEN_AFTER
    forgotten = list(Payload.objects.forgotten(before).select_related("carrier").order_by("pk")[:500])
    read_all(forgotten)
    return len(forgotten)


@shared_task
def watch_pushes() -> int:
    """Notice feeds that stopped pushing and ask them instead; return how many there were."""
    return len(webhook_health.watch(timezone.now()))


@shared_task
def weigh_budgets() -> int:
    """Note how crowded each feed is; return how many want more calls than they may have."""
    return schedule.weigh_budgets(timezone.now())


@shared_task
def learn_rhythms() -> int:
    """Learn from the latest parcels when news comes; return how many rhythms that gave."""
    return training.learn_rhythms(timezone.now())


@shared_task
def sweep_alerts() -> int:
    """Look at the parcels in which time alone may have raised or ended an alarm; return how many there were."""
    looked = 0
    while found := alerts.sweep(timezone.now()):
        looked += found
        if found < alerts.AT_ONCE or looked >= SWEPT_AT_MOST:
            break
    return looked


@shared_task
def learn_limits() -> int:
    """Learn from the parcels of a year how long each stage takes; return how many limits that gave."""
    return limits.learn_limits(timezone.now())


@shared_task
def relearn_code(code_id: int) -> int:
    """Read again the history of a code that an operator mapped; return how many messages that was."""
    return replay.relearn(UnmappedCode.objects.get(pk=code_id))


@shared_task
def translate_words() -> int:
    """Have carriers' unknown words translated, where an operator wants that; return how many texts that gave."""
    return translate.translate_some(timezone.now())


@shared_task
def relearn_phrase(phrase_id: int) -> int:
    """Read again the history of words that an operator taught; return how many messages that was."""
    return replay.relearn_phrase(Phrase.objects.get(pk=phrase_id))


@shared_task
def adopt_leg(leg_id: int) -> int:
    """Read what was told about a number before its order came; return how many events that gave."""
    return replay.adopt(Leg.objects.get(pk=leg_id))


@shared_task
def forward_answers() -> int:
    """Pass on to carriers the answers whose turn has come; return how many were taken."""
    taken = forward_due(timezone.now())
    publish.ring_after_commit(taken)
    return len(taken)


@shared_task
def erase_papers() -> int:
    """Erase the papers that have expired and what no row knows; return how many files that was."""
    now = timezone.now()
    return expiry.erase_expired(now) + expiry.sweep(now)


@shared_task
def deliver_due() -> int:
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
    with one_at_a_time(str(self.request.hostname), channel, NOTICE_TURN_ENDS) as ours:
        ends = time.monotonic() + delivery.TURN_SECONDS
        while ours and time.monotonic() < ends and (found := delivery.deliver(channel, timezone.now(), ends)):
            done += found
    return done


@shared_task(bind=True, max_retries=6)
def confirm_follow(self: Task[..., None], follow_id: int, contact_id: int) -> None:
    """Send the mail by which an address is confirmed; tried again later where the mail server cannot take it."""
    try:
        confirmation.send(follow_id, contact_id)
    except Later as trouble:
        raise self.retry(exc=trouble, countdown=60 * 2**self.request.retries) from trouble


@shared_task
def erase_notices() -> int:
    """Erase notices that are history and addresses that nobody confirmed; return how many rows that was."""
    return retention.erase_old(timezone.now())
