"""What a failed request is answered: 503 with `Retry-After` while the database cannot be reached, otherwise 500."""

from __future__ import annotations

import sqlite3
import sys
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

RETRY_AFTER_SECONDS: Final = 10
WEBHOOK_PREFIX: Final = "/hooks/"
HOOK_NOT_STORED: Final = "not stored: database unavailable\n"


def answer_server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed with the exception being handled: `handler500` of the URL routes."""
    if not is_database_unavailable(sys.exception()):
        return server_error(request)
    if request.path_info.startswith(WEBHOOK_PREFIX):
        response = HttpResponse(HOOK_NOT_STORED, content_type="text/plain")
    else:
        response = server_error(request)
    response.status_code = 503
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def is_database_unavailable(error: BaseException | None) -> bool:
    """Return whether an error, or one that it was raised from, says that the database cannot do its work now."""
    while error is not None:
        if isinstance(error, InterfaceError | OperationalError):
            # SQLite reports mistakes in a statement, such as a missing table, as operational errors too.
            return getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
        error = error.__cause__
    return False
