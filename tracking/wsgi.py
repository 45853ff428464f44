"""WSGI entry point, without live streams. Synchronous views run several times faster here than under ASGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

application = get_wsgi_application()
