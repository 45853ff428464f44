"""Webhooks of carriers: verify the signature over the raw body, store it, answer, and let a worker parse it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, Final, NamedTuple

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerError

from tracking.models import Carrier
from tracking.models.cached import Cached
from tracking.models.payloads import PayloadStatus, ReceivedVia, hash_content, insert_or_count_payload
from tracking.polling import webhook_health
from tracking.tasks import parse_payload

MAX_BODY_BYTES: Final = 1024 * 1024
WEBHOOK_PATH: Final = re.compile(r"^/hooks/([-a-zA-Z0-9_]+)/$")
FEED_CACHE_SECONDS: Final = 5.0
log: Final = structlog.get_logger()


Webhook = tuple[str, Mapping[str, str], bytes]
"""Slug of the feed, headers with lower-case names as adapters look them up, body."""

Enqueue = Callable[[Sequence[int]], None]


class WebhookAnswer(NamedTuple):
    """What the carrier is answered."""

    status: int
    text: str


STORED: Final = WebhookAnswer(202, "stored\n")
WRONG_SIGNATURE: Final = WebhookAnswer(401, "wrong signature\n")
NO_SUCH_FEED: Final = WebhookAnswer(404, "no such feed\n")
TOO_LARGE: Final = WebhookAnswer(413, "larger than 1 MiB\n")


def load_feeds(_: dict[str, Carrier] | None) -> dict[str, Carrier]:
    """Load all feeds by their slugs."""
    return {feed.slug: feed for feed in Carrier.objects.exclude(adapter="")}


CACHED_FEEDS: Final = Cached(load_feeds, FEED_CACHE_SECONDS)


def forget_feeds(**_: Any) -> None:
    """Load the feeds anew after one was changed in this process; other processes notice within seconds."""
    CACHED_FEEDS.invalidate()


post_save.connect(forget_feeds, sender=Carrier, dispatch_uid="forget feeds")
post_delete.connect(forget_feeds, sender=Carrier, dispatch_uid="forget feeds")


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, carrier: str) -> HttpResponse:
    """Receive one webhook: 202 stored, 401 wrong signature, 404 no such feed, 413 over 1 MiB."""
    body = read_limited_body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = TOO_LARGE if body is None else receive_webhooks([(carrier, headers, body)])[0]
    return HttpResponse(answer.text, status=answer.status, content_type="text/plain")


def read_limited_body(request: HttpRequest) -> bytes | None:
    """Return the raw body, or None when it is too large; if its declared length is, it is not read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return None
    try:
        body = request.read(MAX_BODY_BYTES + 1)
    except RawPostDataException:  # a middleware or a test client has read it already
        body = request.body
    return body if len(body) <= MAX_BODY_BYTES else None


def receive_webhooks(webhooks: Sequence[Webhook], enqueue: Enqueue | None = None) -> list[WebhookAnswer]:
    """Verify webhooks, store those that are genuine, enqueue them, and return what each is answered.

    `enqueue` is called with the ids of the payloads to parse once they are committed, by default `enqueue_payloads`.
    """
    feeds = [find_feed(slug) for slug, _, _ in webhooks]
    answers = [verify_webhook(feed, headers, body) for (_, headers, body), feed in zip(webhooks, feeds, strict=True)]
    checked = list(zip(webhooks, feeds, answers, strict=True))
    count_wrong_signatures([feed for _, feed, answer in checked if feed and answer is WRONG_SIGNATURE])
    if genuine := [(feed, body) for (_, _, body), feed, answer in checked if feed and answer is STORED]:
        store_payloads(genuine, enqueue or enqueue_payloads)
    return answers


def find_feed(slug: str) -> Carrier | None:
    """Return the feed of this slug as it was some seconds ago at most; None where there is none."""
    return CACHED_FEEDS.get().get(slug) or Carrier.objects.exclude(adapter="").filter(slug=slug).first()


def verify_webhook(feed: Carrier | None, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
    """Return what a webhook is answered once it is stored, or why it is not."""
    if feed is None:
        return NO_SUCH_FEED
    is_genuine = feed.adapter_instance.verify_signature(body, headers, feed.credentials)
    return STORED if is_genuine else WRONG_SIGNATURE


def count_wrong_signatures(feeds: Sequence[Carrier]) -> None:
    """Count the webhooks that were not signed by their carrier, for the operators."""
    for (key, slug), count in Counter((feed.pk, feed.slug) for feed in feeds).items():
        Carrier.objects.filter(pk=key).update(invalid_signature_count=F("invalid_signature_count") + count)
        log.warning("webhook signature invalid", carrier=slug, count=count)


def store_payloads(genuine: Sequence[tuple[Carrier, bytes]], enqueue: Enqueue) -> None:
    """Store the bodies of webhooks and enqueue them after commit. Repeated ones are enqueued only while unparsed."""
    now = timezone.now()
    # Always in the same order: two processes that store the same payloads would else wait for each other.
    in_order = sorted((feed.pk, hash_content(body), body) for feed, body in genuine)
    with transaction.atomic() if len(in_order) > 1 else nullcontext():
        stored = [insert_or_count_payload(key, body, ReceivedVia.WEBHOOK, now) for key, _, body in in_order]
    unparsed = {row.payload_id for row in stored if row.is_new or row.status == PayloadStatus.STORED}
    if unparsed:
        transaction.on_commit(partial(enqueue, sorted(unparsed)))
    webhook_health.record_webhooks({feed.pk for feed, _ in genuine}, now)


def enqueue_payloads(payload_ids: Sequence[int]) -> None:
    """Enqueue stored payloads as one task; if the broker cannot be reached, `parse_stale_payloads` finds them later."""
    try:
        parse_payload.apply_async(tuple(payload_ids))
    except BrokerError as error:
        log.warning("payloads stored but not enqueued; beat will retry", payloads=payload_ids, error=str(error))
