"""The page of one parcel: status, progress, route and timeline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracking.pages.freshness import build_freshness, freshness_line
from tracking.pages.page_cache import CachedPage, access_level, answer_with_page, cached_page, page_key, render_parts
from tracking.pages.page_heads import find_parcel
from tracking.pages.page_rows import load_parcel
from tracking.pages.parcel_view import build_parcel_view
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader
from tracking.pages.shared import share_url
from tracking.pages.shop_help import shop_facts


@require_safe
@private_page
def shipment(request: HttpRequest, token: str) -> HttpResponse:
    """Show a parcel; an htmx request gets only the part that updates live."""
    # Taken before the rows are read: the live stream resends what was published since then.
    buyer, rendered_at_ms, now = cast(BuyerRequest, request), int(time.time() * 1000), timezone.now()
    head = find_parcel(token)
    if head is None:
        raise Http404
    reader = activate_reader(buyer, head.language, head.country, head.shop_language)
    freshness = build_freshness(head.legs, head.is_untracked, now)

    def render_page(gaps: Mapping[str, str]) -> CachedPage:
        found = load_parcel(head.pk, now)
        if found is None:
            raise Http404
        parcel = build_parcel_view(found, freshness, reader, now)
        context = {
            "order": found.order,
            "parcel": parcel,
            "reader": reader,
            "now": now,
            "shop": shop_facts(found.order.shop, reader),
            "share_url": share_url(found),
            "live_token": found.token,
            **gaps,
        }
        template = "shipment/_parcel.html" if buyer.htmx else "shipment/page.html"
        return CachedPage(render_parts(request, template, context), {"shows_checks": parcel.shows_checks})

    failing = freshness.failing_feed.name if freshness.failing_feed else ""
    key = page_key(request, (*head.content, failing), access_level(request, head.order_id, head.order_token), now)
    page = cached_page(request, key, render_page)
    line = freshness_line(freshness, page.facts["shows_checks"], request.get_full_path(), reader, now)
    return answer_with_page(request, page, {"rendered_at_ms": str(rendered_at_ms), "freshness_line": line})
