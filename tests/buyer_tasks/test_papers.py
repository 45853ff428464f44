"""What may be handed in: pictures without their past, and PDFs that do nothing."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.buyer_tasks.sample_files import image_bytes, image_with_metadata, pdf_bytes, pdf_stream
from tracking.buyer_tasks.papers import MAX_FILE_BYTES, MAX_SIDE_PIXELS, CheckedPaper, InvalidPaperError, check_paper
from tracking.models.texts import PaperKind

OBJECT_STREAM_DICTIONARY = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"


def check_invoice(content: bytes, name: str = "photo.jpg") -> CheckedPaper:
    return check_paper(PaperKind.INVOICE, name, content)


def rejection_message(content: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(InvalidPaperError) as trouble:
        check_invoice(content, name)
    return str(trouble.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_a_new_jpeg_whatever_it_is_called(kind: str) -> None:
    paper = check_invoice(image_bytes(kind), "Rechnung März.exe")

    assert (paper.media_type, paper.name) == ("image/jpeg", "Rechnung März.jpg")
    with Image.open(BytesIO(paper.content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (60, 40))


def test_a_picture_forgets_where_and_by_whom_it_was_taken() -> None:
    sent = image_with_metadata()

    kept = check_invoice(sent).content

    assert b"Fictional Camera" in sent and b"taken at home" in sent
    assert b"Fictional Camera" not in kept and b"taken at home" not in kept
    with Image.open(BytesIO(kept)) as found:
        assert len(found.getexif()) == 0
        assert found.size == (40, 60), "turned as it was held"


def test_what_hangs_behind_a_picture_is_not_kept() -> None:
    assert b"PK\x03\x04" not in check_invoice(image_bytes() + b"PK\x03\x04 a second file").content


def test_glass_becomes_white_paper() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    with Image.open(BytesIO(check_invoice(out.getvalue()).content)) as kept:
        assert kept.getpixel((4, 4)) == (255, 255, 255)


def test_a_large_picture_is_made_smaller() -> None:
    with Image.open(BytesIO(check_invoice(image_bytes(size=(5000, 100))).content)) as kept:
        assert kept.size == (MAX_SIDE_PIXELS, 80)


@pytest.mark.parametrize("side", [6_000, 50_000])
def test_a_bomb_of_a_picture_is_refused_before_it_is_unpacked(side: int) -> None:
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big")

    assert "too many pixels" in rejection_message(start + image_bytes("PNG")[33:])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"MZ\x90\0 a program", "neither a photo"),
        (b"<!doctype html><script>alert(1)</script>", "neither a photo"),
        (b"GIF89a" + bytes(40), "neither a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a photo"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\xff\xd8\xff\xe0<html><script>", "damaged"),
        (image_bytes(size=(400, 400))[:700], "damaged"),
        (image_bytes("PNG")[:60], "damaged"),
        (bytes(MAX_FILE_BYTES + 1), "larger than 10 MB"),
    ],
    ids=["empty", "exe", "html", "gif", "svg", "heic", "html in a jpeg", "cut jpeg", "cut png", "11 MB"],
)
@pytest.mark.parametrize("name", ["paper.pdf", "paper.jpg"])
def test_a_file_is_what_its_bytes_say(content: bytes, words: str, name: str) -> None:
    assert words in rejection_message(content, name)


def test_a_plain_pdf_is_kept_as_it_is() -> None:
    sent = pdf_bytes(
        pdf_stream(b"BT (Invoice 7) Tj ET"), pdf_stream(b"\xff\xd8 a scan", b"/Filter/DCTDecode", is_compressed=False)
    )

    assert check_invoice(sent, "../../etc/Invoice 7.PDF")[1:] == ("Invoice 7.pdf", "application/pdf", sent)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (pdf_bytes(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"), "program or other files"),
        (pdf_bytes(b"<</S/#4Aava#53cript/JS 3 0 R>>"), "program or other files"),
        (pdf_bytes(b"<</S/Launch/F(calc.exe)>>"), "program or other files"),
        (pdf_bytes(b"<</Names<</EmbeddedFiles 3 0 R>>>>"), "program or other files"),
        (pdf_bytes(pdf_stream(b"7 0 <</S/JavaScript/JS(x)>>", OBJECT_STREAM_DICTIONARY)), "program or other files"),
        (
            pdf_bytes(pdf_stream(b"x" * 2_000_000 + b"<</S/JavaScript/JS(x)>>", OBJECT_STREAM_DICTIONARY)),
            "program or other files",
        ),
        (
            pdf_bytes(pdf_stream(b"7 0 <<>>", b"/Type/ObjStm/Filter/LZWDecode", is_compressed=False)),
            "cannot be checked",
        ),
        (pdf_bytes(pdf_stream(b"7 0 <<>>", b"/Type/ObjStm/Filter[/ASCIIHexDecode/FlateDecode]")), "cannot be checked"),
        (pdf_bytes(b"<</Encrypt 4 0 R>>"), "locked"),
        (pdf_bytes(end=b"%%EOF\nPK\x03\x04 a second file"), "hangs at its end"),
        (pdf_bytes(end=b""), "damaged"),
    ],
    ids=["script", "spelled script", "launch", "files", "packed", "deep", "lzw", "twice", "locked", "polyglot", "cut"],
)
def test_a_pdf_that_acts_or_hides_something_is_refused(sent: bytes, words: str) -> None:
    assert words in rejection_message(sent, "invoice.pdf")


def test_a_bomb_of_a_pdf_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.buyer_tasks.papers.MAX_DECOMPRESSED_BYTES", 1_000_000)

    assert "cannot be checked" in rejection_message(
        pdf_bytes(pdf_stream(bytes(3_000_000)), pdf_stream(bytes(3_000_000)))
    )


@given(
    st.binary(max_size=200), st.sampled_from([b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"])
)
def test_no_bytes_break_the_reading(rest: bytes, start: bytes) -> None:
    try:
        paper = check_invoice(start + rest)
    except InvalidPaperError as trouble:
        assert str(trouble)
    else:
        assert paper.content
