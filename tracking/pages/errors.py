"""Pages that say why a request was not done: a form that cannot be trusted, too many tries."""

from __future__ import annotations

from math import ceil
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


def refuse_untrusted_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token, most often of a page that was open too long: `CSRF_FAILURE_VIEW`."""
    return render(request, "403_csrf.html", {"back_url": find_form_path(request)}, status=403)


def find_form_path(request: HttpRequest) -> str:
    """Return the path of the page that sent a form; the look-up where it is unknown or of another site."""
    sender = urlsplit(request.headers.get("Referer", ""))
    if sender.netloc != request.get_host() or not sender.path.startswith("/") or sender.path.startswith("//"):
        return reverse("lookup")
    return sender._replace(scheme="", netloc="", fragment="").geturl()


def answer_too_many(request: HttpRequest, wait_seconds: int) -> HttpResponse:
    """Answer 429 to a client that failed too often, with the time after which it may try again."""
    response = render(request, "429.html", {"wait_minutes": ceil(wait_seconds / 60)}, status=429)
    response["Retry-After"] = str(wait_seconds)
    return response
