"""Measure checks: `python -m tests.paper_check` prints time and peak memory of the child for expensive files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO

from PIL import Image

from tests.paper_check.hostile_pdfs import repeated_structures
from tests.paper_check.measurement import measure
from tracking.paper_check.formats import MAX_FILE_BYTES

PICTURE_SIZE = (5400, 5500)


def expensive_files() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file to measure."""
    yield from repeated_structures(MAX_FILE_BYTES - 1000)
    noise = Image.effect_noise((PICTURE_SIZE[0] // 4, PICTURE_SIZE[1] // 4), 60).resize(PICTURE_SIZE)
    gradient = Image.linear_gradient("L").resize(PICTURE_SIZE)
    for name, picture, image_format in (
        ("noisy JPEG of 5400x5500", noise.convert("RGB"), "JPEG"),
        ("PNG of 5400x5500 with alpha", gradient.convert("RGBA"), "PNG"),
    ):
        buffer = BytesIO()
        picture.save(buffer, image_format)
        yield name, buffer.getvalue()


def main() -> None:
    """Print one line a file. Each is measured by a process of its own, because the peak is that of all its children."""
    print(f"{'file':<28} {'bytes':>10}  {'outcome':<18} {'s':>6} {'CPU s':>6} {'MB':>5}")
    with ProcessPoolExecutor(1, max_tasks_per_child=1) as pool:
        for name, content in expensive_files():
            outcome, seconds, cpu_seconds, peak = pool.submit(measure, content).result()
            print(f"{name:<28} {len(content):>10,}  {outcome:<18} {seconds:>6.2f} {cpu_seconds:>6.2f} {peak:>5}")


if __name__ == "__main__":
    main()
