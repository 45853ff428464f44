"""Check uploads before they are stored: images are re-encoded, PDFs must have no active content.

The type is detected from the bytes; file names and declared types prove nothing. An image is decoded within limits and
re-encoded as JPEG from its pixels alone, so that no location data and no appended file survives.
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
"""A JPEG can be decoded at reduced size; the other formats need four bytes of memory per pixel."""
MAX_SIDE_PIXELS: Final = 4000
JPEG_QUALITY: Final = 90
PDF_MEDIA_TYPE: Final = "application/pdf"
JPEG_MEDIA_TYPE: Final = "image/jpeg"
IMAGE_SIGNATURES: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")

ACTIVE_CONTENT_PATTERN: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE)(?![A-Za-z0-9])"
)
"""PDF names that run code, send data, or embed another file (ISO 32000-1, 12.6.4 and 7.11.4)."""
ESCAPED_CHARACTER_PATTERN: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM_START_PATTERN: Final = re.compile(rb"stream\r?\n")
STREAM_DICTIONARY_BYTES: Final = 4096
MAX_DECOMPRESSED_BYTES: Final = 160 * 1024 * 1024


class InvalidPaperError(Exception):
    """The file cannot be accepted; the message tells the buyer why, in the active language."""


class CheckedPaper(NamedTuple):
    """An upload that passed the checks; `content` is what may be stored."""

    kind: PaperKind
    name: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def check_paper(kind: PaperKind, name: str, content: bytes) -> CheckedPaper:
    """Return the upload in a form that is safe to store; raise `InvalidPaperError`."""
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
    """Return the message for a file above the size limit."""
    return _("This file is larger than 10 MB. A photo taken with less detail, or fewer pages, will do.")


def too_many_files_message() -> str:
    """Return the message for an upload of too many files."""
    return _("At most 5 files can be sent at once.")


def detect_image_format(content: bytes) -> str:
    """Return Pillow's name of an image format by its first bytes; raise `InvalidPaperError` for any other file."""
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        raise InvalidPaperError(
            _("Photos in the format HEIC cannot be read here. Take the photo as JPEG, or make a screenshot of it.")
        )
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    image_format = next((name for start, name in IMAGE_SIGNATURES.items() if content.startswith(start)), "")
    if not image_format:
        raise InvalidPaperError(_("This is neither a photo (JPEG, PNG, WebP) nor a PDF."))
    return image_format


def reencode_image(content: bytes, image_format: str) -> bytes:
    """Return an image as a new JPEG of its pixels alone, rotated upright, at most 4000 pixels on its longer side."""
    try:
        with Image.open(BytesIO(content), formats=[image_format]) as image:
            # The header is enough here: an image that decompresses to gigabytes is rejected before it is decoded.
            if image.width * image.height > MAX_PIXELS_BY_FORMAT[image_format]:
                raise InvalidPaperError(too_many_pixels_message())
            image.draft("RGB", (MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
            image.load()
            return encode_jpeg(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise InvalidPaperError(too_many_pixels_message()) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InvalidPaperError(
            _("This picture is damaged or was not sent to its end. Please send it again.")
        ) from error


def too_many_pixels_message() -> str:
    """Return the message for an image with too many pixels."""
    return _("This picture has too many pixels. A photo taken with less detail will do.")


def encode_jpeg(image: Image.Image) -> bytes:
    """Return the pixels of an image on a white background, as JPEG without metadata."""
    image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
    pixels = image.convert("RGBA")
    background = Image.new("RGB", pixels.size, "white")
    background.paste(pixels, mask=pixels.getchannel("A"))
    buffer = BytesIO()
    background.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def check_pdf(content: bytes) -> None:
    """Raise `InvalidPaperError` for a PDF with active content, embedded files, a password, or data after its end."""
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
    """Decode characters that are written as #4A, say, in names (ISO 32000-1, 7.3.5): they would hide /JavaScript."""
    return ESCAPED_CHARACTER_PATTERN.sub(lambda match: bytes([int(match[1], 16)]), content)


def decompress_streams(content: bytes) -> Iterator[bytes]:
    """Yield the content of each compressed stream.

    Raise `InvalidPaperError` for a decompression bomb, and for objects in a stream that cannot be read.
    """
    remaining = MAX_DECOMPRESSED_BYTES
    for match in STREAM_START_PATTERN.finditer(content):
        preceding = content[max(0, match.start() - STREAM_DICTIONARY_BYTES) : match.start()]
        dictionary = decode_pdf_names(preceding).rpartition(b"endobj")[2]
        end = content.find(b"endstream", match.end())
        compressed = content[match.end() : end if end >= 0 else None]
        part = decompress_stream(compressed, b"/ObjStm" in dictionary, dictionary, remaining)
        remaining -= len(part)
        yield part


def decompress_stream(compressed: bytes, has_objects: bool, dictionary: bytes, max_bytes: int) -> bytes:
    """Return the content of a stream; b'' if it is not Flate-compressed and holds no objects, a scan for example."""
    decompressor = zlib.decompressobj()
    try:
        part = decompressor.decompress(compressed, max_bytes + 1)
    except zlib.error as error:
        if has_objects and b"/Filter" in dictionary:
            raise InvalidPaperError(unreadable_pdf_message()) from error
        return b""
    # A second filter ("Decode" twice) would hide the objects from the search for active content.
    if len(part) > max_bytes or (has_objects and (not decompressor.eof or dictionary.count(b"Decode") > 1)):
        raise InvalidPaperError(unreadable_pdf_message())
    return part


def unreadable_pdf_message() -> str:
    """Return the message for a PDF whose compressed objects cannot be checked."""
    return _("This PDF is packed in a way that cannot be checked. Please print it as a new PDF, or send a photo.")


def display_name(name: str, suffix: str) -> str:
    """Return a file name that is safe to display: no folders, printable, with the suffix of the stored format."""
    stem = PurePath(name.replace("\\", "/")).stem
    clean = re.sub(r"[^\w .()-]+", "", stem).strip(" .") or "paper"
    return clean[: 120 - len(suffix)] + suffix
