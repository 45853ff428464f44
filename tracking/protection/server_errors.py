"""What a failed request is answered: 503 with `Retry-After` while the database cannot be reached, otherwise 500."""

from __future__ import annotations

import sqlite3
import sys
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from tracking.protection.standalone_pages import find_visitor, render_standalone_page

RETRY_AFTER_SECONDS: Final = 10
WEBHOOK_PREFIX: Final = "/hooks/"
HOOK_NOT_STORED: Final = "not stored: database unavailable\n"


def answer_server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed with the exception being handled: `handler500` of the URL routes."""
    if not is_database_unavailable(sys.exception()):
        return answer_with_page(request, "500.html", 500)
    if request.path_info.startswith(WEBHOOK_PREFIX):
        response = HttpResponse(HOOK_NOT_STORED, content_type="text/plain", status=503)
    else:
        response = answer_with_page(request, "503.html", 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def answer_with_page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Answer with a standalone page: the session, and with it the request's user, may be what failed."""
    visitor = find_visitor(request.headers.get("Accept-Language", ""), request.COOKIES)
    return HttpResponse(
        render_standalone_page(template, visitor), status=status, headers={"Content-Language": visitor.language}
    )


def is_database_unavailable(error: BaseException | None) -> bool:
    """Return whether an error, or one that it was raised from, says that the database cannot do its work now."""
    while error is not None:
        if isinstance(error, InterfaceError | OperationalError):
            # SQLite reports mistakes in a statement, such as a missing table, as operational errors too.
            return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
        error = error.__cause__
    return False
