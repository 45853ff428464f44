"""Run the check of one file in a child process with limits on CPU time, wall time and memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from tracking.paper_check.formats import CheckRefusal, PaperRefusedError, detect_format

log: Final = structlog.get_logger()
PROJECT_ROOT: Final = Path(__file__).resolve().parents[2]
CHILD_COMMAND: Final = (sys.executable, "-m", "tracking.paper_check")
# No secret of the site is in the child's environment. Without the Celery tasks it takes less memory.
CHILD_ENVIRONMENT: Final = {"CELERY_BEAT_ALONE": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class CheckLimits(NamedTuple):
    """The limits of one check. Ordinary files need less than a second; the worst of 10 MB took 8 seconds of CPU."""

    cpu_seconds: int = 20
    wall_seconds: float = 40
    memory_bytes: int = 512 * 1024 * 1024


DEFAULT_LIMITS: Final = CheckLimits()
PICTURE_LIMITS: Final = CheckLimits(cpu_seconds=6)
"""An operator waits for it: the most pixels that are accepted took 1 second of CPU."""


def check_file(content: bytes, limits: CheckLimits = DEFAULT_LIMITS) -> bytes:
    """Return an uploaded file rewritten so that it is safe to store.

    Raise `PaperRefusedError`, also for a file whose check was killed or ran out of time or memory; `OSError` if no
    child can be started.
    """
    return run_check(content, limits, [])


def shrink_picture(content: bytes, side_pixels: int, limits: CheckLimits = PICTURE_LIMITS) -> bytes:
    """Return an uploaded image as a square WebP without metadata; raise as `check_file` does."""
    return run_check(content, limits, [str(side_pixels)])


def run_check(content: bytes, limits: CheckLimits, arguments: Sequence[str]) -> bytes:
    """Return what a child process makes of a file; raise as `check_file` does."""
    command = [*CHILD_COMMAND, str(limits.cpu_seconds), str(limits.memory_bytes), *arguments]
    try:
        child = subprocess.run(
            command,
            input=content,
            capture_output=True,
            cwd=PROJECT_ROOT,
            env=CHILD_ENVIRONMENT,
            timeout=limits.wall_seconds,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        log.warning("check of an upload ran out of time", seconds=limits.wall_seconds)
        raise PaperRefusedError(uncheckable(content)) from error
    except subprocess.CalledProcessError as error:
        # Only the name of the exception: its text may quote the file.
        last_line = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        log.warning("check of an upload failed", exit_status=error.returncode, error=last_line.partition(":")[0])
        raise PaperRefusedError(uncheckable(content)) from error
    outcome, _newline, rewritten = child.stdout.partition(b"\n")
    if outcome != b"ok":
        raise PaperRefusedError(CheckRefusal(outcome.decode()))
    return rewritten


def uncheckable(content: bytes) -> CheckRefusal:
    """Return why a file is refused that could not be checked to the end."""
    return CheckRefusal.UNCHECKABLE_PDF if detect_format(content) == "PDF" else CheckRefusal.TOO_MANY_PIXELS
