"""WSGI entry point, without live streams. Webhooks and pages have limits of their own: neither stops the other."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

django = get_wsgi_application()

from tracking.protection.request_limits import (  # noqa: E402 - needs Django set up
    WEBHOOK_THREADS,
    LimitedWsgi,
    RequestSlots,
    request_threads,
)
from tracking.protection.server_errors import WEBHOOK_PREFIX  # noqa: E402

pages = LimitedWsgi(django, RequestSlots(settings.MAX_CONCURRENT_REQUESTS), request_threads())
webhooks = LimitedWsgi(django, RequestSlots(settings.MAX_CONCURRENT_WEBHOOKS), WEBHOOK_THREADS)


def application(environ, start_response):  # type: ignore[no-untyped-def]
    """Answer one request."""
    handler = webhooks if environ.get("PATH_INFO", "").startswith(WEBHOOK_PREFIX) else pages
    return handler(environ, start_response)
