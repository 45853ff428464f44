"""Receive uploads: what needs only the first bytes is decided at once, the rest by `paper_checks` after the request.

The type is detected from the bytes; file names and declared types prove nothing.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tracking.models.texts import PaperKind
from tracking.paper_check.formats import MAX_FILE_BYTES, detect_format

MAX_FILES: Final = 5
PDF_MEDIA_TYPE: Final = "application/pdf"
JPEG_MEDIA_TYPE: Final = "image/jpeg"


class InvalidPaperError(Exception):
    """The file cannot be accepted; the message tells the buyer why, in the active language."""


class ReceivedPaper(NamedTuple):
    """An upload before its check. Name and media type are those that it has after the check."""

    kind: PaperKind
    name: str
    media_type: str
    content: bytes


def receive_paper(kind: PaperKind, name: str, content: bytes) -> ReceivedPaper:
    """Return an upload that is worth a check; raise `InvalidPaperError` by its size and first bytes."""
    if not content:
        raise InvalidPaperError(_("This file is empty."))
    if len(content) > MAX_FILE_BYTES:
        raise InvalidPaperError(file_too_large_message())
    file_format = detect_format(content)
    if file_format == "HEIF":
        raise InvalidPaperError(
            _("HEIC photos cannot be read here. Take the photo as JPEG, or send a screenshot of it.")
        )
    if not file_format:
        raise InvalidPaperError(_("This is neither a photo (JPEG, PNG, WebP) nor a PDF."))
    if file_format == "PDF":
        return ReceivedPaper(kind, display_name(name, ".pdf"), PDF_MEDIA_TYPE, content)
    return ReceivedPaper(kind, display_name(name, ".jpg"), JPEG_MEDIA_TYPE, content)


def hash_content(content: bytes) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


def file_too_large_message() -> str:
    """Return the message for a file above the size limit."""
    return _("This file is larger than 10 MB. A photo taken with less detail, or fewer pages, will do.")


def too_many_files_message() -> str:
    """Return the message for an upload of too many files."""
    return _("At most 5 files can be sent at once.")


def display_name(name: str, suffix: str) -> str:
    """Return a file name that is safe to display: no folders, printable, with the suffix of the stored format."""
    stem = PurePath(name.replace("\\", "/")).stem
    clean = re.sub(r"[^\w .()-]+", "", stem).strip(" .") or "paper"
    return clean[: 120 - len(suffix)] + suffix
