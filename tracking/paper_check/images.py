"""Re-encode images from their pixels alone, so that no metadata and no appended file survives.

Papers become JPEG, pictures that a shop shows become small squares of WebP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image, ImageOps

from tracking.paper_check.formats import CheckRefusal, PaperRefusedError

MAX_PIXELS_BY_FORMAT: Final = {"JPEG": 120_000_000, "PNG": 30_000_000, "WEBP": 16_000_000}
"""A JPEG can be decoded at reduced size. A PNG needs four bytes of memory per pixel, a WebP four times as many."""
MAX_SIDE_PIXELS: Final = 4096
JPEG_QUALITY: Final = 90
STRIP_ROWS: Final = 64
WEBP_QUALITY: Final = 84


def reencode_image(content: bytes, image_format: str) -> bytes:
    """Return an image as a new JPEG, rotated upright, at most 4096 pixels on its longer side.

    A larger image is divided by a whole number, as small as its decoder can. Raise `PaperRefusedError`.
    """
    with open_image(content, image_format) as image:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        factor = reduction_factor(image)
        image.draft("RGB", (image.width // factor, image.height // factor))
        return encode_jpeg(flatten_and_reduce(image, reduction_factor(image)), orientation)


def shrink_image(content: bytes, image_format: str, side_pixels: int) -> bytes:
    """Return an image as a square WebP, rotated upright, whole and centred on a transparent ground.

    Raise `PaperRefusedError`.
    """
    with open_image(content, image_format) as image:
        # Twice the size: a decoder that is asked for less blurs what is then scaled once more.
        image.draft("RGB", (2 * side_pixels, 2 * side_pixels))
        upright = ImageOps.exif_transpose(image).convert("RGBA")
        fitted = ImageOps.contain(upright, (side_pixels, side_pixels), Image.Resampling.LANCZOS)
        square = Image.new("RGBA", (side_pixels, side_pixels), (0, 0, 0, 0))
        square.paste(fitted, ((side_pixels - fitted.width) // 2, (side_pixels - fitted.height) // 2))
        buffer = BytesIO()
        square.save(buffer, "WEBP", quality=WEBP_QUALITY, method=6)
        return buffer.getvalue()


@contextmanager
def open_image(content: bytes, image_format: str) -> Iterator[Image.Image]:
    """Open an image of a known format; errors in its header and in the block become `PaperRefusedError`."""
    try:
        with Image.open(BytesIO(content), formats=[image_format]) as image:
            # The header is enough here: an image that decompresses to gigabytes is rejected before it is decoded.
            if image.width * image.height > MAX_PIXELS_BY_FORMAT[image_format]:
                raise PaperRefusedError(CheckRefusal.TOO_MANY_PIXELS)
            yield image
    except Image.DecompressionBombError as error:
        raise PaperRefusedError(CheckRefusal.TOO_MANY_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise PaperRefusedError(CheckRefusal.DAMAGED_IMAGE) from error


def reduction_factor(image: Image.Image) -> int:
    """Return the smallest whole number that divides the longer side down to `MAX_SIDE_PIXELS`."""
    return -(-max(image.size) // MAX_SIDE_PIXELS)


def flatten_and_reduce(image: Image.Image, factor: int) -> Image.Image:
    """Return the image on a white background, divided by `factor`; works in strips, so that memory holds it once."""
    reduced = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)), "white")
    rows = STRIP_ROWS * factor
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height))).convert("RGBA")
        background = Image.new("RGB", strip.size, "white")
        background.paste(strip, mask=strip.getchannel("A"))
        reduced.paste(background.reduce(factor), (0, top // factor))
    return reduced


def encode_jpeg(image: Image.Image, orientation: int) -> bytes:
    """Return the image as JPEG without metadata, rotated as the EXIF `orientation` (1 to 8) says."""
    image.getexif()[ExifTags.Base.Orientation] = orientation
    ImageOps.exif_transpose(image, in_place=True)
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
