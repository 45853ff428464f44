"""The list of the demo's orders: each state of a page is two taps away. It exists in a demo only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracking.demo.listing import list_demo_orders


@require_safe
def demo_orders(request: HttpRequest) -> HttpResponse:
    """List the demo's orders with what each shows, those that move first."""
    if not settings.DEMO:
        raise Http404
    rows = list_demo_orders()
    moving, held = ([row for row in rows if bool(row.state) is is_held] for is_held in (False, True))
    return render(request, "lookup/demo.html", {"moving": moving, "held": held})
