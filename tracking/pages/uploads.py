"""Files on their way in: held in memory, as far as they may be large, so that no plain copy touches the disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from tracking.buyer_tasks.papers import MOST_BYTES, MOST_FILES

MOST_TOGETHER: Final = (MOST_FILES + 3) * MOST_BYTES


class Hold(FileUploadHandler):
    """Holds one file more than may be sent, and of one that is too large only its size, so that the form can tell."""

    files = 0
    total = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1
        if self.files > MOST_FILES + 1:
            raise SkipFile
        self.held = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.total += len(raw_data)
        if self.total > MOST_TOGETHER:
            raise StopUpload(connection_reset=True)
        if start + len(raw_data) <= MOST_BYTES:
            self.held += raw_data
        else:
            self.held = bytearray()

    def file_complete(self, file_size: int) -> UploadedFile:
        content = BytesIO(bytes(self.held))
        return InMemoryUploadedFile(
            content, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )


def takes_files(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Have a view's uploads held by `Hold`. The check against forged forms reads the upload, so it comes after."""
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def taking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [Hold(request)]
        return checked(request, *args, **kwargs)

    return taking
