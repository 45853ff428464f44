"""ASGI entry point: live streams and webhooks bypass Django's handler, everything else runs in its threads.

An open page holds its stream for hours: as plain ASGI it costs kilobytes, where a Django request would stay in memory.
"""

import os
from functools import partial
from typing import Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from tracking.live.limits import StreamSlots, default_process_limit, raise_descriptor_limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

django = get_wsgi_application()

from tracking.live.stream import STREAM_PATH, with_stream  # noqa: E402 - needs Django set up
from tracking.protection.batches import GroupedCalls  # noqa: E402
from tracking.protection.body_limits import with_body_limit  # noqa: E402
from tracking.protection.request_limits import RequestSlots, request_threads  # noqa: E402
from tracking.protection.request_threads import ThreadedDjango  # noqa: E402
from tracking.protection.server_errors import WEBHOOK_PREFIX  # noqa: E402
from tracking.protection.slow_bodies import with_body_timeout  # noqa: E402
from tracking.protection.webhook_gate import with_webhook_gate  # noqa: E402
from tracking.webhooks import MAX_BODY_BYTES, WEBHOOK_PATH, enqueue_payloads, receive_webhooks  # noqa: E402

# A worker parses payloads that come together in a fraction of the time.
ENQUEUE_INTERVAL_SECONDS: Final = 0.2
# Granian's own default. With this many requests at work, streams among them, it accepts no connection.
GRANIAN_BACKPRESSURE: Final = 1024

descriptors = raise_descriptor_limit()
requests = int(os.environ.get("GRANIAN_BACKPRESSURE", GRANIAN_BACKPRESSURE))
streams = settings.LIVE_STREAMS_PER_PROCESS or default_process_limit(descriptors, requests)
pages = ThreadedDjango(django, RequestSlots(settings.MAX_CONCURRENT_REQUESTS), request_threads())
receive = partial(receive_webhooks, enqueue=GroupedCalls(enqueue_payloads, ENQUEUE_INTERVAL_SECONDS).add)
webhooks = with_webhook_gate(pages, WEBHOOK_PATH, receive, RequestSlots(settings.MAX_CONCURRENT_WEBHOOKS))
timed_django = with_body_timeout(webhooks, settings.BODY_SECONDS, settings.BODY_BYTES_PER_SECOND)
bounded_django = with_body_limit(timed_django, WEBHOOK_PREFIX, MAX_BODY_BYTES)
application = with_stream(bounded_django, STREAM_PATH, StreamSlots(settings.LIVE_STREAMS_PER_CLIENT, streams))
