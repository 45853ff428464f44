"""The routes of the site and an empty view: what a page costs beyond the server, the middleware and the routing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tracking import urls

EMPTY_PATH = "/bench/empty/"
handler500 = urls.handler500


def empty(_request: HttpRequest) -> HttpResponse:
    """Answer with no content."""
    return HttpResponse()


urlpatterns = [path(EMPTY_PATH.removeprefix("/"), empty), *urls.urlpatterns]
