"""ASGI entry point: live streams bypass Django, everything else goes through it.

An open page holds its stream for hours: as plain ASGI it costs kilobytes, where a Django request would stay in memory.
"""

import os
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracking.settings")

django = get_asgi_application()

from tracking.live.stream import STREAM_PATH, Application, with_stream  # noqa: E402 - needs Django set up

application = with_stream(cast(Application, django), STREAM_PATH)
