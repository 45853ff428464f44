"""The service worker for push notices, its page for readers without network, and the web app manifest."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@cache_control(no_cache=True)
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the script that shows push notices, and without network what a page last said.

    It is the same for every reader: browsers compare it byte by byte and install a new version at any difference.
    """
    context = {"icon": static("img/mark-192.png"), "offline": reverse("offline"), "static": settings.STATIC_URL}
    return render(request, "service_worker/service_worker.js", context, content_type="text/javascript")


@cache_control(private=True, no_cache=True)
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that the service worker shows without network; it says nothing of any parcel."""
    return render(request, "service_worker/offline.html")


@cache_control(max_age=3600)
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Return the web app manifest; iOS allows push only for sites on the home screen, which need one."""
    content = {
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "start_url": reverse("lookup"),
        "scope": reverse("lookup"),
        "display": "standalone",
        "background_color": "#f6f4ee",
        "theme_color": "#0f5c63",
        "icons": [
            {"src": static("img/mark-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }
    return JsonResponse(content, content_type="application/manifest+json")
