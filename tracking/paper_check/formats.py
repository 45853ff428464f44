"""Formats of uploads by their first bytes, and why a file can be refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MAX_FILE_BYTES: Final = 10 * 1024 * 1024
SIGNATURES: Final = {b"%PDF-": "PDF", b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
HEIF_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")


class CheckRefusal(StrEnum):
    """Why a file was refused by its check. `models.texts.PaperRefusal` has the sentence for each."""

    TOO_MANY_PIXELS = "too_many_pixels"
    DAMAGED_IMAGE = "damaged_image"
    DAMAGED_PDF = "damaged_pdf"
    LOCKED_PDF = "locked_pdf"
    UNCHECKABLE_PDF = "uncheckable_pdf"


class PaperRefusedError(Exception):
    """The file cannot be accepted."""

    def __init__(self, refusal: CheckRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def detect_format(content: bytes) -> str:
    """Return PDF, JPEG, PNG, WEBP or HEIF by the first bytes; "" for anything else."""
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return "HEIF"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((name for start, name in SIGNATURES.items() if content.startswith(start)), "")
