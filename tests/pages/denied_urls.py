"""The site's routes and one that is denied to everybody."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tracking.urls import handler500
from tracking.urls import urlpatterns as site_patterns

__all__ = ["handler500", "urlpatterns"]


def deny(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


urlpatterns = [path("denied/", deny), *site_patterns]
