"""Webhooks of carriers: verify the signature over the raw body, store it, answer, and let a worker parse it."""

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
from kombu.exceptions import OperationalError as BrokerError

from tracking.models import Carrier, Payload
from tracking.models.payloads import PayloadStatus, ReceivedVia
from tracking.polling import webhook_health
from tracking.tasks import parse_payload

MAX_BODY_BYTES: Final = 1024 * 1024
log: Final = structlog.get_logger()


@csrf_exempt
@require_POST
def receive_webhook(request: HttpRequest, carrier: str) -> HttpResponse:
    """Receive one webhook: 202 stored, 401 wrong signature, 404 no such feed, 413 over 1 MiB."""
    feed = get_object_or_404(Carrier.objects.exclude(adapter=""), slug=carrier)
    body = read_limited_body(request)
    if body is None:
        return HttpResponse("larger than 1 MiB\n", status=413, content_type="text/plain")
    if not feed.adapter_instance.verify_signature(body, headers_of(request), feed.credentials):
        Carrier.objects.filter(pk=feed.pk).update(invalid_signature_count=F("invalid_signature_count") + 1)
        log.warning("webhook signature invalid", carrier=feed.slug)
        return HttpResponse("wrong signature\n", status=401, content_type="text/plain")
    store_payload(feed, body)
    return HttpResponse("stored\n", status=202, content_type="text/plain")


def read_limited_body(request: HttpRequest) -> bytes | None:
    """Return the raw body, or None when it is too large; if its declared length is, it is not read."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return None
    try:
        body = request.read(MAX_BODY_BYTES + 1)
    except RawPostDataException:  # a middleware or a test client has read it already
        body = request.body
    return body if len(body) <= MAX_BODY_BYTES else None


def headers_of(request: HttpRequest) -> dict[str, str]:
    """Return the headers with lower-case names, as adapters look them up."""
    return {name.lower(): value for name, value in request.headers.items()}


@transaction.atomic
def store_payload(feed: Carrier, body: bytes) -> None:
    """Store a payload and enqueue it after commit. A repeated payload is enqueued only while it is unparsed."""
    now = timezone.now()
    payload, is_new = Payload.objects.store(feed, body, ReceivedVia.WEBHOOK, now)
    webhook_health.record_webhook(feed, now)
    if is_new or payload.status == PayloadStatus.STORED:
        transaction.on_commit(lambda: enqueue_payload(payload.pk))


def enqueue_payload(payload_id: int) -> None:
    """Enqueue a stored payload; if the broker cannot be reached, `parse_stale_payloads` finds it later."""
    try:
        parse_payload.apply_async((payload_id,))
    except BrokerError as error:
        log.warning("payload stored but not enqueued; beat will retry", payload=payload_id, error=str(error))
