"""The service worker, at the top of the site so that its scope is all of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@cache_control(no_cache=True)
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Serve the script that shows pushes; the same bytes to everybody, so that browsers see when it changed."""
    context = {"icon": static("img/mark-192.png")}
    return render(request, "worker/worker.js", context, content_type="text/javascript")
