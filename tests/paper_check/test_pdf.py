"""PDFs are rewritten without active content, however it was written; what pages show stays."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from tests.paper_check.hostile_pdfs import (
    HOSTILE_CONTENT,
    PAGE_TEXT,
    action,
    add_annotation,
    add_form,
    attached_file,
    hostile_pdf,
    new_pdf,
    saved,
    script,
    set_open_action,
    written_pdf,
)
from tests.paper_check.sample_files import image_bytes, pdf_stream
from tracking.paper_check import pdf as pdf_module
from tracking.paper_check.formats import CheckRefusal, PaperRefusedError
from tracking.paper_check.pdf import normalize_pdf

ACTIVE_NAMES = {
    *("/JavaScript", "/JS", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/URI", "/Sound", "/Movie"),
    *("/Thread", "/SelfDestruct", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/AF", "/Filespec", "/FileAttachment"),
    *("/FS", "/UF", "/Rendition", "/Renditions", "/Screen", "/MediaClip", "/RichMedia", "/RichMediaContent"),
    *("/RichMediaSettings", "/3D", "/3DD", "/OnInstantiate", "/XFA", "/AA", "/OpenAction", "/Collection", "/PS"),
    *("/Ref", "/FFilter", "/OPI"),
}
HIDDEN_DATA = (b"app.alert", b"calc.exe", b"192.0.2.1", b"a program", b"a film", b"x.pdf", b"x.fdf", b"%pipe%")


def reopen(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(content))


def names_in(value: object) -> Iterator[str]:
    """Yield all keys and names in an object, without following references."""
    if isinstance(value, pikepdf.Name):
        yield str(value)
    if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
        for key in value.keys():  # noqa: SIM118  # a stream iterates over nothing else
            yield f"stream {key}" if isinstance(value, pikepdf.Stream) else key
            yield from names_in(None if (child := value.get(key)) is None else direct(child))
    if isinstance(value, pikepdf.Array):
        for child in value:
            yield from names_in(direct(child))


def direct(value: object) -> object:
    return None if isinstance(value, pikepdf.Object) and value.is_indirect else value


def all_names(content: bytes) -> set[str]:
    with reopen(content) as pdf:
        return {name.removeprefix("stream ") for obj in [*pdf.objects, pdf.trailer] for name in names_in(obj)}


def all_data(content: bytes) -> bytes:
    """Return the file uncompressed, with the data of all streams."""
    with reopen(content) as pdf:
        return saved(
            pdf,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
        )


def assert_harmless(content: bytes) -> None:
    assert all_names(content) & ACTIVE_NAMES == set()
    assert [data for data in HIDDEN_DATA if data in all_data(content)] == []


def refusal_of(content: bytes) -> CheckRefusal:
    with pytest.raises(PaperRefusedError) as caught:
        normalize_pdf(content)
    return caught.value.refusal


@pytest.mark.parametrize("name", HOSTILE_CONTENT)
def test_active_content_is_removed_and_the_page_stays(name: str) -> None:
    uploaded = saved(hostile_pdf(name))
    assert all_names(uploaded) & ACTIVE_NAMES, "the sample is hostile"

    rewritten = normalize_pdf(uploaded)

    assert_harmless(rewritten)
    with reopen(rewritten) as pdf:
        assert len(pdf.pages) == 1
        pdf.pages[0].contents_coalesce()
        assert PAGE_TEXT in pdf.pages[0].Contents.read_bytes()
        assert pdf.pages[0].Resources.Font.F1.BaseFont == Name.Helvetica


@pytest.mark.parametrize("mode", [pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable])
@pytest.mark.parametrize("name", HOSTILE_CONTENT)
def test_active_content_in_an_encrypted_file_is_removed(name: str, mode: pikepdf.ObjectStreamMode) -> None:
    locked_for_changes = pikepdf.Encryption(user="", owner="secret")
    uploaded = saved(hostile_pdf(name), encryption=locked_for_changes, object_stream_mode=mode)

    rewritten = normalize_pdf(uploaded)

    assert_harmless(rewritten)
    with reopen(rewritten) as pdf:
        assert not pdf.is_encrypted


@pytest.mark.parametrize(
    ("root", "objects"),
    [
        (b"/OpenAction 4 0 R", [b"<</S/#4Aava#53cript/#4a#53(app.alert\\(1\\))>>"]),
        (b"/#4fpenAction<</S/L#61unch/F(calc.exe)>>", []),
        (b"/Names<</#45mbeddedFiles<</Names[(a)4 0 R]>>>>", [b"<</Type/F#69lespec/F(x.pdf)/#45#46<</F 5 0 R>>>>"]),
        (b"/Names 4 0 R", [b"<</Java#53cript 5 0 R>>", b"<</Kids[6 0 R]>>", b"<</Names[(a)<</S/JavaScript/JS(x)>>]>>"]),
    ],
    ids=["script", "launch", "embedded file", "name tree"],
)
def test_names_spelled_in_hexadecimal_are_recognized(root: bytes, objects: list[bytes]) -> None:
    assert_harmless(normalize_pdf(written_pdf(*objects, root=root)))


def test_active_content_that_nothing_refers_to_is_removed() -> None:
    rewritten = normalize_pdf(written_pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>", b"<</S/Launch/F(calc.exe)>>"))

    assert_harmless(rewritten)


def test_an_older_version_within_the_file_is_removed() -> None:
    older = written_pdf(b"<</S/Launch/F(calc.exe)>>", root=b"/OpenAction 4 0 R")
    update = b"4 0 obj\n(nothing)\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"

    assert_harmless(normalize_pdf(older + update))


def test_data_after_the_end_is_removed() -> None:
    assert b"PK\x03\x04" not in normalize_pdf(saved(new_pdf()) + b"PK\x03\x04 a second file")


def test_other_entries_of_the_trailer_are_removed() -> None:
    pdf = new_pdf()
    pdf.trailer.Extra = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))

    assert_harmless(normalize_pdf(saved(pdf)))


def test_a_harmless_pdf_keeps_pages_texts_pictures_and_jumps() -> None:
    pdf = new_pdf(page_count=3)
    photo = pdf.make_stream(image_bytes(size=(60, 40)), Type=Name.XObject, Subtype=Name.Image, Width=60, Height=40)
    photo.Filter, photo.ColorSpace, photo.BitsPerComponent = Name.DCTDecode, Name.DeviceRGB, 8
    pdf.pages[1].obj.Resources.XObject = Dictionary(Im0=photo)
    add_annotation(pdf, "Link", A=action("GoTo", D=Array([pdf.pages[2].obj, Name.Fit])))
    pdf.docinfo["/Title"] = "Invoice 7"

    with reopen(normalize_pdf(saved(pdf))) as rewritten:
        assert [list(page.mediabox) for page in rewritten.pages] == [[0, 0, 200, 100]] * 3
        assert all(PAGE_TEXT in page.Contents.read_bytes() for page in rewritten.pages)
        assert rewritten.pages[1].Resources.XObject.Im0.read_raw_bytes() == image_bytes(size=(60, 40))
        assert str(rewritten.pages[0].Annots[0].A.S) == "/GoTo"
        assert rewritten.docinfo["/Title"] == "Invoice 7"


@pytest.mark.parametrize("name", ["rich media", "rendition", "file annotation", "3D"])
def test_an_annotation_with_media_keeps_its_appearance(name: str) -> None:
    with reopen(normalize_pdf(saved(hostile_pdf(name)))) as pdf:
        annotation = pdf.pages[0].Annots[0]
        assert (annotation.Subtype, annotation.AP.N.read_bytes()) == (Name.Stamp, b"0 0 9 9 re f")


def test_a_form_keeps_what_was_filled_in() -> None:
    pdf = new_pdf()
    add_form(pdf)

    with reopen(normalize_pdf(saved(pdf))) as rewritten:
        assert str(rewritten.Root.AcroForm.Fields[0].V) == "7"


def test_a_pdf_without_its_end_is_repaired() -> None:
    uploaded = written_pdf()

    with reopen(normalize_pdf(uploaded[: uploaded.index(b"startxref")])) as pdf:
        assert len(pdf.pages) == 1


@pytest.mark.parametrize(
    ("uploaded", "refusal"),
    [
        (saved(new_pdf(), encryption=pikepdf.Encryption(user="open", owner="all")), CheckRefusal.LOCKED_PDF),
        (written_pdf().replace(b"trailer<<", b"trailer<</Encrypt<</Filter/Cert>>"), CheckRefusal.LOCKED_PDF),
        (b"%PDF-1.7\n", CheckRefusal.DAMAGED_PDF),
        (b"%PDF-1.7\n<html><script>", CheckRefusal.DAMAGED_PDF),
        (written_pdf().replace(b"[3 0 R]/Count 1", b"[]/Count 0"), CheckRefusal.DAMAGED_PDF),
    ],
    ids=["password", "certificate", "empty", "html", "no pages"],
)
def test_a_pdf_that_is_locked_or_has_no_pages_is_refused(uploaded: bytes, refusal: CheckRefusal) -> None:
    assert refusal_of(uploaded) == refusal


@pytest.mark.parametrize(
    "uploaded",
    [
        written_pdf(root=b"/S/Launch/F(calc.exe)"),
        written_pdf().replace(b"/Type/Pages", b"/Type/Filespec"),
        written_pdf().replace(b"/Type/Pages", b"/S/JavaScript/JS(x)"),
    ],
    ids=["catalogue that launches", "page tree that is a file", "page tree that is a script"],
)
def test_a_pdf_whose_structure_is_active_itself_gives_a_valid_pdf_or_none(uploaded: bytes) -> None:
    try:
        rewritten = normalize_pdf(uploaded)
    except PaperRefusedError as error:
        assert error.refusal == CheckRefusal.DAMAGED_PDF
    else:
        assert_harmless(rewritten)
        with reopen(rewritten) as pdf:
            assert len(pdf.pages) == 1


def test_an_action_that_refers_to_itself_is_removed() -> None:
    pdf = new_pdf()
    link = pdf.make_indirect(script())
    link.Next = link
    pdf.Root.Extra = link

    assert_harmless(normalize_pdf(saved(pdf)))


def bomb(filters: bytes = b"/Filter/FlateDecode") -> bytes:
    return written_pdf(pdf_stream(bytes(3_000_000), filters), pdf_stream(bytes(3_000_000), filters))


@pytest.mark.parametrize("limit", [2_000_000, 5_000_000])
def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(pdf_module, "INFLATE_STEP_BYTES", 100_000)
    assert normalize_pdf(bomb())

    monkeypatch.setattr(pdf_module, "MAX_DECOMPRESSED_BYTES", limit)
    assert refusal_of(bomb()) == CheckRefusal.UNCHECKABLE_PDF


def test_a_bomb_in_another_encoding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    run_length = b"<</Filter/RunLengthDecode/Length 20001>>stream\n" + b"\x81 " * 10_000 + b"\x80\nendstream"
    assert normalize_pdf(written_pdf(run_length))

    monkeypatch.setattr(pdf_module, "MAX_DECOMPRESSED_BYTES", 1_000_000)
    assert refusal_of(written_pdf(run_length)) == CheckRefusal.UNCHECKABLE_PDF


def test_a_picture_with_too_many_pixels_is_refused() -> None:
    def scan(side: int) -> bytes:
        entries = b"/Subtype/Image/Width %d/Height %d/Filter/CCITTFaxDecode" % (side, side)
        return written_pdf(pdf_stream(b"x", entries, is_compressed=False))

    assert normalize_pdf(scan(9_000))
    assert refusal_of(scan(90_000)) == CheckRefusal.UNCHECKABLE_PDF


@pytest.mark.parametrize("content", [b"[" + b"<<>>" * 200 + b"]", b"<<>>"], ids=["in one array", "apart"])
def test_too_many_objects_are_refused(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    uploaded = written_pdf(*[content] * 150)
    assert normalize_pdf(uploaded)

    monkeypatch.setattr(pdf_module, "MAX_OBJECTS", 100)
    assert refusal_of(uploaded) == CheckRefusal.UNCHECKABLE_PDF


def test_a_sample_with_everything_at_once_is_cleaned() -> None:
    pdf = new_pdf()
    for add_content in HOSTILE_CONTENT.values():
        add_content(pdf)
    set_open_action(pdf)
    pdf.Root.Deep = Array([Array([Array([Dictionary(X=attached_file(pdf))])])])

    assert_harmless(normalize_pdf(saved(pdf)))
