"""ASGI entry point: live streams bypass Django, everything else goes through it.

An open page holds its stream for hours: as plain ASGI it costs kilobytes, where a Django request would stay in memory.
"""

import os
from typing import Final, cast

from django.conf import settings
from django.core.asgi import get_asgi_application

from tracking.live.limits import StreamSlots, default_process_limit, raise_descriptor_limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

django = get_asgi_application()

from tracking.live.stream import STREAM_PATH, Application, with_stream  # noqa: E402 - needs Django set up
from tracking.protection.body_limits import with_body_limit  # noqa: E402
from tracking.protection.server_errors import WEBHOOK_PREFIX  # noqa: E402
from tracking.protection.slow_bodies import with_body_timeout  # noqa: E402
from tracking.webhooks import MAX_BODY_BYTES  # noqa: E402

# Granian's own default. With this many requests at work, streams among them, it accepts no connection.
GRANIAN_BACKPRESSURE: Final = 1024

descriptors = raise_descriptor_limit()
requests = int(os.environ.get("GRANIAN_BACKPRESSURE", GRANIAN_BACKPRESSURE))
streams = settings.LIVE_STREAMS_PER_PROCESS or default_process_limit(descriptors, requests)
timed_django = with_body_timeout(cast(Application, django), settings.BODY_SECONDS, settings.BODY_BYTES_PER_SECOND)
bounded_django = with_body_limit(timed_django, WEBHOOK_PREFIX, MAX_BODY_BYTES)
application = with_stream(bounded_django, STREAM_PATH, StreamSlots(settings.LIVE_STREAMS_PER_CLIENT, streams))
