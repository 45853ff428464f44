"""What makes a browser treat the site as an app: the service worker and the manifest."""

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
    """Serve the script that shows pushes; the same bytes to everybody, so that browsers see when it changed."""
    context = {"icon": static("img/mark-192.png")}
    return render(request, "service_worker/service_worker.js", context, content_type="text/javascript")


@cache_control(max_age=3600)
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Name the site as a home screen does; iPhones take pushes only from sites that were put there."""
    told = {
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
    return JsonResponse(told, content_type="application/manifest+json")
