"""Uploads that their size and first bytes rule out are refused at once, whatever their name."""

from __future__ import annotations

import pytest

from tests.paper_check.sample_files import image_bytes
from tracking.buyer_tasks.papers import InvalidPaperError, receive_paper
from tracking.models.texts import PaperKind, PaperRefusal
from tracking.paper_check.formats import MAX_FILE_BYTES, CheckRefusal


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_will_be_a_jpeg_whatever_its_name(kind: str) -> None:
    paper = receive_paper(PaperKind.INVOICE, "Rechnung März.exe", image_bytes(kind))

    assert paper == (PaperKind.INVOICE, "Rechnung März.jpg", "image/jpeg", image_bytes(kind))


def test_a_pdf_stays_a_pdf_and_its_name_has_no_folders() -> None:
    paper = receive_paper(PaperKind.INVOICE, "../../etc/Invoice 7.PDF", b"%PDF-1.7")

    assert paper[1:] == ("Invoice 7.pdf", "application/pdf", b"%PDF-1.7")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"MZ\x90\0 a program", "neither a photo"),
        (b"<!doctype html><script>alert(1)</script>", "neither a photo"),
        (b"GIF89a" + bytes(40), "neither a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a photo"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (bytes(MAX_FILE_BYTES + 1), "larger than 10 MB"),
    ],
    ids=["empty", "exe", "html", "gif", "svg", "heic", "11 MB"],
)
@pytest.mark.parametrize("name", ["paper.pdf", "paper.jpg"])
def test_file_type_is_detected_from_its_bytes(content: bytes, message: str, name: str) -> None:
    with pytest.raises(InvalidPaperError, match=message):
        receive_paper(PaperKind.INVOICE, name, content)


def test_a_file_of_ten_megabytes_is_received() -> None:
    content = b"%PDF-" + bytes(MAX_FILE_BYTES - 5)

    assert receive_paper(PaperKind.INVOICE, "scan.pdf", content).content == content


def test_each_refusal_of_a_check_has_a_sentence_for_the_buyer() -> None:
    assert set(PaperRefusal.values) == {refusal.value for refusal in CheckRefusal}
    assert all(len(label) > 40 for label in PaperRefusal.labels)
