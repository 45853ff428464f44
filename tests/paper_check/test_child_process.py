"""The check of a file ends within limits that the kernel enforces, whatever the file."""

from __future__ import annotations

import os
import sys
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.examples import scale_examples
from tests.paper_check.hostile_pdfs import new_pdf, repeated_structures, saved
from tests.paper_check.sample_files import image_bytes
from tracking.paper_check import child_process
from tracking.paper_check.child_process import DEFAULT_LIMITS, CheckLimits, check_file, shrink_picture
from tracking.paper_check.formats import MAX_FILE_BYTES, CheckRefusal, PaperRefusedError

TEN_MEGABYTES = dict(repeated_structures(MAX_FILE_BYTES - 1000))
ENDS_BY_ITSELF = {CheckRefusal.DAMAGED_PDF, CheckRefusal.UNCHECKABLE_PDF}
NEED_FEW_SECONDS = {"stream starts", "one object"}


def refusal_of(content: bytes, limits: CheckLimits = DEFAULT_LIMITS) -> CheckRefusal:
    with pytest.raises(PaperRefusedError) as caught:
        check_file(content, limits)
    return caught.value.refusal


def test_a_photo_and_a_pdf_are_returned_rewritten() -> None:
    assert check_file(image_bytes("PNG")).startswith(b"\xff\xd8\xff")
    assert check_file(saved(new_pdf())).startswith(b"%PDF-")


def test_the_reason_of_a_refusal_is_returned() -> None:
    assert refusal_of(image_bytes()[:200]) == CheckRefusal.DAMAGED_IMAGE
    assert refusal_of(b"%PDF-1.7\n") == CheckRefusal.DAMAGED_PDF


@pytest.mark.parametrize("name", sorted({*TEN_MEGABYTES} - {"unnamed streams"}))
def test_ten_megabytes_of_repeated_structures_end_within_the_limits(name: str) -> None:
    """The kernel kills the child after these seconds of CPU, and then the PDF is uncheckable."""
    assert len(TEN_MEGABYTES[name]) > 0.9 * MAX_FILE_BYTES
    # The child gives way to other processes: on a busy machine eight seconds of CPU can take more than a minute.
    limits = CheckLimits(cpu_seconds=8 if name in NEED_FEW_SECONDS else 2, wall_seconds=300)

    try:
        assert check_file(TEN_MEGABYTES[name], limits).startswith(b"%PDF-")
    except PaperRefusedError as error:
        assert error.refusal in ENDS_BY_ITSELF - ({CheckRefusal.UNCHECKABLE_PDF} if name in NEED_FEW_SECONDS else set())


def test_a_check_that_takes_too_much_cpu_time_is_ended() -> None:
    assert len(TEN_MEGABYTES["unnamed streams"]) > 0.9 * MAX_FILE_BYTES
    assert refusal_of(TEN_MEGABYTES["unnamed streams"], CheckLimits(cpu_seconds=1)) == CheckRefusal.UNCHECKABLE_PDF


def test_a_check_that_takes_too_much_memory_is_ended() -> None:
    large = image_bytes("PNG", size=(5400, 5500))
    with Image.open(BytesIO(check_file(large))) as image:
        assert image.size == (2700, 2750)

    assert refusal_of(large, CheckLimits(memory_bytes=100 * 1024 * 1024)) == CheckRefusal.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_needs_less_memory_than_its_pixels_twice(kind: str) -> None:
    assert check_file(image_bytes(kind, size=(5400, 5500)), CheckLimits(memory_bytes=2 * 4 * 5400 * 5500))


@pytest.mark.parametrize(
    ("program", "limits"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", DEFAULT_LIMITS),
        ("import time; time.sleep(60)", CheckLimits(wall_seconds=0.5)),
        ("raise RuntimeError('x')", DEFAULT_LIMITS),
    ],
    ids=["killed", "asleep", "failed"],
)
def test_a_child_without_a_result_refuses_the_file(
    monkeypatch: pytest.MonkeyPatch, program: str, limits: CheckLimits
) -> None:
    monkeypatch.setattr(child_process, "CHILD_COMMAND", (sys.executable, "-c", program))

    assert refusal_of(b"%PDF-1.7\n", limits) == CheckRefusal.UNCHECKABLE_PDF
    assert refusal_of(image_bytes(), limits) == CheckRefusal.TOO_MANY_PIXELS


def test_the_child_sees_no_secret_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import os; print('ok'); print(sorted(os.environ))"
    monkeypatch.setattr(child_process, "CHILD_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setenv("SECRET_KEY", "a secret")

    shown = check_file(image_bytes()).decode()

    assert "SECRET_KEY" in os.environ and "SECRET_KEY" not in shown and "CELERY_BEAT_ALONE" in shown


@settings(max_examples=scale_examples(6))
@given(
    st.binary(max_size=200), st.sampled_from([b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"])
)
def test_arbitrary_bytes_raise_no_other_error(rest: bytes, start: bytes) -> None:
    try:
        assert check_file(start + rest)
    except PaperRefusedError as error:
        assert error.refusal in CheckRefusal


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_returned_as_a_small_webp(kind: str) -> None:
    shrunk = shrink_picture(image_bytes(kind, (1200, 1200)), 208)

    with Image.open(BytesIO(shrunk)) as image:
        assert (image.format, image.size) == ("WEBP", (208, 208))


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"%PDF-1.7\n", b"GIF89a", image_bytes()[:200]])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PaperRefusedError) as caught:
        shrink_picture(content, 208)

    assert caught.value.refusal == CheckRefusal.DAMAGED_IMAGE


def test_a_picture_that_decompresses_to_gigabytes_is_refused() -> None:
    with pytest.raises(PaperRefusedError) as caught:
        shrink_picture(image_bytes("PNG", (6000, 5001)), 208)

    assert caught.value.refusal == CheckRefusal.TOO_MANY_PIXELS


def test_the_largest_picture_that_is_accepted_ends_within_its_limits() -> None:
    shrunk = shrink_picture(image_bytes("JPEG", (12_000, 10_000)), 208)

    assert shrunk.startswith(b"RIFF")
    assert shrink_picture(image_bytes("PNG", (6000, 5000)), 208).startswith(b"RIFF")
