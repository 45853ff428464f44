"""Small files as buyers and attackers send them."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def image_bytes(
    image_format: str = "JPEG", size: tuple[int, int] = (60, 40), color: str = "teal", **save_options: Any
) -> bytes:
    """Return a picture of one colour."""
    out = BytesIO()
    Image.new("RGB", size, color).save(out, image_format, **save_options)
    return out.getvalue()


def image_with_metadata() -> bytes:
    """Return a picture that tells who took it and that it lies on its side."""
    exif = Image.Exif()
    exif[0x010F] = "Fictional Camera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return image_bytes(exif=exif, comment=b"taken at home")


def pdf_bytes(*objects: bytes, end: bytes = b"%%EOF\n") -> bytes:
    """Return a PDF that holds these objects."""
    body = b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (at, part) for at, part in enumerate((b"<</Type/Catalog>>", *objects), 1)
    )
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\nstartxref\n0\n" + end


def pdf_stream(content: bytes, dictionary: bytes = b"/Filter/FlateDecode", is_compressed: bool = True) -> bytes:
    """Return a stream object."""
    held = zlib.compress(content) if is_compressed else content
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(held), held)
