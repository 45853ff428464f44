"""Small images and PDFs as buyers and attackers upload them."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def image_bytes(
    image_format: str = "JPEG", size: tuple[int, int] = (60, 40), color: str = "teal", **save_options: Any
) -> bytes:
    """Return an image of one colour."""
    buffer = BytesIO()
    Image.new("RGB", size, color).save(buffer, image_format, **save_options)
    return buffer.getvalue()


def image_with_metadata() -> bytes:
    """Return an image with camera, location and a comment in its metadata, rotated by 90 degrees."""
    exif = Image.Exif()
    exif[0x010F] = "Fictional Camera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return image_bytes(exif=exif, comment=b"taken at home")


def pdf_bytes(*objects: bytes, end: bytes = b"%%EOF\n") -> bytes:
    """Return a PDF with these objects after its catalogue."""
    body = b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate((b"<</Type/Catalog>>", *objects), 1)
    )
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\nstartxref\n0\n" + end


def pdf_stream(content: bytes, dictionary: bytes = b"/Filter/FlateDecode", is_compressed: bool = True) -> bytes:
    """Return a PDF stream object, compressed with Flate by default."""
    data = zlib.compress(content) if is_compressed else content
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(data), data)
