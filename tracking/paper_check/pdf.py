"""Rewrite PDFs without anything that runs, plays, sends, opens or contains something else; pages look the same.

qpdf decodes names, encryption and object streams, so that it does not matter how active content was written. Every
object of the file is visited once, whether it is referenced or not. Sources: ISO 32000-1, 7.3.8.2 (external streams),
7.11 (file specifications), 8.10.4 (reference XObjects), 12.5.6 (annotations), 12.6 (actions), 13 (multimedia).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pikepdf

from tracking.paper_check.formats import CheckRefusal, PaperRefusedError

MAX_OBJECTS: Final = 200_000
"""Objects of the file, and dictionaries, arrays and streams inside them."""
MAX_DECOMPRESSED_BYTES: Final = 400 * 1024 * 1024
MAX_IMAGE_PIXELS: Final = 120_000_000
INFLATE_STEP_BYTES: Final = 16 * 1024 * 1024

SAFE_ACTIONS: Final = {"/GoTo"}
ACTIVE_ACTIONS: Final = {
    *("/JavaScript", "/Launch", "/GoToR", "/GoToE", "/GoToDp", "/SubmitForm", "/ImportData", "/ResetForm"),
    *("/Rendition", "/Sound", "/Movie", "/RichMediaExecute", "/GoTo3DView", "/Thread", "/URI", "/Named", "/Hide"),
}
ACTIVE_TYPES: Final = {"/Filespec", "/EmbeddedFile", "/Rendition", "/MediaClip", "/MediaPlayers", "/RichMediaContent"}
ACTIVE_KEYS: Final = {
    *("/AA", "/OpenAction", "/PA", "/JS", "/JavaScript", "/OnInstantiate", "/XFA", "/URI", "/Requirements"),
    *("/EmbeddedFiles", "/EF", "/RF", "/AF", "/Collection", "/PieceInfo", "/OPI"),
    *("/Renditions", "/AlternatePresentations", "/RichMediaContent", "/RichMediaSettings"),
}
EXTERNAL_STREAM_KEYS: Final = {"/F", "/FFilter", "/FDecodeParms", "/Ref"}
"""Keys of a stream whose data, or whose appearance, is in another file."""
ENCODING_KEYS: Final = {"/Length", "/Filter", "/DecodeParms"}
ACTIVE_ANNOTATIONS: Final = {"/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/FileAttachment", "/Projection"}
APPEARANCE_KEYS: Final = {"/Type", "/Subtype", "/Rect", "/AP", "/AS", "/F", "/P", "/BS", "/Border", "/C"}
TRAILER_KEYS: Final = {"/Root", "/Info", "/ID", "/Size"}


def normalize_pdf(content: bytes) -> bytes:
    """Return a PDF rewritten without active content and without encryption; raise `PaperRefusedError`."""
    output = BytesIO()
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            page_count = len(pdf.pages)
            if not page_count:
                raise PaperRefusedError(CheckRefusal.DAMAGED_PDF)
            remove_active_content(pdf)
            pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate, fix_metadata_version=False)
        # Pages that were actions or files at the same time are gone: the shop must not get a file that nobody can open.
        with pikepdf.open(output, attempt_recovery=False) as rewritten:
            if len(rewritten.pages) != page_count:
                raise PaperRefusedError(CheckRefusal.DAMAGED_PDF)
    except pikepdf.PasswordError as error:
        raise PaperRefusedError(CheckRefusal.LOCKED_PDF) from error
    except pikepdf.PdfError as error:
        # A lock that needs a certificate instead of a password is an error of its own kind.
        is_locked = b"/Encrypt" in content
        raise PaperRefusedError(CheckRefusal.LOCKED_PDF if is_locked else CheckRefusal.DAMAGED_PDF) from error
    return output.getvalue()


def remove_active_content(pdf: pikepdf.Pdf) -> None:
    """Remove active content from every object; raise `PaperRefusedError` for too many objects or too much data."""
    for key in set(pdf.trailer.keys()) - TRAILER_KEYS:
        del pdf.trailer[key]
    # qpdf writes no size into the new file, which then has no valid end, if a repaired file has none.
    pdf.trailer["/Size"] = 1
    objects = pdf.objects
    if len(objects) > MAX_OBJECTS:
        raise PaperRefusedError(CheckRefusal.UNCHECKABLE_PDF)
    visited, decompressed_bytes = 0, 0
    for indirect in objects:
        for container in containers_in(indirect):
            visited += 1
            if isinstance(container, pikepdf.Stream):
                decompressed_bytes += decompressed_size(container, MAX_DECOMPRESSED_BYTES - decompressed_bytes)
            if visited > MAX_OBJECTS or decompressed_bytes > MAX_DECOMPRESSED_BYTES or is_huge_image(container):
                raise PaperRefusedError(CheckRefusal.UNCHECKABLE_PDF)
            if not isinstance(container, pikepdf.Array):
                clean_dictionary(container)


def containers_in(indirect: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Yield an indirect object and the dictionaries and arrays directly in it, after the caller has changed each."""
    stack = [indirect]
    while stack:
        container = stack.pop()
        if isinstance(container, pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream):
            yield container
            keys = range(len(container)) if isinstance(container, pikepdf.Array) else container.keys()
            children = [container[key] for key in keys]
            # What is referenced is visited as an object of its own: following references would visit it many times.
            stack += [child for child in children if isinstance(child, pikepdf.Object) and not child.is_indirect]


