"""Keep uploads in memory, up to their limits, so that no unencrypted copy is written to disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from tracking.buyer_tasks.papers import MAX_FILES
from tracking.paper_check.formats import MAX_FILE_BYTES

MAX_TOTAL_BYTES: Final = (MAX_FILES + 3) * MAX_FILE_BYTES


class BoundedMemoryUploadHandler(FileUploadHandler):
    """Keep the files in memory: at most one more than allowed, and of a file that is too large only the size.

    That is enough for the form to report the error. A request above `MAX_TOTAL_BYTES` is cut off.
    """

    file_count = 0
    total_bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file_count += 1
        if self.file_count > MAX_FILES + 1:
            raise SkipFile
        self.buffer = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.total_bytes += len(raw_data)
        if self.total_bytes > MAX_TOTAL_BYTES:
            raise StopUpload(connection_reset=True)
        if start + len(raw_data) <= MAX_FILE_BYTES:
            self.buffer += raw_data
        else:
            self.buffer = bytearray()

    def file_complete(self, file_size: int) -> UploadedFile:
        content = BytesIO(bytes(self.buffer))
        return InMemoryUploadedFile(
            content, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )


def keep_uploads_in_memory(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Use `BoundedMemoryUploadHandler` for a view's uploads."""
    # The CSRF check reads the request body, after which handlers cannot be set; so it runs inside, not before.
    checked = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [BoundedMemoryUploadHandler(request)]
        return checked(request, *args, **kwargs)

    return wrapper
