"""ASGI entry point: the live stream by hand, everything else through Django.

The stream stays outside Django on purpose: an open page then costs kilobytes, not a request's whole machinery.
"""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

django = get_asgi_application()

from tracking.live.stream import STREAM_PATH, Application, with_stream  # noqa: E402 - needs Django set up

application = with_stream(cast(Application, django), STREAM_PATH)
