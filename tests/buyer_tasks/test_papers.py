"""What may be handed in: pictures without their past, and PDFs that do nothing."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.buyer_tasks.files import pdf, picture, stream, telling_picture
from tracking.buyer_tasks.papers import LONGEST_SIDE, MOST_BYTES, BadPaper, Checked, check
from tracking.models.texts import PaperKind

OBJECTS = b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"


def checked(content: bytes, name: str = "photo.jpg") -> Checked:
    return check(PaperKind.INVOICE, name, content)


def refusal(content: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(BadPaper) as trouble:
        checked(content, name)
    return str(trouble.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_a_new_jpeg_whatever_it_is_called(kind: str) -> None:
    paper = checked(picture(kind), "Rechnung März.exe")

    assert (paper.media_type, paper.name) == ("image/jpeg", "Rechnung März.jpg")
    with Image.open(BytesIO(paper.content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (60, 40))


def test_a_picture_forgets_where_and_by_whom_it_was_taken() -> None:
    sent = telling_picture()

    kept = checked(sent).content

    assert b"Fictional Camera" in sent and b"taken at home" in sent
    assert b"Fictional Camera" not in kept and b"taken at home" not in kept
    with Image.open(BytesIO(kept)) as found:
        assert len(found.getexif()) == 0
        assert found.size == (40, 60), "turned as it was held"


def test_what_hangs_behind_a_picture_is_not_kept() -> None:
    assert b"PK\x03\x04" not in checked(picture() + b"PK\x03\x04 a second file").content


def test_glass_becomes_white_paper() -> None:
    out = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")

    with Image.open(BytesIO(checked(out.getvalue()).content)) as kept:
        assert kept.getpixel((4, 4)) == (255, 255, 255)


def test_a_large_picture_is_made_smaller() -> None:
    with Image.open(BytesIO(checked(picture(size=(5000, 100))).content)) as kept:
        assert kept.size == (LONGEST_SIDE, 80)


@pytest.mark.parametrize("side", [6_000, 50_000])
def test_a_bomb_of_a_picture_is_refused_before_it_is_unpacked(side: int) -> None:
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big")

    assert "too many pixels" in refusal(start + picture("PNG")[33:])


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
        (picture(size=(400, 400))[:700], "damaged"),
        (picture("PNG")[:60], "damaged"),
        (bytes(MOST_BYTES + 1), "larger than 10 MB"),
    ],
    ids=["empty", "exe", "html", "gif", "svg", "heic", "html in a jpeg", "cut jpeg", "cut png", "11 MB"],
)
@pytest.mark.parametrize("name", ["paper.pdf", "paper.jpg"])
def test_a_file_is_what_its_bytes_say(content: bytes, words: str, name: str) -> None:
    assert words in refusal(content, name)


def test_a_plain_pdf_is_kept_as_it_is() -> None:
    sent = pdf(stream(b"BT (Invoice 7) Tj ET"), stream(b"\xff\xd8 a scan", b"/Filter/DCTDecode", packed=False))

    assert checked(sent, "../../etc/Invoice 7.PDF")[1:] == ("Invoice 7.pdf", "application/pdf", sent)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"), "program or other files"),
        (pdf(b"<</S/#4Aava#53cript/JS 3 0 R>>"), "program or other files"),
        (pdf(b"<</S/Launch/F(calc.exe)>>"), "program or other files"),
        (pdf(b"<</Names<</EmbeddedFiles 3 0 R>>>>"), "program or other files"),
        (pdf(stream(b"7 0 <</S/JavaScript/JS(x)>>", OBJECTS)), "program or other files"),
        (pdf(stream(b"x" * 2_000_000 + b"<</S/JavaScript/JS(x)>>", OBJECTS)), "program or other files"),
        (pdf(stream(b"7 0 <<>>", b"/Type/ObjStm/Filter/LZWDecode", packed=False)), "cannot be checked"),
        (pdf(stream(b"7 0 <<>>", b"/Type/ObjStm/Filter[/ASCIIHexDecode/FlateDecode]")), "cannot be checked"),
        (pdf(b"<</Encrypt 4 0 R>>"), "locked"),
        (pdf(end=b"%%EOF\nPK\x03\x04 a second file"), "hangs at its end"),
        (pdf(end=b""), "damaged"),
    ],
    ids=["script", "spelled script", "launch", "files", "packed", "deep", "lzw", "twice", "locked", "polyglot", "cut"],
)
def test_a_pdf_that_acts_or_hides_something_is_refused(sent: bytes, words: str) -> None:
    assert words in refusal(sent, "invoice.pdf")


def test_a_bomb_of_a_pdf_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.buyer_tasks.papers.MOST_UNPACKED", 1_000_000)

    assert "cannot be checked" in refusal(pdf(stream(bytes(3_000_000)), stream(bytes(3_000_000))))


@given(
    st.binary(max_size=200), st.sampled_from([b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"])
)
def test_no_bytes_break_the_reading(rest: bytes, start: bytes) -> None:
    try:
        paper = checked(start + rest)
    except BadPaper as trouble:
        assert str(trouble)
    else:
        assert paper.content
