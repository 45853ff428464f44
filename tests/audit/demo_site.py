"""The site with its demo orders in a fresh folder, and the pages to audit."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple
from urllib.request import urlopen

PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 180
SETTLE_SECONDS: Final = 20
"""The simulated carriers report, and the first forecasts are made."""
OTHER_PAGES: Final = {
    "look-up": "/",
    "settings": "/preferences/",
    "accuracy": "/accuracy/",
    "no-connection": "/offline/",
}


class AuditedPage(NamedTuple):
    """A page to audit: the name of its state, and its URL; '' where the demo holds none."""

    name: str
    url: str


@contextmanager
def run_demo_site() -> Iterator[list[AuditedPage]]:
    """Start the site with `manage.py start`, yield a page of each state, with or without URL, and stop it."""
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        address = f"http://127.0.0.1:{(port := free_port())}"
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**inherited, "DATA_DIR": folder}
        command = [sys.executable, "manage.py", "start", "--port", str(port)]
        with (Path(folder) / "site.log").open("w") as log:
            process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_until_ready(f"{address}/readyz")
            yield [
                AuditedPage(name, f"{address}{path}" if path else "")
                for name, path in (list_state_pages(environment) | OTHER_PAGES).items()
            ]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def list_state_pages(environment: dict[str, str]) -> dict[str, str]:
    """Return the path of a page for each state, '' where the demo holds none."""
    command = [sys.executable, "-m", "tests.audit.state_pages"]
    listing = subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return {row["name"]: row["path"] for row in map(json.loads, listing.splitlines())}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str) -> None:
    """Return once the site is ready and its demo has begun; raise `TimeoutError`."""
    for _ in range(START_SECONDS):
        time.sleep(1)
        with suppress(OSError), urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                time.sleep(SETTLE_SECONDS)
                return
    raise TimeoutError(f"{url} was not ready after {START_SECONDS} seconds")
