"""Row 2: our parcel page against karrio's JSON answer about a tracker with as many events, on the same server."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.http_load import BROWSER_HEADERS, requests_per_second, serve_site, serve_wsgi
from tests.bench.karrio_environment import create_karrio_environment, karrio_python
from tests.bench.measurement import NotMeasuredError, Row, measure_alternating
from tests.bench.pages import EVENT_COUNT, create_parcel

TRACKER_SCRIPT: Final = Path(__file__).with_name("karrio_tracker.py")
TARGET: Final = 10.0
KARRIO_SETTINGS: Final = {
    "DJANGO_SETTINGS_MODULE": "karrio.server.settings",
    "SECRET_KEY": "only for a measurement, not a secret at all",
    "DEBUG_MODE": "False",
    "LOG_LEVEL": "ERROR",
    "USE_HTTPS": "False",
    "ALLOWED_HOSTS": "*",
    "EVENT_COUNT": str(EVENT_COUNT),
}


def create_tracker(python: str, environment: dict[str, str], folder: str) -> tuple[str, dict[str, str]]:
    """Create karrio's tracker; return its path and the headers to read it. Raise `NotMeasuredError` if that fails."""
    made = subprocess.run(
        [python, str(TRACKER_SCRIPT)], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NotMeasuredError(f"karrio did not start: {made.stderr.strip()[-2000:]}")
    tracker = json.loads(made.stdout)
    return tracker["path"], {**BROWSER_HEADERS, "Authorization": f"Token {tracker['token']}"}


def karrio_page_row() -> Row:
    """Measure row 2, or raise `NotMeasuredError` if karrio is not installed."""
    python, path = karrio_python(), create_parcel().get_absolute_url()
    with tempfile.TemporaryDirectory() as folder:
        environment = create_karrio_environment(folder) | KARRIO_SETTINGS
        tracker_path, headers = create_tracker(python, environment, folder)
        application = serve_wsgi("karrio_wsgi:application", environment, python=python, folder=TRACKER_SCRIPT.parent)
        with application as karrio_port, serve_site() as port:
            ours, karrios = measure_alternating(
                lambda: requests_per_second(port, path),
                lambda: requests_per_second(karrio_port, tracker_path, headers),
            )
    details = {"pages_per_second": round(ours), "karrio_answers_per_second": round(karrios)}
    return Row(2, "parcel page / karrio's JSON", ours / karrios, TARGET, True, details)
