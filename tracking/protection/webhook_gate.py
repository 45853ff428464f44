"""The way of a webhook under ASGI: from its bytes to its row without Django's request, middleware and URL routes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError

from tracking.live.stream import Application, Receive, Scope, Send
from tracking.protection.batches import Batches
from tracking.protection.request_limits import RequestSlots
from tracking.protection.request_threads import read_body, send_busy
from tracking.protection.server_errors import HOOK_NOT_STORED, RETRY_AFTER_SECONDS, is_database_unavailable

Webhook = tuple[str, Mapping[str, str], bytes]
"""Slug of the feed, headers by lower-case name, body."""
WebhookAnswer = tuple[int, str]
"""Status and text."""
BODY_IN_MEMORY_BYTES: Final = 64 * 1024
log: Final = structlog.get_logger()


def with_webhook_gate(
    application: Application,
    path: re.Pattern[str],
    handle: Callable[[Sequence[Webhook]], Sequence[WebhookAnswer]],
    slots: RequestSlots,
) -> Application:
    """Return an ASGI application that has POSTs on `path` answered by `handle`, many at once, and others as before.

    `path` captures the feed's slug. Without a slot the answer is 503 with `Retry-After`, at once. Neither the host nor
    cookies of the request matter: what counts is the carrier's signature.
    """
    batches: Batches[Webhook, WebhookAnswer] = Batches(lambda webhooks: list(handle(webhooks)), "webhooks")

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        match = path.match(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if match is None:
            await application(scope, receive, send)
        elif slots.is_full:
            await send_busy(scope, send)
        else:
            with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
                if not await read_body(receive, body):
                    return
                if not slots.take():
                    await send_busy(scope, send)
                    return
                try:
                    body.seek(0)
                    answer = await answer_webhook(batches, (match[1], headers_of(scope), body.read()))
                finally:
                    slots.release()
            await send_answer(send, *answer)

    return gate


async def answer_webhook(
    batches: Batches[Webhook, WebhookAnswer], webhook: Webhook
) -> tuple[int, str, list[tuple[bytes, bytes]]]:
    """Return status, text and further headers of the answer."""
    try:
        return *await batches.run(webhook), []
    except (InterfaceError, OperationalError) as error:
        if not is_database_unavailable(error):
            log.exception("webhook failed", feed=webhook[0])
            return 500, "failed\n", []
        log.warning("webhook not stored: database unavailable", feed=webhook[0], error=str(error))
        return 503, HOOK_NOT_STORED, [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
    except Exception:
        log.exception("webhook failed", feed=webhook[0])
        return 500, "failed\n", []


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers of a request by name; those of one name are joined as in WSGI."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


async def send_answer(send: Send, status: int, text: str, further_headers: list[tuple[bytes, bytes]]) -> None:
    """Send a short plain answer."""
    content = text.encode()
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(content)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *further_headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
