"""Carriers push here: verify over the raw bytes, keep them, answer, and leave the reading to a worker."""

from __future__ import annotations

from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, RawPostDataException
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerAway

from tracking.models import Carrier, Payload
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.polling import webhook_health
from tracking.tasks import parse_payload

MAX_BODY_BYTES: Final = 1024 * 1024
log: Final = structlog.get_logger()


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, carrier: str) -> HttpResponse:
    """Take one pushed message: 202 stored, 401 not the carrier's signature, 404 no such feed, 413 over 1 MiB."""
    feed = get_object_or_404(Carrier.objects.exclude(adapter=""), slug=carrier)
    body = read_limited_body(request)
    if body is None:
        return HttpResponse("larger than 1 MiB\n", status=413, content_type="text/plain")
    if not feed.adapter_instance.verify_signature(body, headers_of(request), feed.credentials):
        Carrier.objects.filter(pk=feed.pk).update(invalid_signature_count=F("invalid_signature_count") + 1)
        log.warning("webhook with a wrong signature", carrier=feed.slug)
        return HttpResponse("wrong signature\n", status=401, content_type="text/plain")
    store_payload(feed, body)
    return HttpResponse("stored\n", status=202, content_type="text/plain")


def read_limited_body(request: HttpRequest) -> bytes | None:
    """Return the raw body, or None when it is larger than we take; a declared size is enough to refuse it unread."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return None
    try:
        body = request.read(MAX_BODY_BYTES + 1)
    except RawPostDataException:
        body = request.body
    return body if len(body) <= MAX_BODY_BYTES else None


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Return the request's headers with lower-case names, as adapters look them up."""
    return {name.lower(): value for name, value in request.headers.items()}


@transaction.atomic
def store_payload(feed: Carrier, body: bytes) -> None:
    """Store a message and have it read after commit. The same bytes again are read again only if they never were."""
    now = timezone.now()
    payload, new = Payload.objects.store(feed, body, ReceivedVia.WEBHOOK, now)
    webhook_health.record_webhook(feed, now)
    if new or payload.status == PayloadStatus.STORED:
        transaction.on_commit(lambda: enqueue_payload(payload.pk))


def enqueue_payload(payload_id: int) -> None:
    """Hand a stored message to the workers. With the broker away it waits in its row; beat finds it there."""
    try:
        parse_payload.apply_async((payload_id,))
    except BrokerAway as trouble:
        log.warning("stored message not queued; beat will pick it up", payload=payload_id, error=str(trouble))
