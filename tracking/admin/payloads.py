"""Stored raw messages of carriers in the admin: read-only, downloadable, and parsed again on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.base import ReadOnlyAdminMixin
from tracking.ingest.replay import replay_payloads
from tracking.models import Carrier, Payload, PayloadNumber
from tracking.models.fields import number_key

if TYPE_CHECKING:
    PayloadModelAdmin = admin.ModelAdmin[Payload]
else:
    PayloadModelAdmin = admin.ModelAdmin

MAX_BODY_CHARACTERS: Final = 200_000
MAX_NUMBERS_LISTED: Final = 3


class FeedFilter(admin.SimpleListFilter):
    """Filter messages by feed. Carriers without an adapter are left out: they have no messages."""

    title = _("feed")
    parameter_name = "feed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        feeds = Carrier.objects.exclude(adapter="").values_list("slug", "name")
        return [(slug, name) for slug, name in feeds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        slug = self.value()
        return queryset.filter(carrier__slug=slug) if slug else queryset


@admin.register(Payload)
class PayloadAdmin(ReadOnlyAdminMixin, PayloadModelAdmin):
    """List stored messages, newest first."""

    list_display = (
        "received_at",
        "carrier",
        "received_via",
        "status",
        "attempts",
        "next_attempt_at",
        "times_received",
        "number_list",
        "short_error",
    )
    list_filter = ("status", "received_via", FeedFilter)
    search_fields = ("numbers__number_key",)
    search_help_text = _("A tracking number, in any spelling")
    show_full_result_count = False
    actions = ("replay_selected",)
    fields = readonly_fields = (
        "carrier",
        "received_via",
        "status",
        "error",
        "attempts",
        "next_attempt_at",
        "received_at",
        "last_received_at",
        "times_received",
        "parsed_at",
        "mapping_version",
        "number_list",
        "content_hash",
        "download_link",
        "formatted_body",
    )

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payload]:
        rows = super().get_queryset(request).select_related("carrier").prefetch_related("numbers")
        return rows.defer("body", "carrier__credentials")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payload], search_term: str
    ) -> tuple[QuerySet[Payload], bool]:
        if not search_term:
            return queryset, False
        matching = PayloadNumber.objects.filter(number_key=number_key(search_term))
        return queryset.filter(pk__in=matching.values("payload")), False

    def has_view_permission(self, request: HttpRequest, obj: Payload | None = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_replay_permission(request)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may replay messages."""
        return bool(request.user.has_perm("tracking.change_payload"))

    def get_urls(self) -> list[URLPattern]:
        raw = path("<int:pk>/raw/", self.admin_site.admin_view(self.download_raw), name="tracking_payload_raw")
        return [raw, *super().get_urls()]

    def download_raw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the stored bytes as a download, with a type that no browser renders."""
        payload = get_object_or_404(Payload, pk=pk)
        if not self.has_view_permission(request, payload):
            raise PermissionDenied
        headers = {
            "Content-Disposition": f'attachment; filename="payload-{pk}.bin"',
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(bytes(payload.body), content_type="application/octet-stream", headers=headers)

    @admin.display(description=_("numbers"))
    def number_list(self, payload: Payload) -> str:
        """Return the first tracking numbers in a message, and how many more there are."""
        keys = [number.number_key for number in payload.numbers.all()]
        hidden = len(keys) - MAX_NUMBERS_LISTED
        more = ngettext(" and %(count)d more", " and %(count)d more", hidden) % {"count": hidden} if hidden > 0 else ""
        return ", ".join(keys[:MAX_NUMBERS_LISTED]) + more

    @admin.display(description=_("error"))
    def short_error(self, payload: Payload) -> str:
        """Return why a message could not be used, truncated to 60 characters."""
        return Truncator(payload.error).chars(60)

    @admin.display(description=_("as it came"))
    def download_link(self, payload: Payload) -> SafeString:
        """Return a download link for the raw bytes."""
        url = reverse("admin:tracking_payload_raw", args=[payload.pk])
        return format_html('<a href="{}" download>{}</a>', url, gettext("Download"))

    @admin.display(description=_("body"))
    def formatted_body(self, payload: Payload) -> SafeString:
        """Return the body as escaped, formatted text, cut at `MAX_BODY_CHARACTERS`."""
        text = format_body(bytes(payload.body))
        cut = gettext("… cut here; the download has all of it.") if len(text) > MAX_BODY_CHARACTERS else ""
        return format_html('<pre class="raw-body" tabindex="0">{}</pre>{}', text[:MAX_BODY_CHARACTERS], cut)

    @admin.action(description=_("Replay: read again with today's tables"), permissions=["replay"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[Payload]) -> None:
        """Parse the selected messages again."""
        replay_and_report(self, request, queryset.values_list("pk", flat=True))


def replay_and_report(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, payload_ids: QuerySet[Payload, int]
) -> None:
    """Parse stored messages again and show the counts.

    The ids are loaded first: parsing changes the status, by which the operator may have filtered the list.
    """
    parsed, new_events, failed = replay_payloads(Payload.objects.filter(pk__in=list(payload_ids)))
    counts = {"read": parsed, "fresh": new_events, "failed": failed}
    text = gettext("Messages read again: %(read)d. New events: %(fresh)d. Not readable: %(failed)d.")
    model_admin.message_user(request, text % counts)


def format_body(body: bytes) -> str:
    """Return JSON indented, anything else as text. What is not valid UTF-8 is replaced."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()
