"""The child process: `python -m tracking.paper_check <CPU seconds> <bytes of memory> [<side>]`, from stdin to stdout.

With a side in pixels the file must be an image and becomes a square WebP of that size. The first line of the result
is `ok` or a `CheckRefusal`; after `ok` follows the rewritten file.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import Final

from tracking.paper_check.formats import MAX_FILE_BYTES, CheckRefusal, PaperRefusedError, detect_format
from tracking.paper_check.images import MAX_PIXELS_BY_FORMAT, reencode_image, shrink_image
from tracking.paper_check.pdf import normalize_pdf

MAX_RESULT_BYTES: Final = 3 * MAX_FILE_BYTES
NICENESS: Final = 10


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Limit this process: time, memory, no files written, no core dump of what the buyer sent."""
    os.nice(NICENESS)
    for kind, limit in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard_limit = resource.getrlimit(kind)[1]
        lowest = limit if hard_limit == resource.RLIM_INFINITY else min(limit, hard_limit)
        resource.setrlimit(kind, (lowest, lowest))


def rewrite_file(content: bytes) -> bytes:
    """Return the file in a form that is safe to store; raise `PaperRefusedError`."""
    file_format = detect_format(content)
    if file_format != "PDF":
        return reencode_image(content, file_format)
    rewritten = normalize_pdf(content)
    if len(rewritten) > MAX_RESULT_BYTES:
        raise PaperRefusedError(CheckRefusal.UNCHECKABLE_PDF)
    return rewritten


def shrink_picture(content: bytes, side_pixels: int) -> bytes:
    """Return an image as a square WebP; raise `PaperRefusedError`, also for any other file."""
    file_format = detect_format(content)
    if file_format not in MAX_PIXELS_BY_FORMAT:
        raise PaperRefusedError(CheckRefusal.DAMAGED_IMAGE)
    return shrink_image(content, file_format, side_pixels)


def main() -> None:
    """Check the file on stdin within the limits of the command line."""
    cpu_seconds, memory_bytes, *sides = (int(argument) for argument in sys.argv[1:])
    limit_resources(cpu_seconds, memory_bytes)
    outcome, rewritten = "ok", b""
    try:
        content = sys.stdin.buffer.read()
        rewritten = shrink_picture(content, sides[0]) if sides else rewrite_file(content)
    except PaperRefusedError as error:
        outcome = error.refusal.value
    sys.stdout.buffer.write(outcome.encode() + b"\n" + rewritten)


if __name__ == "__main__":
    main()
