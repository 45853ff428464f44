"""Uploads are accepted as re-encoded images without metadata and PDFs without active content."""

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
    with pytest.raises(InvalidPaperError) as caught:
        check_invoice(content, name)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_image_is_stored_as_a_new_jpeg_whatever_its_name(kind: str) -> None:
    paper = check_invoice(image_bytes(kind), "Rechnung März.exe")

    assert (paper.media_type, paper.name) == ("image/jpeg", "Rechnung März.jpg")
    with Image.open(BytesIO(paper.content)) as image:
        assert (image.format, image.size) == ("JPEG", (60, 40))


def test_image_metadata_is_removed() -> None:
    uploaded = image_with_metadata()

    stored = check_invoice(uploaded).content

    assert b"Fictional Camera" in uploaded and b"taken at home" in uploaded
    assert b"Fictional Camera" not in stored and b"taken at home" not in stored
    with Image.open(BytesIO(stored)) as image:
        assert len(image.getexif()) == 0
        assert image.size == (40, 60), "rotated upright"


def test_data_after_an_image_is_removed() -> None:
    assert b"PK\x03\x04" not in check_invoice(image_bytes() + b"PK\x03\x04 a second file").content


def test_transparency_becomes_white() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")

    with Image.open(BytesIO(check_invoice(buffer.getvalue()).content)) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)


def test_large_image_is_scaled_down() -> None:
    with Image.open(BytesIO(check_invoice(image_bytes(size=(5000, 100))).content)) as image:
        assert image.size == (MAX_SIDE_PIXELS, 80)


@pytest.mark.parametrize("side", [6_000, 50_000])
def test_image_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big")

    assert "too many pixels" in rejection_message(start + image_bytes("PNG")[33:])


@pytest.mark.parametrize(
    ("content", "message"),
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
def test_file_type_is_detected_from_its_bytes(content: bytes, message: str, name: str) -> None:
    assert message in rejection_message(content, name)


def test_harmless_pdf_is_stored_unchanged() -> None:
    uploaded = pdf_bytes(
        pdf_stream(b"BT (Invoice 7) Tj ET"), pdf_stream(b"\xff\xd8 a scan", b"/Filter/DCTDecode", is_compressed=False)
    )

    assert check_invoice(uploaded, "../../etc/Invoice 7.PDF")[1:] == ("Invoice 7.pdf", "application/pdf", uploaded)


@pytest.mark.parametrize(
    ("uploaded", "message"),
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
def test_pdf_with_active_or_hidden_content_is_refused(uploaded: bytes, message: str) -> None:
    assert message in rejection_message(uploaded, "invoice.pdf")


def test_pdf_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.buyer_tasks.papers.MAX_DECOMPRESSED_BYTES", 1_000_000)

    assert "cannot be checked" in rejection_message(
        pdf_bytes(pdf_stream(bytes(3_000_000)), pdf_stream(bytes(3_000_000)))
    )


@given(
    st.binary(max_size=200), st.sampled_from([b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"])
)
def test_arbitrary_bytes_raise_no_other_error(rest: bytes, start: bytes) -> None:
    try:
        paper = check_invoice(start + rest)
    except InvalidPaperError as error:
        assert str(error)
    else:
        assert paper.content
