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

MOST_FILES: Final = 5
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = {"JPEG": 120_000_000, "PNG": 30_000_000, "WEBP": 30_000_000}
"""A JPEG can be decoded small; the others need four bytes of memory for each pixel."""
LONGEST_SIDE: Final = 4000
QUALITY: Final = 90
PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PICTURES: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
PHONE_PICTURES: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")

ACTS: Final = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE)(?![A-Za-z0-9])"
)
"""Names in a PDF that run something, send something, or carry another file (ISO 32000-1, 12.6.4 and 7.11.4)."""
ESCAPED: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM: Final = re.compile(rb"stream\r?\n")
BEFORE_A_STREAM: Final = 4096
MOST_UNPACKED: Final = 160 * 1024 * 1024


class BadPaper(Exception):
    """A file that cannot be taken; the message says why, in the buyer's language."""


class Checked(NamedTuple):
    """A paper that may be kept."""

    kind: PaperKind
    name: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of what is kept."""
        return hashlib.sha256(self.content).hexdigest()


def check(kind: PaperKind, name: str, content: bytes) -> Checked:
    """Return the paper as it may be kept, or raise `BadPaper`."""
    if not content:
        raise BadPaper(_("This file is empty."))
    if len(content) > MOST_BYTES:
        raise BadPaper(too_large())
    if content.startswith(b"%PDF-"):
        check_pdf(content)
        return Checked(kind, shown_name(name, ".pdf"), PDF, content)
    return Checked(kind, shown_name(name, ".jpg"), JPEG, painted_anew(content, picture_type(content)))


def too_large() -> str:
    """Say that a file is larger than may be."""
    return _("This file is larger than 10 MB. A photo taken with less detail, or fewer pages, will do.")


def too_many() -> str:
    """Say that there are more files than may be."""
    return _("At most 5 files can be sent at once.")


def picture_type(content: bytes) -> str:
    """Return Pillow's name of a picture's type by its first bytes; raise `BadPaper` for any other file."""
    if content[4:8] == b"ftyp" and content[8:12] in PHONE_PICTURES:
        raise BadPaper(
            _("Photos in the format HEIC cannot be read here. Take the photo as JPEG, or make a screenshot of it.")
        )
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    found = next((name for start, name in PICTURES.items() if content.startswith(start)), "")
    if not found:
        raise BadPaper(_("This is neither a photo (JPEG, PNG, WebP) nor a PDF."))
    return found


def painted_anew(content: bytes, kind: str) -> bytes:
    """Return a picture as a new JPEG of its pixels alone, upright and at most 4000 pixels long."""
    try:
        with Image.open(BytesIO(content), formats=[kind]) as found:
            if found.width * found.height > MOST_PIXELS[kind]:
                raise BadPaper(too_detailed())
            found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            found.load()
            return as_jpeg(ImageOps.exif_transpose(found))
    except Image.DecompressionBombError as trouble:
        raise BadPaper(too_detailed()) from trouble
    except (OSError, ValueError, SyntaxError, EOFError) as trouble:
        raise BadPaper(_("This picture is damaged or was not sent to its end. Please send it again.")) from trouble


def too_detailed() -> str:
    """Say that a picture has more pixels than may be."""
    return _("This picture has too many pixels. A photo taken with less detail will do.")


def as_jpeg(picture: Image.Image) -> bytes:
    """Return the pixels of a picture on white paper, as JPEG without anything beside them."""
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    pixels = picture.convert("RGBA")
    paper = Image.new("RGB", pixels.size, "white")
    paper.paste(pixels, mask=pixels.getchannel("A"))
    out = BytesIO()
    paper.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def check_pdf(content: bytes) -> None:
    """Raise `BadPaper` for a PDF that acts, carries files, is locked, or holds something behind its end."""
    _before, end, after = content.rpartition(b"%%EOF")
    if not end or after.strip(b"\r\n\t \0"):
        raise BadPaper(_("This PDF is damaged, or something else hangs at its end. Please print it as a new PDF."))
    plain = names_in_clear(content)
    if b"/Encrypt" in plain:
        raise BadPaper(_("This PDF is locked with a password. Please send it without one."))
    if ACTS.search(plain) or any(ACTS.search(names_in_clear(part)) for part in unpacked(content)):
        raise BadPaper(_("This PDF holds a program or other files. Please print it as a new PDF, or send a photo."))


def names_in_clear(content: bytes) -> bytes:
    """Undo the spelling of a name's letters as #4A (ISO 32000-1, 7.3.5)."""
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield what lies in each packed stream; raise `BadPaper` for a bomb, or for objects that cannot be looked into."""
    left = MOST_UNPACKED
    for found in STREAM.finditer(content):
        about = names_in_clear(content[max(0, found.start() - BEFORE_A_STREAM) : found.start()]).rpartition(b"endobj")[
            2
        ]
        end = content.find(b"endstream", found.end())
        part = inflated(content[found.end() : end if end >= 0 else None], b"/ObjStm" in about, about, left)
        left -= len(part)
        yield part


def inflated(packed: bytes, objects: bool, about: bytes, most: int) -> bytes:
    """Return what a stream holds; b'' for one that is not packed with Flate and holds no objects."""
    unpacker = zlib.decompressobj()
    try:
        part = unpacker.decompress(packed, most + 1)
    except zlib.error as trouble:
        if objects and b"/Filter" in about:
            raise BadPaper(unreadable()) from trouble
        return b""
    if len(part) > most or (objects and (not unpacker.eof or about.count(b"Decode") > 1)):
        raise BadPaper(unreadable())
    return part


def unreadable() -> str:
    """Say that a PDF is packed so that nobody can look into it."""
    return _("This PDF is packed in a way that cannot be checked. Please print it as a new PDF, or send a photo.")


def shown_name(name: str, suffix: str) -> str:
    """Return a file's name for people: its last part, printable, with the ending of what is kept."""
    stem = PurePath(name.replace("\\", "/")).stem
    clean = re.sub(r"[^\w .()-]+", "", stem).strip(" .") or "paper"
    return clean[: 120 - len(suffix)] + suffix
