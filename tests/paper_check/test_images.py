"""Images are re-encoded from their pixels alone, in bounded memory."""

from __future__ import annotations

import itertools
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests.paper_check.sample_files import image_bytes, image_with_metadata
from tracking.paper_check.formats import CheckRefusal, PaperRefusedError, detect_format
from tracking.paper_check.images import MAX_SIDE_PIXELS, STRIP_ROWS, reencode_image, shrink_image


def rewrite_image(content: bytes) -> bytes:
    return reencode_image(content, detect_format(content))


def open_reencoded(content: bytes) -> Image.Image:
    return Image.open(BytesIO(rewrite_image(content)))


def refusal_of(content: bytes) -> CheckRefusal:
    with pytest.raises(PaperRefusedError) as caught:
        rewrite_image(content)
    return caught.value.refusal


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_becomes_a_new_jpeg(kind: str) -> None:
    with open_reencoded(image_bytes(kind)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (60, 40), "RGB")
        assert image.getpixel((30, 20)) == pytest.approx((0, 128, 128), abs=4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_an_image_of_any_mode_keeps_its_look(mode: str) -> None:
    buffer = BytesIO()
    Image.new("RGB", (60, 40), "white").convert(mode).save(buffer, "JPEG" if mode == "CMYK" else "PNG")

    with open_reencoded(buffer.getvalue()) as image:
        assert image.getpixel((30, 20)) == pytest.approx((255, 255, 255), abs=2)


def test_metadata_is_removed_and_the_image_rotated_upright() -> None:
    uploaded = image_with_metadata()

    stored = rewrite_image(uploaded)

    assert b"Fictional Camera" in uploaded and b"taken at home" in uploaded
    assert b"Fictional Camera" not in stored and b"taken at home" not in stored
    with Image.open(BytesIO(stored)) as image:
        assert len(image.getexif()) == 0
        assert image.size == (40, 60), "rotated upright"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_large_photo_is_turned_as_the_camera_was_held(orientation: int) -> None:
    photo = Image.new("RGB", (5000, 2500), "white")
    photo.paste("teal", (0, 0, 1250, 1250))
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    photo.save(buffer, "JPEG", exif=exif)
    corner = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]

    with open_reencoded(buffer.getvalue()) as image:
        assert image.size == ((2500, 1250) if orientation < 5 else (1250, 2500))
        x, y = (20 if at == 0 else side - 20 for at, side in zip(corner, image.size, strict=True))
        assert image.getpixel((x, y)) == pytest.approx((0, 128, 128), abs=3)


def test_data_after_an_image_is_removed() -> None:
    assert b"PK\x03\x04" not in rewrite_image(image_bytes() + b"PK\x03\x04 a second file")


def test_transparency_becomes_white() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(buffer, "PNG")

    with open_reencoded(buffer.getvalue()) as image:
        assert image.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("size", "stored"),
    [((4032, 100), (4032, 100)), ((MAX_SIDE_PIXELS + 1, 100), (2049, 50)), ((100, 16000), (25, 4000))],
)
def test_a_large_image_is_divided_by_a_whole_number(kind: str, size: tuple[int, int], stored: tuple[int, int]) -> None:
    with open_reencoded(image_bytes(kind, size=size)) as image:
        assert image.size == pytest.approx(stored, abs=1)


def test_strips_leave_no_seams() -> None:
    gradient = Image.linear_gradient("L").resize((300, 3 * STRIP_ROWS + 7))
    buffer = BytesIO()
    gradient.save(buffer, "PNG")

    with open_reencoded(buffer.getvalue()) as image:
        rows = [image.getpixel((150, y))[0] for y in range(image.height)]  # type: ignore[index]
    assert all(abs(below - above) <= 4 for above, below in itertools.pairwise(rows))
    assert (rows[0], rows[-1]) == pytest.approx((0, 255), abs=4)


@pytest.mark.parametrize("side", [6_000, 50_000])
def test_an_image_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    header = b"IHDR" + side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    start = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big")

    tracemalloc.start()
    assert refusal_of(start + image_bytes("PNG")[33:]) == CheckRefusal.TOO_MANY_PIXELS
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xe0<html><script>", image_bytes(size=(400, 400))[:700], image_bytes("PNG")[:60]],
    ids=["html in a jpeg", "cut jpeg", "cut png"],
)
def test_a_damaged_image_is_refused(content: bytes) -> None:
    assert refusal_of(content) == CheckRefusal.DAMAGED_IMAGE


def shrunk(content: bytes, side_pixels: int = 208) -> Image.Image:
    return Image.open(BytesIO(shrink_image(content, detect_format(content), side_pixels)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(600, 600), (64, 64), (208, 208)])
def test_a_square_image_fills_a_square_webp(kind: str, size: tuple[int, int]) -> None:
    with shrunk(image_bytes(kind, size)) as image:
        assert (image.format, image.size) == ("WEBP", (208, 208))
        assert image.convert("RGB").getpixel((2, 2)) == pytest.approx((0, 128, 128), abs=6)


def test_a_wide_image_is_whole_and_centred_on_a_transparent_ground() -> None:
    with shrunk(image_bytes("PNG", (600, 300))) as image:
        alpha = image.convert("RGBA").getchannel("A")

        assert [alpha.getpixel((104, row)) for row in (2, 104, 205)] == [0, 255, 0]
        assert alpha.getpixel((2, 104)) == 255


def test_a_transparent_logo_stays_transparent() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (96, 96), (0, 0, 0, 0)).save(buffer, "PNG")

    with shrunk(buffer.getvalue()) as image:
        assert image.convert("RGBA").getchannel("A").getpixel((104, 104)) == 0


def test_metadata_of_a_shrunk_image_is_removed_and_the_image_rotated_upright() -> None:
    uploaded = image_with_metadata()
    stored = shrink_image(uploaded, "JPEG", 208)

    assert b"Fictional Camera" not in stored and b"taken at home" not in stored
    with Image.open(BytesIO(stored)) as image:
        assert len(image.getexif()) == 0
        alpha = image.convert("RGBA").getchannel("A")
    assert (alpha.getpixel((104, 2)), alpha.getpixel((2, 104))) == (255, 0), "upright: higher than wide"


def test_only_the_first_picture_of_an_animation_is_kept() -> None:
    buffer = BytesIO()
    frames = [Image.new("RGB", (60, 60), color) for color in ("teal", "red")]
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])

    with shrunk(buffer.getvalue()) as image:
        assert getattr(image, "n_frames", 1) == 1
        assert image.convert("RGB").getpixel((104, 104)) == pytest.approx((0, 128, 128), abs=6)


@pytest.mark.parametrize("size", [(30_000, 1), (1, 30_000)])
def test_a_line_becomes_a_line_or_is_refused(size: tuple[int, int]) -> None:
    try:
        with shrunk(image_bytes("PNG", size)) as image:
            assert image.size == (208, 208)
    except PaperRefusedError as error:
        assert error.refusal == CheckRefusal.DAMAGED_IMAGE
