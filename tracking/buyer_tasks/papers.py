"""What an upload must be before it is kept: a picture, painted anew, or a PDF without anything that acts.

The type is read from the bytes; names and declared types prove nothing. A picture is decoded within limits and written
again as JPEG from its pixels alone, so that neither a place nor a second file travels in it.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePath
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from tracking.models.texts import PaperKind

MAX_FILES: Final = 5
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
MAX_PIXELS_BY_FORMAT: Final = {"JPEG": 120_000_000, "PNG": 30_000_000, "WEBP": 30_000_000}
"""A JPEG can be decoded small; the others need four bytes of memory for each pixel."""
MAX_SIDE_PIXELS: Final = 4000
JPEG_QUALITY: Final = 90
PDF_MEDIA_TYPE: Final = "application/pdf"
JPEG_MEDIA_TYPE: Final = "image/jpeg"
IMAGE_SIGNATURES: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")

ACTIVE_CONTENT_PATTERN: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE)(?![A-Za-z0-9])"
)
"""Names in a PDF that run something, send something, or carry another file (ISO 32000-1, 12.6.4 and 7.11.4)."""
ESCAPED_CHARACTER_PATTERN: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM_START_PATTERN: Final = re.compile(rb"stream\r?\n")
STREAM_DICTIONARY_BYTES: Final = 4096
MAX_DECOMPRESSED_BYTES: Final = 160 * 1024 * 1024


class InvalidPaperError(Exception):
    """A file that cannot be taken; the message says why, in the buyer's language."""


class CheckedPaper(NamedTuple):
    """A paper that may be kept."""

    kind: PaperKind
    name: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what is kept."""
        return hashlib.sha256(self.content).hexdigest()


def check_paper(kind: PaperKind, name: str, content: bytes) -> CheckedPaper:
    """Return the paper as it may be kept, or raise `BadPaper`."""
    if not content:
        raise InvalidPaperError(_("This file is empty."))
    if len(content) > MAX_FILE_BYTES:
        raise InvalidPaperError(file_too_large_message())
    if content.startswith(b"%PDF-"):
        check_pdf(content)
        return CheckedPaper(kind, display_name(name, ".pdf"), PDF_MEDIA_TYPE, content)
    return CheckedPaper(
        kind, display_name(name, ".jpg"), JPEG_MEDIA_TYPE, reencode_image(content, detect_image_format(content))
    )


def file_too_large_message() -> str:
    """Say that a file is larger than may be."""
    return _("This file is larger than 10 MB. A photo taken with less detail, or fewer pages, will do.")


def too_many_files_message() -> str:
    """Say that there are more files than may be."""
    return _("At most 5 files can be sent at once.")


def detect_image_format(content: bytes) -> str:
    """Return Pillow's name of a picture's type by its first bytes; raise `BadPaper` for any other file."""
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        raise InvalidPaperError(
            _("Photos in the format HEIC cannot be read here. Take the photo as JPEG, or make a screenshot of it.")
        )
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    found = next((name for start, name in IMAGE_SIGNATURES.items() if content.startswith(start)), "")
    if not found:
        raise InvalidPaperError(_("This is neither a photo (JPEG, PNG, WebP) nor a PDF."))
    return found


def reencode_image(content: bytes, image_format: str) -> bytes:
    """Return a picture as a new JPEG of its pixels alone, upright and at most 4000 pixels long."""
    try:
        with Image.open(BytesIO(content), formats=[image_format]) as found:
            if found.width * found.height > MAX_PIXELS_BY_FORMAT[image_format]:
                raise InvalidPaperError(too_many_pixels_message())
            found.draft("RGB", (MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
            found.load()
            return encode_jpeg(ImageOps.exif_transpose(found))
    except Image.DecompressionBombError as trouble:
        raise InvalidPaperError(too_many_pixels_message()) from trouble
    except (OSError, ValueError, SyntaxError, EOFError) as trouble:
        raise InvalidPaperError(
            _("This picture is damaged or was not sent to its end. Please send it again.")
        ) from trouble


def too_many_pixels_message() -> str:
    """Say that a picture has more pixels than may be."""
    return _("This picture has too many pixels. A photo taken with less detail will do.")


def encode_jpeg(image: Image.Image) -> bytes:
    """Return the pixels of a picture on white paper, as JPEG without anything beside them."""
    image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    pixels = image.convert("RGBA")
    paper = Image.new("RGB", pixels.size, "white")
    paper.paste(pixels, mask=pixels.getchannel("A"))
    out = BytesIO()
    paper.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def check_pdf(content: bytes) -> None:
    """Raise `BadPaper` for a PDF that acts, carries files, is locked, or holds something behind its end."""
    _before, end, after = content.rpartition(b"%%EOF")
    if not end or after.strip(b"\r\n\t \0"):
        raise InvalidPaperError(
            _("This PDF is damaged, or something else hangs at its end. Please print it as a new PDF.")
        )
    plain = decode_pdf_names(content)
    if b"/Encrypt" in plain:
        raise InvalidPaperError(_("This PDF is locked with a password. Please send it without one."))
    if ACTIVE_CONTENT_PATTERN.search(plain) or any(
        ACTIVE_CONTENT_PATTERN.search(decode_pdf_names(part)) for part in decompress_streams(content)
    ):
        raise InvalidPaperError(
            _("This PDF holds a program or other files. Please print it as a new PDF, or send a photo.")
        )


def decode_pdf_names(content: bytes) -> bytes:
    """Undo the spelling of a name's letters as #4A (ISO 32000-1, 7.3.5)."""
    return ESCAPED_CHARACTER_PATTERN.sub(lambda found: bytes([int(found[1], 16)]), content)


def decompress_streams(content: bytes) -> Iterator[bytes]:
    """Yield what lies in each packed stream; raise `BadPaper` for a bomb, or for objects that cannot be looked into."""
    left = MAX_DECOMPRESSED_BYTES
    for found in STREAM_START_PATTERN.finditer(content):
        about = decode_pdf_names(content[max(0, found.start() - STREAM_DICTIONARY_BYTES) : found.start()]).rpartition(
            b"endobj"
        )[2]
        end = content.find(b"endstream", found.end())
        part = decompress_stream(content[found.end() : end if end >= 0 else None], b"/ObjStm" in about, about, left)
        left -= len(part)
        yield part


def decompress_stream(compressed: bytes, has_objects: bool, dictionary: bytes, max_bytes: int) -> bytes:
    """Return what a stream holds; b'' for one that is not packed with Flate and holds no objects."""
    unpacker = zlib.decompressobj()
    try:
        part = unpacker.decompress(compressed, max_bytes + 1)
    except zlib.error as trouble:
        if has_objects and b"/Filter" in dictionary:
            raise InvalidPaperError(unreadable_pdf_message()) from trouble
        return b""
    if len(part) > max_bytes or (has_objects and (not unpacker.eof or dictionary.count(b"Decode") > 1)):
        raise InvalidPaperError(unreadable_pdf_message())
    return part


def unreadable_pdf_message() -> str:
    """Say that a PDF is packed so that nobody can look into it."""
    return _("This PDF is packed in a way that cannot be checked. Please print it as a new PDF, or send a photo.")


def display_name(name: str, suffix: str) -> str:
    """Return a file's name for people: its last part, printable, with the ending of what is kept."""
    stem = PurePath(name.replace("\\", "/")).stem
    clean = re.sub(r"[^\w .()-]+", "", stem).strip(" .") or "paper"
    return clean[: 120 - len(suffix)] + suffix