def clean_dictionary(container: pikepdf.Object) -> None:
    """Remove what is active from a dictionary, or from the dictionary of a stream."""
    is_stream = isinstance(container, pikepdf.Stream)
    keys = set(container.keys())
    if is_active(container):
        if is_stream:
            container.write(b"")
        removed = set(container.keys()) - ENCODING_KEYS
    elif name_at(container, "/Subtype") in ACTIVE_ANNOTATIONS and not is_stream:
        # A stamp shows the same appearance and does nothing.
        container["/Subtype"] = pikepdf.Name.Stamp
        removed = keys - APPEARANCE_KEYS
    else:
        removed = keys & (ACTIVE_KEYS | EXTERNAL_STREAM_KEYS if is_stream else ACTIVE_KEYS)
        if has_unsafe_action(container):
            removed = removed | {"/A"}
    for key in removed:
        del container[key]


def is_active(container: pikepdf.Object) -> bool:
    """Return whether a dictionary or stream as a whole is an action, a file, a medium or a PostScript program."""
    action = name_at(container, "/S")
    return (
        action in ACTIVE_ACTIONS
        or (name_at(container, "/Type") == "/Action" and action not in SAFE_ACTIONS)
        or name_at(container, "/Type") in ACTIVE_TYPES
        or "/PS" in (name_at(container, "/Subtype"), name_at(container, "/Subtype2"))
    )


def has_unsafe_action(container: pikepdf.Object) -> bool:
    """Return whether a link, bookmark or field has an action other than going to a page of the same file."""
    action = container.get("/A")
    return isinstance(action, pikepdf.Dictionary) and "/S" in action and name_at(action, "/S") not in SAFE_ACTIONS


def name_at(container: pikepdf.Object, key: str) -> str:
    """Return the name at a key with its slash, or "" if there is none."""
    value = container.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


def is_huge_image(container: pikepdf.Object) -> bool:
    """Return whether an image declares more pixels than a viewer should have to decode."""
    if name_at(container, "/Subtype") != "/Image":
        return False
    width, height = container.get("/Width"), container.get("/Height")
    return isinstance(width, int) and isinstance(height, int) and width * height > MAX_IMAGE_PIXELS


def decompressed_size(stream: pikepdf.Object, limit: int) -> int:
    """Return the size of a stream's data in bytes, or any size above `limit`; 0 for what only a viewer decodes."""
    try:
        if name_at(stream, "/Filter") != "/FlateDecode":
            return len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
        return inflated_size(stream.read_raw_bytes(), limit)
    except (pikepdf.PdfError, zlib.error):
        return 0


def inflated_size(compressed: bytes, limit: int) -> int:
    """Return the decompressed size of Flate data, or any size above `limit`, in steps that fit into memory."""
    decompressor, size = zlib.decompressobj(), 0
    while compressed and size <= limit:
        size += len(decompressor.decompress(compressed, INFLATE_STEP_BYTES))
        compressed = decompressor.unconsumed_tail
    return size
