"""Lighthouse from npm: four scores of a page on a simulated phone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.audit.demo_site import AuditedPage
from tests.chromium import CHROMIUM_FLAGS, find_chromium

PACKAGE: Final = "lighthouse@12.8.2"
"""The last for Node 20; 13 needs a newer one."""
CATEGORIES: Final = ("performance", "accessibility", "best-practices")
SECONDS: Final = 240
IDLE_LOAD: Final = 1.0
"""Above this load of the machine a score of performance says nothing about the page."""


class LighthouseMissingError(Exception):
    """Lighthouse cannot be run here; the message says why."""


def measure(page: AuditedPage, folder: Path) -> dict[str, int]:
    """Return the scores of a page, 0 to 100, and keep the report. Raise `LighthouseMissingError`."""
    npx = shutil.which("npx")
    if npx is None:
        raise LighthouseMissingError("Node.js with npx is not installed")
    report = folder / f"lighthouse-{page.name}.json"
    flags = " ".join(["--headless=new", *CHROMIUM_FLAGS])
    command = [npx, "--yes", PACKAGE, page.url, "--quiet", "--output=json", f"--output-path={report}"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={flags}"]
    environment = {**os.environ, "CHROME_PATH": find_chromium()}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise LighthouseMissingError(f"no answer within {SECONDS} seconds") from error
    if done.returncode or not report.exists():
        raise LighthouseMissingError((done.stderr.strip().splitlines() or ["it failed without a message"])[-1])
    categories = json.loads(report.read_text())["categories"]
    return {name: round(100 * (categories[name]["score"] or 0)) for name in CATEGORIES}


def score_findings(page: AuditedPage, scores: dict[str, int]) -> list[str]:
    """Return the scores that are too low; performance counts only on an idle machine."""
    is_idle = os.getloadavg()[0] < IDLE_LOAD
    wanted = {"accessibility": 100, "best-practices": 100} | ({"performance": 95} if is_idle else {})
    return [
        f"{page.name}: Lighthouse {name} {scores[name]}, not {limit}"
        for name, limit in wanted.items()
        if scores[name] < limit
    ]
